/**
 * Restores a data folder from an export: verified first, built beside its place, verified again as it stands, and named last.
 * So a folder with the name is whole, and equals what was signed. It never overwrites anything.
 */
import { cp, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import {
  bundlePath,
  EXPORT_FILES,
  formatVerifierKey,
  parseVerifierKey,
  requireBundle,
  TILE_WIDTH,
  type ExportManifest,
  type Finding,
  type LogFiles,
  type RootSigner,
  type VerificationReport,
} from '../../../core/ledger/index.ts';
import { must } from '../../../core/errors/index.ts';
import { anchorPlace, writeIncarnations } from '../log/incarnations.ts';
import { ANCHOR_FOLDER, LOG_FOLDER } from '../log/open-log.ts';
import { createAnchorFolder } from '../log/anchor-folder.ts';
import { createLogFolder } from '../log/log-folder.ts';
import { openRootKey } from '../keys/root-key.ts';
import { writeRestoredWithout } from '../store/restored-without.ts';
import { openForWriting } from '../store/sqlite-schema.ts';
import { SqliteStore } from '../store/sqlite-store.ts';
import { verifyDataDir, verifyFieldsIn } from '../audit/verify-data-dir.ts';
import { syncPath, toDisk } from '../machine/durable-files.ts';
import { syncTree } from './copy-log.ts';
import { ExportError } from './export-error.ts';
import { beginIncarnation, lossOf, type Loss } from './incarnate.ts';
import { openExport } from './open-export.ts';
import { restoreEntries, restoreSensitive } from './restore-entries.ts';
import { verifyExport } from './verify-export.ts';

const PRIVATE_KEY = 'root.key';
const FIELD_KEY = 'field.key';

export interface RestoreOptions {
  readonly from: string;
  /** a folder that does not exist yet */
  readonly dataDir: string;
  /** the root key in a file (PEM). Without it the folder can be read, verified and exported, but nothing can be recorded */
  readonly rootKeyFile?: string;
  /** the key that wraps the data keys of confidential fields (`field.key`), for an export that has those */
  readonly fieldKeyFile?: string;
  /** C2SP verifier keys from a source other than the export; needed when there is no root key */
  readonly verifierKeys?: readonly string[];
  /** anchors kept elsewhere, against which a loss shows */
  readonly anchorsDir?: string;
  /** Goes on although entries are lost, as a new incarnation of the log. Needs the root key. */
  readonly acceptLoss?: boolean;
  readonly onProgress?: (far: RestoreProgress) => void;
}

/** What is done now: one after the other, and how many entries are there already. */
type RestoreProgress =
  | { readonly stage: 'verifying the export' | 'verifying the folder' }
  | { readonly stage: 'restoring'; readonly entries: number; readonly of: number };

export interface Restored {
  readonly report: VerificationReport;
  readonly entries: number;
  readonly canRecord: boolean;
  /** 1: the log goes on as it was */
  readonly incarnation: number;
  readonly loss?: Loss;
}

/** @throws ExportError, LedgerError KEY_FILE_INVALID: nothing stands at `dataDir` then */
export async function restoreExport(options: RestoreOptions): Promise<Restored> {
  const target = resolve(options.dataDir);
  if (existsSync(target))
    throw new ExportError({ code: 'EXPORT_TARGET_EXISTS', message: `"${target}" exists: name a folder that does not` });
  const manifest = await openExport(options.from);
  await requireFieldKey(options, manifest);
  const partial = `${target}.partial-${process.pid}`;
  await mkdir(dirname(target), { recursive: true });
  await mkdir(partial, { mode: 0o700 });
  try {
    const rootSigner = await bringRootKey(options, manifest, partial);
    options.onProgress?.({ stage: 'verifying the export' });
    const loss = await verifySource(options, manifest, rootSigner);
    await build(options, manifest, partial);
    // Only now the ledger can say whether it was handed over to a later key: that one is needed to go on.
    if (rootSigner !== undefined) openRootKey(partial, manifest.origin);
    const incarnations = loss === undefined ? manifest.incarnations : [...manifest.incarnations, manifest.size];
    if (loss !== undefined && rootSigner !== undefined)
      await beginIncarnation({ dataDir: partial, manifest, rootSigner, loss, incarnations });
    options.onProgress?.({ stage: 'verifying the folder' });
    // The signatures of these very bytes were checked in the export.
    const report = await verifyDataDir(partial, { signatures: false });
    if (report.verdict !== 'OK') throw refused(report.firstBad);
    const field = manifest.withSensitive ? await verifyFieldsIn(partial) : undefined;
    if (field !== undefined) throw refused(field);
    await syncTree(partial);
    // Dying before this leaves a folder with another name, on which no engine was ever started.
    await rename(partial, target);
    await syncPath(dirname(target));
    const result = {
      report,
      entries: report.entries,
      canRecord: rootSigner !== undefined,
      incarnation: incarnations.length + 1,
    };
    return loss === undefined ? result : { ...result, loss };
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

/** Without it the folder could not be started: said before anything is made. */
async function requireFieldKey({ from, fieldKeyFile }: RestoreOptions, manifest: ExportManifest): Promise<void> {
  if (!manifest.withSensitive || fieldKeyFile !== undefined) return;
  const { size } = await stat(join(from, EXPORT_FILES.sensitive));
  if (size === 0) return;
  throw new ExportError({
    code: 'RESTORE_REFUSED',
    message: 'the export has confidential fields: give the field.key that sealed them (--field-key)',
  });
}

/** The key pair is checked against the export before anything else. */
async function bringRootKey(
  { rootKeyFile, acceptLoss }: RestoreOptions,
  { origin }: ExportManifest,
  partial: string,
): Promise<RootSigner | undefined> {
  if (rootKeyFile === undefined) {
    if (acceptLoss === true)
      throw new ExportError({
        code: 'RESTORE_REFUSED',
        message: 'the root key must sign a new incarnation: give it with --root-key',
      });
    return undefined;
  }
  await bringSecret(rootKeyFile, join(partial, PRIVATE_KEY));
  return openRootKey(partial, origin);
}

async function bringSecret(from: string, to: string): Promise<void> {
  const bytes = await readFile(from).catch((cause: unknown) => {
    throw new ExportError({ code: 'RESTORE_REFUSED', message: `the key file "${from}" cannot be read`, cause });
  });
  const file = await open(to, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await toDisk(file);
  } finally {
    await file.close();
  }
}

/** @returns what is lost, if that is accepted. @throws ExportError RESTORE_REFUSED */
async function verifySource(
  options: RestoreOptions,
  manifest: ExportManifest,
  rootSigner: RootSigner | undefined,
): Promise<Loss | undefined> {
  const { from, anchorsDir, acceptLoss } = options;
  const own = rootSigner === undefined ? [] : [formatVerifierKey(rootSigner.name, rootSigner.publicKey)];
  const verifierKeys = [...own, ...(options.verifierKeys ?? [])];
  if (verifierKeys.length === 0)
    throw new ExportError({
      code: 'RESTORE_REFUSED',
      message: 'name a key that you trust with --root-key or --vkey, because the export cannot vouch for itself',
    });
  const anchors = anchorsDir === undefined ? {} : { anchorsDir };
  const upTo = acceptLoss === true ? { anchorsUpTo: manifest.size } : {};
  const report = await verifyExport(from, { verifierKeys, ...anchors, ...upTo });
  if (report.verdict !== 'OK') throw refused(report.firstBad, acceptLoss !== true);
  if (acceptLoss !== true) return undefined;
  const place = anchorPlace(anchorsDir ?? join(from, EXPORT_FILES.anchors), manifest.incarnations);
  return lossOf(createAnchorFolder(place), manifest, verifierKeys);
}

async function build(options: RestoreOptions, manifest: ExportManifest, partial: string): Promise<void> {
  const { from, fieldKeyFile, verifierKeys = [], onProgress } = options;
  if (fieldKeyFile !== undefined) await bringSecret(fieldKeyFile, join(partial, FIELD_KEY));
  const db = openForWriting(partial, manifest);
  const store = new SqliteStore(db);
  try {
    // Nothing of this counts before all of it is there: it is made durable once, at the end.
    db.exec('PRAGMA synchronous = OFF');
    const of = manifest.size;
    await restoreEntries(store, from, manifest, (entries) => onProgress?.({ stage: 'restoring', entries, of }));
    if (manifest.incarnations.length > 0) writeIncarnations(db, manifest.incarnations);
    if (manifest.withSensitive) await restoreSensitive(store, from, manifest.ledger);
    else writeRestoredWithout(db, manifest.size);
    db.exec('PRAGMA synchronous = FULL');
  } finally {
    store.close();
  }
  await syncPath(join(partial, 'ledger.db'));
  await cp(join(from, EXPORT_FILES.log), join(partial, LOG_FOLDER), { recursive: true });
  await packBundles(createLogFolder(join(partial, LOG_FOLDER)), manifest.size);
  await cp(join(from, EXPORT_FILES.anchors), join(partial, ANCHOR_FOLDER), { recursive: true });
  const key = verifierKeys.map((one) => parseVerifierKey(one)).find((one) => one?.name === manifest.origin);
  const vkey = join(partial, EXPORT_FILES.rootKey);
  if (!existsSync(vkey) && key !== undefined) await writeText(vkey, `${formatVerifierKey(key.name, key.publicKey)}\n`);
}

/** An export has bundles as the log serves them, a data folder those that are full packed: written again, they are. */
async function packBundles(files: LogFiles, size: number): Promise<void> {
  for (let index = 0; (index + 1) * TILE_WIDTH <= size; index += 1)
    await files.write(bundlePath(index), await requireBundle(files.read, index, TILE_WIDTH));
}

async function writeText(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx');
  await file.writeFile(text);
  await file.close();
}

function refused(finding: Finding | undefined, mayAccept = false): ExportError {
  const { verdict, entity, seq, position, path, detail } = must(finding, 'what is wrong with a restored ledger');
  const at = [
    `"${entity}" #${seq}`,
    ...(position === undefined ? [] : [`log index ${position}`]),
    ...(path === undefined ? [] : [path]),
  ];
  const isLoss = mayAccept && (verdict === 'ROLLED_BACK' || verdict === 'MISSING_ENTRY');
  const hint = isLoss ? '. If those entries are lost for good, restore with --accept-loss' : '';
  return new ExportError({
    code: 'RESTORE_REFUSED',
    message: `${verdict} at ${at.join(', ')}: ${detail}: nothing was restored${hint}`,
  });
}

/**
 * Verifies an export offline, with nothing but its folder and the keys one trusts: every entry out of the bundles on both
 * cores, then the checkpoint, the anchors, and what the auditor remembers. No database is opened, and memory does not grow
 * with the log.
 */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ROOT_SIGNED_TYPES, STEP_TYPES } from '../../../core/changes/index.ts';
import {
  FILES,
  nothingChecked,
  OUTSIDE_EXPORT,
  ed25519Key,
  EXPORT_FILES,
  keyEntriesIn,
  ROOT_CHAIN,
  rootHistory,
  logFinding,
  logOrigin,
  openCheckpoint,
  parseLogKey,
  parseVerifierKey,
  readEntries,
  TILE_WIDTH,
  verifyWindow,
  type AnchorStore,
  type Checkpoint,
  type ExportManifest,
  type Finding,
  type OpenedCheckpoint,
  type NoteKey,
  type ReadLogFile,
  type Segment,
  type TrustedRoot,
  type VerificationReport,
  type Window,
} from '../../../core/ledger/index.ts';
import { defined } from '../../../core/values/index.ts';
import { createAnchorFolder } from '../log/anchor-folder.ts';
import { anchorPlace } from '../log/incarnations.ts';
import { ExportError } from './export-error.ts';
import { verifyExportSegment, type ExportSegmentJob } from './export-segment.ts';
import { firstChangedBeside, openExport } from './open-export.ts';
import { folderReader } from './read-file.ts';
import { replayExport } from './replay-export.ts';
import { threadsFor } from '../machine/give-way.ts';
import { systemClock } from '../machine/system-clock.ts';

/** What is read is garbage a moment later: a small nursery keeps it from piling up, at a few percent of the time. */
const THREAD = { resourceLimits: { maxYoungGenerationSizeMb: 8 } };

export interface VerifyExportOptions {
  /** C2SP verifier keys from a source other than the export: the root key, and witnesses where they are trusted */
  readonly verifierKeys: readonly string[];
  /** default true; false checks bytes, hashes, links and the tree only */
  readonly signatures?: boolean;
  /** anchors kept elsewhere; default: those in the export */
  readonly anchorsDir?: string;
  /** anchors of larger sizes are not looked at: for whoever knows that entries were lost */
  readonly anchorsUpTo?: number;
  /** a checkpoint that the auditor kept */
  readonly remembered?: Uint8Array;
}

/** @throws ExportError EXPORT_INVALID */
export async function verifyExport(folder: string, options: VerifyExportOptions): Promise<VerificationReport> {
  const manifest = await openExport(folder);
  const { incarnations } = manifest;
  const { root, witnesses } = readKeys(options.verifierKeys, manifest.origin);
  const read = folderReader(join(folder, EXPORT_FILES.log));
  const anchors = anchorPlace(options.anchorsDir ?? join(folder, EXPORT_FILES.anchors), incarnations);
  const origin = logOrigin(root.name, incarnations);
  const signatures = options.signatures ?? true;
  let opened = await openSigned(read, [ed25519Key(origin, root.publicKey)], origin);
  if ('verdict' in opened && opened.verdict === 'KEY_UNKNOWN') {
    // The key that is trusted may be one before or after that of the checkpoint.
    const claimed = await keyEntriesIn({ read, size: manifest.size }, { stopAtGap: true });
    opened = await openSigned(read, rootHistory(root, claimed.get(ROOT_CHAIN) ?? []).logKeys(origin), origin);
  }
  if ('verdict' in opened) return untrusted(opened);
  const { size } = opened.checkpoint;
  const keyEntries = await keyEntriesIn({ read, size });
  const rootKeys = rootHistory(root, keyEntries.get(ROOT_CHAIN) ?? []).logKeys(origin);
  const report = await verifyWindow({
    ...{ scope: { mode: 'full' }, origin, genesis: root.name, rootKeys, signatures, read, now: systemClock.now() },
    witnessKeys: witnesses,
    anchors: upTo(createAnchorFolder(anchors), options.anchorsUpTo),
    ...defined({ remembered: options.remembered }),
    entries: {
      read: async () => [],
      readLog: (from, limit) => readEntries({ read, size }, from, limit),
    },
    size: async () => size,
    segments: (window) =>
      verifySegments({ folder, root, signatures, ledger: manifest.ledger, window, size, keyEntries }),
    replay: (index) => replayExport({ folder, ledger: manifest.ledger, size, index }),
  });
  const said = saidOtherwise(manifest, opened.checkpoint, root.name);
  return withRest(report, said ?? (await firstChangedBeside(folder, manifest)), manifest);
}

/** @throws ExportError EXPORT_INVALID */
function readKeys(vkeys: readonly string[], origin: string): { root: TrustedRoot; witnesses: NoteKey[] } {
  let root: TrustedRoot | undefined;
  const witnesses: NoteKey[] = [];
  for (const vkey of vkeys) {
    const key = parseVerifierKey(vkey);
    if (key !== undefined) root = root === undefined || key.name === origin ? key : root;
    const other = key === undefined ? parseLogKey(vkey) : undefined;
    if (other !== undefined && 'malformed' in other)
      throw new ExportError({
        code: 'EXPORT_INVALID',
        message: `verifier key "${vkey.slice(0, 200)}": ${other.malformed}`,
      });
    if (other !== undefined) witnesses.push(other);
  }
  if (root !== undefined) return { root, witnesses };
  throw new ExportError({
    code: 'EXPORT_INVALID',
    message: 'there is no root key: name the verifier key that you trust',
  });
}

function upTo(anchors: AnchorStore, largest = Infinity): Pick<AnchorStore, 'read' | 'sizes'> {
  return { ...anchors, sizes: async (...page) => (await anchors.sizes(...page)).filter((size) => size <= largest) };
}

/** Without a checkpoint that can be trusted there is nothing to hold the entries against. */
async function openSigned(
  read: ReadLogFile,
  keys: readonly NoteKey[],
  origin: string,
): Promise<OpenedCheckpoint | Finding> {
  const place = { path: 'checkpoint' };
  const note = await read(place.path);
  if (note === undefined) return logFinding('UNREADABLE', 'there is no checkpoint', place);
  const opened = openCheckpoint(note, keys, origin);
  return opened.kind === 'opened' ? opened : logFinding(opened.verdict, `the checkpoint: ${opened.reason}`, place);
}

function untrusted(firstBad: Finding): VerificationReport {
  return { ...nothingChecked(firstBad, OUTSIDE_EXPORT.unsigned), against: [] };
}

async function verifySegments(export_: {
  readonly folder: string;
  readonly ledger: string;
  readonly root: TrustedRoot;
  readonly signatures: boolean;
  readonly keyEntries: ExportSegmentJob['keyEntries'];
  readonly window: Window;
  readonly size: number;
}): Promise<Segment[]> {
  const { folder, ledger, root, signatures, window, size, keyEntries } = export_;
  const { from, to, sizes, replay } = window;
  const whole: ExportSegmentJob = {
    ...{ folder, ledger, root, signatures, keyEntries, size, from, to, sizes, replay },
    rootSigned: [...ROOT_SIGNED_TYPES],
    steps: STEP_TYPES,
  };
  const workers = threadsFor(to - from, { besideEngine: false });
  const share = Math.ceil((to - from) / workers / TILE_WIDTH) * TILE_WIDTH;
  const jobs = Array.from({ length: workers }, (_, i) => ({
    ...whole,
    from: from + i * share,
    to: Math.min(from + (i + 1) * share, to),
  }));
  return Promise.all(jobs.map((job) => (workers === 1 ? verifyExportSegment(job) : verifyOnWorker(job))));
}

function verifyOnWorker(job: ExportSegmentJob): Promise<Segment> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./export-worker.ts', import.meta.url), { ...THREAD, workerData: job });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the verifying thread ended with code ${code}`)));
  });
}

/** Nobody signs export.json: what it says of the log must be what was signed. */
function saidOtherwise(
  { origin, size, root }: ExportManifest,
  signed: Pick<Checkpoint, 'size' | 'root'>,
  trusted: string,
): { readonly path: string; readonly detail: string } | undefined {
  const path = EXPORT_FILES.manifest;
  if (origin !== trusted) return { path, detail: `it says it is of "${origin}", the trusted key is of "${trusted}"` };
  if (size === signed.size && root === Buffer.from(signed.root).toString('base64')) return undefined;
  return { path, detail: `it says size ${size} and root ${root}, which is not what the checkpoint says` };
}

function withRest(
  report: VerificationReport,
  changed: { readonly path: string; readonly detail: string } | undefined,
  { withSensitive }: ExportManifest,
): VerificationReport {
  const { checkpoint: _, ...withoutCheckpoint } = report;
  const notChecked = [
    ...report.notChecked,
    OUTSIDE_EXPORT.documents,
    ...(withSensitive ? [OUTSIDE_EXPORT.fields] : []),
  ];
  if (report.verdict !== 'OK' || changed === undefined)
    return { ...report, checked: [...report.checked, FILES], notChecked };
  const firstBad = logFinding('CONTENT_MISMATCH', changed.detail, { path: changed.path });
  return { ...withoutCheckpoint, verdict: firstBad.verdict, firstBad, notChecked };
}

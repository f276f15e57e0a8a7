/**
 * Begins a new incarnation of the log in a folder that was just restored: says as its first entry what is lost, and publishes
 * under the new origin. The log that ends here is left as it was: its checkpoints and anchors stay true about what was.
 */
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createAppender,
  createLogPublisher,
  ed25519Key,
  incarnationDraft,
  LOG_CHAIN,
  logOrigin,
  logSigner,
  openCheckpoint,
  parseVerifierKey,
  sealRun,
  type AnchorStore,
  type Checkpoint,
  type ExportManifest,
  type RootSigner,
  type Sealer,
} from '../../../core/ledger/index.ts';
import { createAnchorFolder } from '../log/anchor-folder.ts';
import { anchorPlace, writeIncarnations } from '../log/incarnations.ts';
import { createLogFolder } from '../log/log-folder.ts';
import { ANCHOR_FOLDER, LOG_FOLDER } from '../log/open-log.ts';
import { openForWriting } from '../store/sqlite-schema.ts';
import { SqliteStore } from '../store/sqlite-store.ts';
import { systemClock, systemIds } from '../machine/system-clock.ts';
import { ExportError } from './export-error.ts';

/** The largest checkpoint that is known of the log that ends. */
export interface Loss {
  readonly before: Pick<Checkpoint, 'origin' | 'size' | 'root'>;
  readonly noteHash?: string;
  readonly kept: number;
  /** entries that the checkpoint promised and nobody has */
  readonly lost: number;
}

const signHere: Sealer = { seal: async (runs, signer) => runs.map((run) => sealRun(run, run.run, signer)) };

/** @throws ExportError RESTORE_REFUSED: the newest anchor cannot be trusted */
export async function lossOf(
  anchors: AnchorStore,
  { origin, incarnations, size, root }: ExportManifest,
  verifierKeys: readonly string[],
): Promise<Loss> {
  const name = logOrigin(origin, incarnations);
  const newest = await anchors.newest();
  const note = newest === undefined || newest <= size ? undefined : await anchors.read(newest);
  if (note === undefined)
    return { before: { origin: name, size, root: Buffer.from(root, 'base64') }, kept: size, lost: 0 };
  const keys = verifierKeys.flatMap((vkey) => parseVerifierKey(vkey) ?? []);
  const opened = openCheckpoint(
    note,
    keys.map(({ publicKey }) => ed25519Key(name, publicKey)),
    name,
  );
  if (opened.kind === 'refused')
    throw new ExportError({
      code: 'RESTORE_REFUSED',
      message: `the newest anchor cannot be trusted: ${opened.reason}`,
    });
  const noteHash = createHash('sha256').update(note).digest('hex');
  return { before: opened.checkpoint, noteHash, kept: size, lost: opened.checkpoint.size - size };
}

export async function beginIncarnation(begun: {
  readonly dataDir: string;
  readonly manifest: ExportManifest;
  readonly rootSigner: RootSigner;
  readonly loss: Loss;
  readonly incarnations: readonly number[];
}): Promise<void> {
  const { dataDir, manifest, rootSigner, loss, incarnations } = begun;
  const db = openForWriting(dataDir, manifest);
  const store = new SqliteStore(db);
  try {
    writeIncarnations(db, incarnations);
    const clockAndIds = { clock: systemClock, ids: systemIds };
    const appender = createAppender({ ...manifest, ...clockAndIds, store, rootSigner, sealer: signHere });
    const draft = incarnationDraft({ incarnation: incarnations.length + 1, ...loss });
    await appender.append({ entries: [{ chain: LOG_CHAIN, draft }] });
    await appender.drain();
    // The new log has the same entries, so the same tiles; only its checkpoint is another.
    await rm(join(dataDir, LOG_FOLDER, 'checkpoint'));
    const signer = logSigner(rootSigner, incarnations);
    await createLogPublisher({
      ...{ origin: signer.name, entries: store, files: createLogFolder(join(dataDir, LOG_FOLDER)), witnesses: [] },
      anchors: createAnchorFolder(anchorPlace(join(dataDir, ANCHOR_FOLDER), incarnations)),
      ...{ rootSigner: signer, clock: systemClock },
    }).publish();
  } finally {
    store.close();
  }
}

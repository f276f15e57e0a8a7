/** The signing thread: seals runs with the session key it is handed. The root key never comes here. */
import { parentPort } from 'node:worker_threads';
import { sealRun, type RunToSeal, type Sealer } from '../../core/ledger/index.ts';

export interface SealJob {
  readonly job: number;
  readonly runs: readonly RunToSeal[];
  readonly signer: Parameters<Sealer['seal']>[1];
}

/** All notes of a job in one buffer, in order, so that they cross the threads without being copied. */
export interface SealReply {
  readonly job: number;
  readonly notes: Uint8Array<ArrayBuffer>;
  readonly lengths: Uint32Array<ArrayBuffer>;
  readonly hashes: Uint8Array<ArrayBuffer>;
}

parentPort?.on('message', ({ job, runs, signer }: SealJob) => {
  const sealed = runs.flatMap((run) => sealRun(run, run.run, signer));
  const notes = join(sealed.map(({ note }) => note));
  const hashes = join(sealed.map(({ hash }) => hash));
  const lengths = Uint32Array.from(sealed, ({ note }) => note.length);
  const reply: SealReply = { job, notes, lengths, hashes };
  parentPort?.postMessage(reply, [notes.buffer, lengths.buffer, hashes.buffer]);
});

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

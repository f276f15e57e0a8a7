/** The signing thread: seals runs in trees with the session key it is handed. The root key never comes here. */
import { randomBytes } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import type { ChainHash } from '../../../core/brands/index.ts';
import { sealInTrees, type RunToSeal, type SealedEntry, type Sealer } from '../../../core/ledger/index.ts';

type Signer = Parameters<Sealer['seal']>[1];

/** `texts` holds, for every entry of every run in order, what comes before `prev` and what comes after `seq`. */
export type SealMessage =
  | { readonly kind: 'key'; readonly signer: Signer; readonly origin: string }
  | {
      readonly kind: 'job';
      readonly job: number;
      readonly heads: readonly { readonly prev: ChainHash; readonly seq: number; readonly entries: number }[];
      readonly texts: readonly string[];
    };

/** All notes of a job in one buffer, in order, so that they cross the threads without being copied. */
export interface SealReply {
  readonly job: number;
  readonly notes: Uint8Array<ArrayBuffer>;
  readonly lengths: Uint32Array<ArrayBuffer>;
  readonly hashes: Uint8Array<ArrayBuffer>;
}

let key: { readonly signer: Signer; readonly origin: string } | undefined;

parentPort?.on('message', (message: SealMessage) => {
  if (message.kind === 'key') {
    key = message;
    return;
  }
  const sealed = sealJob(message);
  const notes = join(sealed.map(({ note }) => note));
  const hashes = join(sealed.map(({ hash }) => hash));
  const lengths = Uint32Array.from(sealed, ({ note }) => note.length);
  const reply: SealReply = { job: message.job, notes, lengths, hashes };
  parentPort?.postMessage(reply, [notes.buffer, lengths.buffer, hashes.buffer]);
});

function sealJob({ heads, texts }: Extract<SealMessage, { kind: 'job' }>): SealedEntry[] {
  if (key === undefined) throw new Error('a job came before the key');
  const { signer, origin } = key;
  let next = 0;
  const runs = heads.map(({ prev, seq, entries }): RunToSeal => ({
    ...{ prev, seq },
    run: Array.from({ length: entries }, () => ({
      beforePrev: texts[next++] as string,
      afterSeq: texts[next++] as string,
    })),
  }));
  return sealInTrees(runs, signer, { origin, random: randomBytes }).flat();
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

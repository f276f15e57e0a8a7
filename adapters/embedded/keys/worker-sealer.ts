/**
 * A Sealer that signs in trees, on a second core. Small batches are signed on the calling thread, where waiting for another thread
 * would cost more than it saves. Nothing is durable here: a lost worker fails the batch, and its callers retry.
 */
import { randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { leafAt, sealInTrees, type RunToSeal, type SealedEntry, type Sealer } from '../../../core/ledger/index.ts';
import type { SealMessage, SealReply } from './sealing-worker.ts';

/** Entries up to which the calling thread signs by itself: a round trip to the worker costs about as much as two signatures. */
const INLINE_ENTRIES = 3;
/** Young objects of the signing thread: the texts of one job. */
const YOUNG_MB = 4;
type Signer = Parameters<Sealer['seal']>[1];

export class WorkerSealer implements Sealer {
  private readonly worker: Worker;
  private readonly waiting = new Map<
    number,
    { readonly resolve: (reply: SealReply) => void; readonly reject: (error: Error) => void }
  >();
  private jobs = 0;
  private signer: Signer | undefined;
  private failure: Error | undefined;

  private readonly origin: string;

  /** @param origin of the ledger */
  constructor(origin: string) {
    this.origin = origin;
    this.worker = new Worker(new URL('./sealing-worker.ts', import.meta.url), {
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    this.worker.unref();
    this.worker.on('message', (reply: SealReply) => {
      this.waiting.get(reply.job)?.resolve(reply);
      this.waiting.delete(reply.job);
    });
    this.worker.on('error', (error) => this.fail(error instanceof Error ? error : new Error(String(error))));
    this.worker.on('exit', () => this.fail(new Error('the signing thread ended')));
  }

  async seal(
    runs: readonly RunToSeal[],
    signer: Signer,
    callerIsIdle: boolean,
  ): Promise<readonly (readonly SealedEntry[])[]> {
    const entries = runs.reduce((sum, { run }) => sum + run.length, 0);
    const here = (share: readonly RunToSeal[]): SealedEntry[][] =>
      sealInTrees(share, signer, { origin: this.origin, random: randomBytes });
    if (entries <= INLINE_ENTRIES || this.failure !== undefined) return here(runs);
    // An idle caller signs the last runs itself while the other core signs the first: both cores finish together.
    const handedOver = callerIsIdle ? Math.ceil(runs.length / 2) : runs.length;
    const theirs = this.ask(runs.slice(0, handedOver), signer);
    const ours = here(runs.slice(handedOver));
    return [...unpack(await theirs, runs.slice(0, handedOver)), ...ours];
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }

  private ask(runs: readonly RunToSeal[], signer: Signer): Promise<SealReply> {
    return new Promise((resolve, reject) => {
      const job = this.jobs++;
      this.waiting.set(job, { resolve, reject });
      // The key crosses once; after that a job is one flat list of strings, which is cheap to hand over.
      if (this.signer !== signer)
        this.worker.postMessage({ kind: 'key', signer, origin: this.origin } satisfies SealMessage);
      this.signer = signer;
      const heads = runs.map(({ prev, seq, run }) => ({ prev, seq, entries: run.length }));
      const texts = runs.flatMap(({ run }) => run.flatMap(({ beforePrev, afterSeq }) => [beforePrev, afterSeq]));
      this.worker.postMessage({ kind: 'job', job, heads, texts } satisfies SealMessage);
    });
  }

  /** From here on the calling thread signs; what was under way is refused and retried by its callers. */
  private fail(error: Error): void {
    this.failure = error;
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}

/** Cuts the one buffer of a reply into the entries of each run. */
function unpack({ notes, lengths, hashes }: SealReply, runs: readonly RunToSeal[]): SealedEntry[][] {
  let entry = 0;
  let offset = 0;
  return runs.map(({ run }) =>
    run.map(() => {
      const length = lengths[entry] as number;
      const note = notes.subarray(offset, offset + length);
      const hash = leafAt(hashes, entry);
      entry += 1;
      offset += length;
      return { note, hash };
    }),
  );
}

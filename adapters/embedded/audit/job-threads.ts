/**
 * The threads that verify, so that the one that serves never does: a bounded number, begun when there is work and ended when
 * there was none for a while. Work that nobody waits for any more ends with its thread, wherever it is. They only read.
 */
import { Worker } from 'node:worker_threads';
import { SystemError } from '../../../core/system/index.ts';

/** Entries are garbage as soon as they are checked: left alone, V8 lets hundreds of MB of them pile up first. */
const YOUNG_MB = 16;
/** A thread takes about 150 ms to begin and holds some 20 MB. */
const IDLE_MS = 60_000;

interface Waiting {
  readonly job: unknown;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (reason: Error) => void;
}

export class JobThreads<Job, Answer> {
  /** at once, each on a core of its own */
  readonly limit: number;
  private readonly queue: Waiting[] = [];
  private readonly threads = new Set<Thread>();
  private readonly script: URL;
  private isClosed = false;

  /** @param script takes jobs as messages, one at a time, and answers each with one message */
  constructor(script: URL, limit: number) {
    this.script = script;
    this.limit = limit;
  }

  /** @throws SystemError VERIFICATION_ENDED */
  run(job: Job, signal?: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.isClosed || signal?.aborted === true) throw ended('nobody waits for it any more');
      const end = (): void => this.end(waiting);
      const done = (): void => signal?.removeEventListener('abort', end);
      const waiting: Waiting = {
        job,
        resolve: (answer) => {
          done();
          resolve(answer as Answer);
        },
        reject: (reason) => {
          done();
          reject(reason);
        },
      };
      signal?.addEventListener('abort', end);
      this.queue.push(waiting);
      this.next();
    });
  }

  /** Ends what is under way. Safe to call twice. */
  async close(): Promise<void> {
    this.isClosed = true;
    for (const waiting of this.queue.splice(0)) waiting.reject(ended('the engine stops'));
    await Promise.all([...this.threads].map((thread) => thread.end()));
  }

  /** threads that run, at work or not */
  get alive(): number {
    return this.threads.size;
  }

  private next(): void {
    const idle = [...this.threads].find((thread) => thread.isIdle);
    const thread = idle ?? (this.threads.size < this.limit ? this.begin() : undefined);
    const waiting = thread === undefined ? undefined : this.queue.shift();
    if (waiting !== undefined) thread?.take(waiting);
  }

  private begin(): Thread {
    const thread = new Thread(this.script, {
      onFree: () => this.next(),
      onEnd: () => {
        this.threads.delete(thread);
        if (this.queue.length > 0) this.next();
      },
    });
    this.threads.add(thread);
    return thread;
  }

  private end(waiting: Waiting): void {
    const at = this.queue.indexOf(waiting);
    if (at >= 0) this.queue.splice(at, 1);
    for (const thread of this.threads) if (thread.isAt(waiting)) void thread.end();
    waiting.reject(ended('nobody waits for it any more'));
  }
}

class Thread {
  private readonly worker: Worker;
  private readonly hooks: { readonly onFree: () => void; readonly onEnd: () => void };
  private current: Waiting | undefined;
  private idleSince: NodeJS.Timeout | undefined;
  private isEnding = false;

  constructor(script: URL, hooks: Thread['hooks']) {
    this.hooks = hooks;
    this.worker = new Worker(script, { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } });
    this.worker.unref();
    this.worker.on('message', (answer: unknown) => this.free()?.resolve(answer));
    this.worker.on('error', (error) => this.fail(error instanceof Error ? error : new Error(String(error))));
    this.worker.on('exit', () => this.fail(ended('its thread ended')));
  }

  get isIdle(): boolean {
    return this.current === undefined && !this.isEnding;
  }

  isAt(waiting: Waiting): boolean {
    return this.current === waiting;
  }

  take(waiting: Waiting): void {
    clearTimeout(this.idleSince);
    this.current = waiting;
    this.worker.ref(); // somebody waits
    this.worker.postMessage(waiting.job);
  }

  async end(): Promise<void> {
    this.isEnding = true;
    await this.worker.terminate();
  }

  private free(): Waiting | undefined {
    const done = this.current;
    this.current = undefined;
    this.worker.unref();
    if (this.isEnding) return done;
    this.idleSince = setTimeout(() => void this.end(), IDLE_MS).unref();
    this.hooks.onFree();
    return done;
  }

  private fail(error: Error): void {
    clearTimeout(this.idleSince);
    this.current?.reject(error);
    this.current = undefined;
    this.hooks.onEnd();
  }
}

/** What was given up says nothing about the ledger. */
function ended(why: string): SystemError {
  return new SystemError({
    code: 'VERIFICATION_ENDED',
    message: `the verification was ended before it finished, ${why}: ask again`,
  });
}

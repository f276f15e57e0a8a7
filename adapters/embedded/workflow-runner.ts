/**
 * Walks the workflow table in this process, one walk per change-set. It decides nothing: it may be killed, started twice
 * or woken for no reason, because every step reads the ledger. It must not lose a wake-up that comes while it works.
 */
import { setImmediate as letOthersIn } from 'node:timers/promises';
import { ChangeError, FIRST_STEP, type Changes, type StepName } from '../../core/changes/index.ts';
import type { Clock, Ids } from '../../core/ledger/index.ts';

/** One sleep at most; a timer cannot hold more than 24 days, and looking again is harmless. */
const MAX_SLEEP_MS = 3_600_000;
const BACKOFF_BASE_MS = 100;
const BACKOFF_MAX_MS = 30_000;
const PAGE = 100;

export interface WorkflowRunnerOptions {
  readonly changes: Pick<Changes, 'runStep' | 'openIds'>;
  readonly clock: Clock;
  readonly ids: Pick<Ids, 'random'>;
  /** Told of every failed step before it is tried again. Must not throw. */
  readonly onError: (changeId: string, error: unknown) => void;
}

export interface WorkflowRunner {
  /** Takes up every change-set that is not at its end. */
  start(): Promise<void>;
  /** Something may have happened to this change-set. Never throws; ignored after `stop`. */
  wake(changeId: string): void;
  /** Lets running steps finish and starts no more. */
  stop(): Promise<void>;
}

interface Walk {
  /** a wake-up came that no wait has used up yet */
  woken: boolean;
  sleep: AbortController | undefined;
  done: Promise<void>;
}

export function createWorkflowRunner(options: WorkflowRunnerOptions): WorkflowRunner {
  return new InProcessRunner(options);
}

class InProcessRunner implements WorkflowRunner {
  private readonly options: WorkflowRunnerOptions;
  private readonly walks = new Map<string, Walk>();
  private stopping = false;

  constructor(options: WorkflowRunnerOptions) {
    this.options = options;
  }

  async start(): Promise<void> {
    this.stopping = false;
    for (let after: string | undefined; ;) {
      const page = await this.options.changes.openIds({ limit: PAGE, ...(after === undefined ? {} : { after }) });
      for (const id of page) this.wake(id);
      after = page.at(-1);
      if (page.length < PAGE) return;
    }
  }

  wake(id: string): void {
    if (this.stopping) return;
    const running = this.walks.get(id);
    if (running !== undefined) {
      running.woken = true;
      running.sleep?.abort();
      return;
    }
    const walk: Walk = { woken: false, sleep: undefined, done: Promise.resolve() };
    this.walks.set(id, walk);
    walk.done = this.follow(id, walk);
  }

  async stop(): Promise<void> {
    this.stopping = true;
    for (const { sleep } of this.walks.values()) sleep?.abort();
    await Promise.all([...this.walks.values()].map(({ done }) => done));
  }

  private async follow(id: string, walk: Walk): Promise<void> {
    let step: StepName | undefined = FIRST_STEP;
    let failures = 0;
    while (step !== undefined && !this.stopping) {
      try {
        step = await this.take(step, id, walk);
        failures = 0;
        if (step === undefined && useWakeUp(walk)) step = FIRST_STEP;
      } catch (error) {
        failures += 1;
        this.options.onError(id, error);
        if (error instanceof ChangeError && error.code === 'CHANGE_NOT_FOUND') break;
        await this.pause(walk, this.backoffMs(failures));
        step = FIRST_STEP;
      }
    }
    this.walks.delete(id); // in the same turn as the last look at `woken`: no wake-up falls in between
  }

  /** Takes one step and waits if it says so; undefined at the end. */
  private async take(step: StepName, id: string, walk: Walk): Promise<StepName | undefined> {
    const result = await this.options.changes.runStep(step, id);
    // The store answers in the same turn: without a breath between two steps nobody could abort what runs.
    if (result.kind === 'next') await letOthersIn();
    if (result.kind === 'wait') await this.pause(walk, result.until - this.options.clock.now());
    return result.kind === 'end' ? undefined : result.step;
  }

  private async pause(walk: Walk, ms: number): Promise<void> {
    if (this.stopping || useWakeUp(walk)) return;
    walk.sleep = new AbortController();
    await this.options.clock.sleep(Math.min(ms, MAX_SLEEP_MS), walk.sleep.signal);
    walk.sleep = undefined;
    useWakeUp(walk);
  }

  private backoffMs(failures: number): number {
    return this.options.ids.random() * Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** failures);
  }
}

/** A wake-up ends one wait, the one under way or the next: the step after it reads the ledger as it is then. */
function useWakeUp(walk: Walk): boolean {
  const { woken } = walk;
  walk.woken = false;
  return woken;
}

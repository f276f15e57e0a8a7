/**
 * Walks the workflow table in this process, one walk for each change-set that has something to do. It decides nothing: it may be
 * killed, started twice or woken for no reason, because every step reads the ledger. It must not lose a wake-up that comes while
 * it works. What waits for people or for a time has no walk: the index of times says when its next one begins.
 */
import { setImmediate as letOthersIn } from 'node:timers/promises';
import {
  ChangeError,
  FIRST_STEP,
  WORKFLOW,
  type Changes,
  type DueCursor,
  type StepName,
} from '../../../core/changes/index.ts';
import type { Clock, Ids } from '../../../core/ledger/index.ts';

/** One sleep at most; a timer cannot hold more than 24 days, and looking again is harmless. */
const MAX_SLEEP_MS = 3_600_000;
const BACKOFF_BASE_MS = 100;
const BACKOFF_MAX_MS = 30_000;
/** Change-sets taken up at once. */
const PAGE = 100;
/** When the times could not be read. */
const TIMES_BACKOFF_MS = 1_000;

export interface WorkflowRunnerOptions {
  readonly changes: Pick<Changes, 'runStep' | 'due'>;
  readonly clock: Clock;
  readonly ids: Pick<Ids, 'random'>;
  /** Told of every failed step before it is tried again. Must not throw. */
  readonly onError: (changeId: string, error: unknown) => void;
}

export interface WorkflowRunner {
  /** Takes up every change-set whose time has come, and from then on each as its time comes. */
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
  /** it has come to its first rest or its end */
  rest: () => void;
  readonly rested: Promise<void>;
}

export function createWorkflowRunner(options: WorkflowRunnerOptions): WorkflowRunner {
  return new InProcessRunner(options);
}

class InProcessRunner implements WorkflowRunner {
  private readonly options: WorkflowRunnerOptions;
  private readonly walks = new Map<string, Walk>();
  private stopping = false;
  private cursor: DueCursor | undefined;
  private timer: { readonly until: number; readonly sleep: AbortController } | undefined;
  private keeping: Promise<void> | undefined;

  constructor(options: WorkflowRunnerOptions) {
    this.options = options;
  }

  async start(): Promise<void> {
    this.stopping = false;
    this.cursor = undefined;
    const first = await this.takeUp();
    this.keeping ??= this.keepTime(first);
  }

  wake(id: string): void {
    if (this.stopping) return;
    const running = this.walks.get(id);
    if (running !== undefined) {
      running.woken = true;
      running.sleep?.abort();
      return;
    }
    let rest = (): void => undefined;
    const rested = new Promise<void>((resolve) => void (rest = resolve));
    const walk: Walk = { woken: false, sleep: undefined, done: Promise.resolve(), rest, rested };
    this.walks.set(id, walk);
    walk.done = this.follow(id, walk);
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.timer?.sleep.abort();
    for (const { sleep } of this.walks.values()) sleep?.abort();
    await Promise.all([...this.walks.values()].map(({ done }) => done));
    await this.keeping;
    this.keeping = undefined;
  }

  /** Looks at the times again and again, each time when the next one comes. */
  private async keepTime(first: DueBatch): Promise<void> {
    let taken = first;
    while (!this.stopping) {
      if (taken.isFull) await Promise.all(taken.ids.flatMap((id) => this.walks.get(id)?.rested ?? []));
      else await this.sleepUntil(taken.next);
      taken = await this.takeUp();
    }
  }

  /** Wakes those whose time has come; what has a walk knows its times itself. */
  private async takeUp(): Promise<DueBatch> {
    if (this.stopping) return { ids: [], isFull: false, next: undefined };
    try {
      const { ids, isFull, next, cursor } = await this.options.changes.due({ cursor: this.cursor, limit: PAGE });
      this.cursor = cursor;
      for (const id of ids) if (!this.walks.has(id)) this.wake(id);
      return { ids, isFull, next };
    } catch (error) {
      this.options.onError('', error);
      return { ids: [], isFull: false, next: this.options.clock.now() + TIMES_BACKOFF_MS };
    }
  }

  private async sleepUntil(next: number | undefined): Promise<void> {
    const now = this.options.clock.now();
    const until = Math.min(next ?? Infinity, now + MAX_SLEEP_MS);
    this.timer = { until, sleep: new AbortController() };
    await this.options.clock.sleep(until - now, this.timer.sleep.signal);
    this.timer = undefined;
  }

  /** Something has a time of which the sleep above does not know. */
  private comesAt(until: number): void {
    if (this.stopping) return;
    this.keeping ??= this.keepTime({ ids: [], isFull: false, next: until });
    if (this.timer !== undefined && until < this.timer.until) this.timer.sleep.abort();
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
    walk.rest();
  }

  /** Takes one step and waits if it says so; undefined at the end. */
  private async take(step: StepName, id: string, walk: Walk): Promise<StepName | undefined> {
    const result = await this.options.changes.runStep(step, id);
    // The store answers in the same turn: without a breath between two steps nobody could abort what runs.
    if (result.kind === 'next') await letOthersIn();
    if (result.kind !== 'wait') return result.kind === 'end' ? undefined : result.step;
    if (isTimed(step)) {
      const { until } = result;
      if (until > this.options.clock.now()) {
        this.comesAt(until);
        return undefined;
      }
    } else await this.pause(walk, result.until - this.options.clock.now());
    return result.step;
  }

  private async pause(walk: Walk, ms: number): Promise<void> {
    if (this.stopping || useWakeUp(walk)) return;
    walk.rest();
    walk.sleep = new AbortController();
    await this.options.clock.sleep(Math.min(ms, MAX_SLEEP_MS), walk.sleep.signal);
    walk.sleep = undefined;
    useWakeUp(walk);
  }

  private backoffMs(failures: number): number {
    return this.options.ids.random() * Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** failures);
  }
}

interface DueBatch {
  readonly ids: readonly string[];
  readonly isFull: boolean;
  readonly next: number | undefined;
}

/** A wait whose end stands in the index of times; the others are short, and known to their walk alone. */
function isTimed(name: StepName): boolean {
  const step = WORKFLOW[name];
  return step.kind === 'wait' && step.until !== 'retry';
}

/** A wake-up ends one wait, the one under way or the next: the step after it reads the ledger as it is then. */
function useWakeUp(walk: Walk): boolean {
  const { woken } = walk;
  walk.woken = false;
  return woken;
}

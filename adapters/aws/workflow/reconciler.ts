/**
 * Compares what should run with what runs, and heals: starts executions that are missing, wakes those that wait for
 * something that has happened, stops those whose change-set is over. Every minute only for what is due, found by its time,
 * so that what waits is not read; now and then for all, by name. It decides nothing: losing every execution loses no decision.
 */
import { ListExecutionsCommand, StopExecutionCommand, type ExecutionListItem } from '@aws-sdk/client-sfn';
import { later, msOf } from '../../../core/brands/index.ts';
import type {
  ChangeQueues,
  DueCursor,
  WorkflowStatus,
  WorkflowStatuses,
  Timekeeping,
} from '../../../core/changes/index.ts';
import type { Clock } from '../../../core/ledger/index.ts';
import { defined, orBlank } from '../../../core/values/index.ts';
import { changeOf, ensureExecution, executionStatusOf, type StateMachine } from './executions.ts';
import type { Gate, GateReader } from './gates.ts';
import type { ResumeQueue } from './resume-queue.ts';

const PAGE = 100;
/** An execution has this long to notice by itself that its change-set is over. Longer than its longest plain wait. */
const ORPHAN_AFTER_MS = 600_000;
/** A time that has come and gone is looked after every minute for this long, then whenever all are compared. */
const LOOKBACK_MS = 3_600_000;

export interface ReconcilerOptions extends StateMachine {
  readonly statuses: WorkflowStatuses;
  readonly timekeeping: Timekeeping;
  readonly gates: GateReader;
  readonly resumeQueue: Pick<ResumeQueue, 'resume'>;
  readonly clock: Pick<Clock, 'now'>;
}

/** `due`: what has something to do now. `all`: also what should run and does not, and the other way round. */
export type Scope = 'due' | 'all';

export interface Reconciled extends ChangeQueues {
  /** change-sets not at their end, those that wait for people to repair them included; undefined: not counted this time */
  readonly open: number | undefined;
  readonly restarted: readonly string[];
  readonly woken: readonly string[];
  readonly stopped: readonly string[];
  /** what could not be healed this time; the rest was */
  readonly failed: readonly { readonly subject: string; readonly error: unknown }[];
}

/** @throws when change-sets or executions cannot be listed */
export async function reconcileWorkflows(options: ReconcilerOptions, scope: Scope): Promise<Reconciled> {
  const healing = new Healer(options);
  for await (const id of dueIds(options, scope)) await healing.attempt(id, () => healing.tendDue(id));
  const open = scope === 'all' ? await compareAll(options, healing) : undefined;
  return { ...healing.healed, open, ...(await options.timekeeping.queues()) };
}

/** Each once. */
async function* dueIds({ timekeeping, clock }: ReconcilerOptions, scope: Scope): AsyncGenerator<string> {
  const since = scope === 'all' ? undefined : later(clock.now(), -LOOKBACK_MS);
  const seen = new Set<string>();
  for (let cursor: DueCursor | undefined; ;) {
    const due = await timekeeping.due({ limit: PAGE, since, cursor });
    for (const id of due.ids) if (!seen.has(id)) yield id;
    for (const id of due.ids) seen.add(id);
    if (!due.isFull) return;
    cursor = due.cursor;
  }
}

/** By name alone: what stands on one side only is looked at. @returns how many are open */
async function compareAll(options: ReconcilerOptions, healing: Healer): Promise<number> {
  const running = await listRunning(options);
  const open = new Set<string>();
  for (let after: string | undefined; ;) {
    const ids = await options.statuses.openIds({ limit: PAGE, ...defined({ after }) });
    for (const id of ids) open.add(id);
    after = ids.at(-1);
    if (ids.length < PAGE) break;
  }
  for (const id of open) if (!running.has(id)) await healing.attempt(id, () => healing.tendMissing(id));
  for (const [id, executions] of running) {
    if (open.has(id)) continue;
    for (const execution of executions)
      await healing.attempt(orBlank(execution.name), () => healing.tendOrphan(id, execution));
  }
  return open.size;
}

type Running = ReadonlyMap<string, readonly ExecutionListItem[]>;

/** Running executions by change-set; those we did not name under the empty string. */
async function listRunning({ client, stateMachineArn }: ReconcilerOptions): Promise<Running> {
  const running = new Map<string, ExecutionListItem[]>();
  for (let nextToken: string | undefined; ;) {
    const page = await client.send(
      new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING', maxResults: 1000, nextToken }),
    );
    for (const execution of page.executions ?? []) {
      const id = orBlank(changeOf(orBlank(execution.name)));
      running.set(id, [...(running.get(id) ?? []), execution]);
    }
    nextToken = page.nextToken;
    if (nextToken === undefined) return running;
  }
}

class Healer {
  private readonly options: ReconcilerOptions;
  private readonly restarted: string[] = [];
  private readonly woken: string[] = [];
  private readonly stopped: string[] = [];
  private readonly failed: { subject: string; error: unknown }[] = [];

  constructor(options: ReconcilerOptions) {
    this.options = options;
  }

  get healed(): Pick<Reconciled, 'restarted' | 'woken' | 'stopped' | 'failed'> {
    const { restarted, woken, stopped, failed } = this;
    return { restarted, woken, stopped, failed };
  }

  /** One that fails does not keep the others from being healed. */
  async attempt(subject: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.failed.push({ subject, error });
    }
  }

  /** Its time has come: somebody must be awake for it. */
  async tendDue(id: string): Promise<void> {
    const { statuses, gates, resumeQueue, clock } = this.options;
    const [status, gate] = await Promise.all([statuses.of(id), gates.find(id)]);
    if (status === undefined || status.doing === 'ended') return;
    if ((await executionStatusOf(this.options, id, gate?.attempt ?? 1)) !== 'running') return this.start(id, gate);
    if (gate === undefined || !isOver(gate, status, clock.now())) return;
    await resumeQueue.resume(id);
    this.woken.push(id);
  }

  /** Open, and no execution runs. */
  async tendMissing(id: string): Promise<void> {
    const { statuses, gates } = this.options;
    const status = await statuses.of(id);
    if (status !== undefined && status.doing !== 'ended') await this.start(id, await gates.find(id));
  }

  async tendOrphan(id: string, { executionArn, name = '' }: ExecutionListItem): Promise<void> {
    const { client, statuses, clock } = this.options;
    const status = id === '' ? undefined : await statuses.of(id);
    // Proposed after the open ones were listed, or so young in its end that the execution is about to notice.
    const isOrphan =
      status === undefined || (status.doing === 'ended' && clock.now() - msOf(status.updatedAt) > ORPHAN_AFTER_MS);
    if (!isOrphan) return;
    await client.send(new StopExecutionCommand({ executionArn, cause: 'its change-set has ended or never was' }));
    this.stopped.push(name);
  }

  private async start(id: string, gate: Gate | undefined): Promise<void> {
    const { kind } = await ensureExecution(this.options, id, gate?.attempt);
    if (kind === 'started' && !this.restarted.includes(id)) this.restarted.push(id);
  }
}

/** Something has happened since the wait began, or its time has come. */
function isOver(gate: Gate, status: WorkflowStatus, now: number): boolean {
  return gate.seen !== status.version || gate.until <= now;
}

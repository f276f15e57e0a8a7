/**
 * Compares what should run with what runs, and heals: starts executions that are missing, wakes those that wait for
 * something that has happened, stops those whose change-set is over. Run at any time, any number of times: it decides
 * nothing, so losing every execution loses no decision.
 */
import { ListExecutionsCommand, StopExecutionCommand, type ExecutionListItem } from '@aws-sdk/client-sfn';
import {
  summarizeQueue,
  type ApprovalQueue,
  type Awaited,
  type Standing,
  type Standings,
} from '../../../core/changes/index.ts';
import type { Clock } from '../../../core/ledger/index.ts';
import { changeOf, ensureExecution, type StateMachine } from './executions.ts';
import type { Gate, GateReader } from './gates.ts';
import type { WakeQueue } from './wake-queue.ts';

const PAGE = 100;
/** An execution has this long to notice by itself that its change-set is over. Longer than its longest plain wait. */
const ORPHAN_AFTER_MS = 600_000;

export interface ReconcilerOptions extends StateMachine {
  readonly standings: Standings;
  readonly gates: GateReader;
  readonly wakes: Pick<WakeQueue, 'wake'>;
  readonly clock: Pick<Clock, 'now'>;
}

export interface Reconciled {
  /** change-sets not at their end, those that wait for people to repair them included */
  readonly open: number;
  readonly approvalQueue: ApprovalQueue;
  readonly restarted: readonly string[];
  readonly woken: readonly string[];
  readonly stopped: readonly string[];
  /** what could not be healed this time; the rest was */
  readonly failed: readonly { readonly subject: string; readonly error: unknown }[];
}

/** @throws when change-sets or executions cannot be listed */
export async function reconcileWorkflows(options: ReconcilerOptions): Promise<Reconciled> {
  const running = await listRunning(options);
  const healing = new Healing(options, running);
  for (let after: string | undefined; ;) {
    const ids = await options.standings.openIds({ limit: PAGE, ...(after === undefined ? {} : { after }) });
    for (const id of ids) await healing.attempt(id, () => healing.tendOpen(id));
    after = ids.at(-1);
    if (ids.length < PAGE) break;
  }
  for (const [id, executions] of healing.unclaimed()) {
    for (const execution of executions)
      await healing.attempt(execution.name ?? '', () => healing.tendOrphan(id, execution));
  }
  return healing.result();
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
      const id = changeOf(execution.name ?? '') ?? '';
      running.set(id, [...(running.get(id) ?? []), execution]);
    }
    nextToken = page.nextToken;
    if (nextToken === undefined) return running;
  }
}

class Healing {
  private readonly options: ReconcilerOptions;
  private readonly running: Running;
  private readonly open = new Set<string>();
  private readonly awaited: Awaited[] = [];
  private readonly restarted: string[] = [];
  private readonly woken: string[] = [];
  private readonly stopped: string[] = [];
  private readonly failed: { subject: string; error: unknown }[] = [];

  constructor(options: ReconcilerOptions, running: Running) {
    this.options = options;
    this.running = running;
  }

  /** One that fails does not keep the others from being healed. */
  async attempt(subject: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.failed.push({ subject, error });
    }
  }

  async tendOpen(id: string): Promise<void> {
    const { standings, gates, wakes, clock } = this.options;
    this.open.add(id);
    const standing = await standings.of(id);
    if (standing === undefined) return;
    if (standing.awaited !== undefined) this.awaited.push(standing.awaited);
    const gate = await gates.find(id);
    if (this.running.has(id)) {
      if (gate === undefined || !isOver(gate, standing, clock.now())) return;
      await wakes.wake(id);
      this.woken.push(id);
    } else if (standing.doing !== 'ended') {
      const { kind } = await ensureExecution(this.options, id, gate?.attempt);
      if (kind === 'started') this.restarted.push(id);
    }
  }

  async tendOrphan(id: string, { executionArn, name = '' }: ExecutionListItem): Promise<void> {
    const { client, standings, clock } = this.options;
    const standing = id === '' ? undefined : await standings.of(id);
    // Proposed after the open ones were listed, or so young in its end that the execution is about to notice.
    const isOrphan =
      standing === undefined ||
      (standing.doing === 'ended' && clock.now() - Date.parse(standing.updatedAt) > ORPHAN_AFTER_MS);
    if (!isOrphan) return;
    await client.send(new StopExecutionCommand({ executionArn, cause: 'its change-set has ended or never was' }));
    this.stopped.push(name);
  }

  unclaimed(): [string, readonly ExecutionListItem[]][] {
    return [...this.running].filter(([id]) => !this.open.has(id));
  }

  result(): Reconciled {
    const { restarted, woken, stopped, failed } = this;
    const approvalQueue = summarizeQueue(this.awaited, this.options.clock.now());
    return { restarted, woken, stopped, failed, open: this.open.size, approvalQueue };
  }
}

/** Something has happened since the wait began, or its time has come. */
function isOver(gate: Gate, standing: Standing, now: number): boolean {
  return gate.seen !== standing.version || gate.until <= now;
}

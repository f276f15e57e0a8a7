/**
 * One step of one change-set for the state machine: takes it, says what comes next, and where the next thing is a wait,
 * how long. Knows nothing of what is decided: that is the step's task, which reads the ledger.
 *
 * No wake-up is lost: a wait rests on a version of the record. If the record is newer when the wait is planned, there is no
 * wait; if it is newer when the token has been registered, the execution is woken by itself.
 */
import * as z from 'zod';
import type { Gates } from '../../adapters/aws/workflow/gates.ts';
import type { ResumeQueue } from '../../adapters/aws/workflow/resume-queue.ts';
import { STEP_NAMES, WORKFLOW, type Changes, type WorkflowStatuses } from '../../core/changes/index.ts';
import type { Clock } from '../../core/ledger/index.ts';

/** Waits are cut to this and begun again, far below what Step Functions allows (99,999,999 s). */
export const MAX_WAIT_S = 30 * 86_400;

const changeId = z.string().regex(/^[0-9A-Za-z-]{1,64}$/, 'must be the id of a change-set');
const step = z.enum(STEP_NAMES);
const stepInput = z.union([
  z.object({
    changeId,
    step,
    /** the execution waits behind this token */
    token: z.string().min(1),
    attempt: z.int().min(1),
    seen: z.int(),
    until: z.number(),
  }),
  z.object({ changeId, step, token: z.undefined().optional(), seen: z.int().optional() }),
]);
export type StepInput = z.infer<typeof stepInput>;

/** What the state machine reads of a step. */
export interface StepAnswer {
  /** a step of the table, or what no table allows: then the execution fails */
  readonly next: string;
  /** version of the record before the step */
  readonly seen: number;
  /** how long to wait before `next`, whole seconds; 0: not at all */
  readonly seconds: number;
  /** milliseconds since the Unix epoch, when the wait is over; 0 when there is none */
  readonly until: number;
}

export interface StepDependencies {
  readonly changes: Pick<Changes, 'runStep'>;
  readonly statuses: Pick<WorkflowStatuses, 'of'>;
  readonly gates: Gates;
  readonly resumeQueue: Pick<ResumeQueue, 'resume'>;
  readonly clock: Pick<Clock, 'now'>;
}

/** @throws ZodError; ChangeError, LedgerError: the step may have been taken, the machine asks again; what the SDK throws */
export async function takeStep(deps: StepDependencies, input: unknown): Promise<StepAnswer> {
  const request = stepInput.parse(input);
  return request.token === undefined ? take(deps, request) : openGate(deps, request);
}

const nothing = { seconds: 0, until: 0 };

async function take(deps: StepDependencies, request: Extract<StepInput, { token?: undefined }>): Promise<StepAnswer> {
  const { changes, statuses, gates, clock } = deps;
  const { changeId: id, step: name } = request;
  // Read before the step reads: it may know more than `seen` says, never less.
  const status = await statuses.of(id);
  if (status === undefined) return { next: 'unknown change-set', seen: 0, ...nothing };
  const seen = status.version;
  const result = await changes.runStep(name, id);
  switch (result.kind) {
    case 'next':
      return { next: result.step, seen, ...nothing };
    case 'wait': {
      if (request.seen !== seen) return { next: result.step, seen, ...nothing };
      const seconds = Math.ceil((result.until - clock.now()) / 1000);
      const { until } = result;
      return { next: result.step, seen, seconds: Math.min(MAX_WAIT_S, Math.max(0, seconds)), until };
    }
    case 'end':
      await gates.forget(id);
      return { next: name, seen, ...nothing };
  }
}

/** If we die in here, the machine opens the gate again with a new token; if it dies too, the reconciler starts a new one. */
async function openGate(deps: StepDependencies, request: Extract<StepInput, { token: string }>): Promise<StepAnswer> {
  const { statuses, gates, resumeQueue } = deps;
  const { changeId: id, step: name, token, attempt, seen, until } = request;
  await gates.register(id, { token, attempt, seen, until });
  const status = await statuses.of(id);
  if (status?.version !== seen) await resumeQueue.resume(id);
  const planned = WORKFLOW[name];
  return { next: planned.kind === 'wait' ? planned.next : name, seen, ...nothing };
}

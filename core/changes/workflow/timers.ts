/**
 * What the system does by itself while people are awaited, and when: it reminds them again and again, and after too long lets
 * further roles help. Times run from the assessment in force, by the ledger's own times, so every engine finds the same ones.
 */
import { msOf } from '../../brands/index.ts';
import { SYSTEM_ACTOR } from '../../ledger/index.ts';
import type { StoredChange } from '../store/change-store.ts';
import { writeStep } from '../execution/write-step.ts';
import type { Context } from '../recording/context.ts';
import type { StepType } from '../model/lifecycle.ts';
import type { Eligible } from '../model/quorum.ts';
import type { ChangeRecord } from '../model/record.ts';
import type { Refusal } from '../model/refusal.ts';
import { floorOf } from '../risk/risk-floor.ts';
import type { RiskConfig } from '../risk/risk-config.ts';
import type { StepDraft } from '../model/steps.ts';
import type { Outcomes } from '../model/workflow.ts';
import { MS_PER_HOUR } from '../../values/index.ts';

export type TimerRules = Pick<RiskConfig, 'reminderHours' | 'escalation'>;

export interface Timer {
  readonly kind: 'reminder' | 'escalation';
  /** milliseconds since the Unix epoch */
  readonly at: number;
}

/** The timer that is due first; undefined when none is set. At the same time help comes before a reminder. */
export function nextTimer(record: ChangeRecord, { reminderHours, escalation }: TimerRules): Timer | undefined {
  if (record.state !== 'pending' || record.assessment === undefined) return undefined;
  const timers: Timer[] = [];
  const since = (...types: readonly StepType[]): number =>
    msOf(record.entries.findLast(({ type }) => types.includes(type))?.at ?? record.createdAt);
  if (escalation !== undefined && widened(record, escalation) !== undefined)
    timers.push({ kind: 'escalation', at: since('change.assessed') + escalation.afterHours * MS_PER_HOUR });
  if (reminderHours !== undefined)
    timers.push({ kind: 'reminder', at: since('change.assessed', 'change.reminded') + reminderHours * MS_PER_HOUR });
  return timers.sort((a, b) => a.at - b.at)[0];
}

/** Recorded once for each period, whoever looks and however often: the record's version decides. */
export async function remind(context: Context, current: StoredChange): Promise<Outcomes['remind'] | Refusal> {
  const { id, content, reminders = 0 } = current.record;
  if (!isDue(context, current, 'reminder')) return 'moved';
  const data = { change: id, revision: content.revision, count: reminders + 1 };
  const step: StepDraft = { type: 'change.reminded', actor: SYSTEM_ACTOR, data };
  return writeStep(context, current, { steps: [step] }, 'reminded');
}

/** Recorded once for each assessment. */
export async function escalate(context: Context, current: StoredChange): Promise<Outcomes['escalate'] | Refusal> {
  const { record } = current;
  const { escalation } = context.risk.config;
  const eligible = escalation && widened(record, escalation);
  if (eligible === undefined || record.assessment === undefined || !isDue(context, current, 'escalation'))
    return 'moved';
  const { id, content, assessment } = record;
  const data = { change: id, revision: content.revision, assessment: assessment.step, eligible, ...context.under };
  const step: StepDraft = { type: 'change.escalated', actor: SYSTEM_ACTOR, data };
  return writeStep(context, current, { steps: [step] }, 'escalated');
}

/** The needed roles that others may help to fill; undefined when there is nothing to widen, or it was done. */
function widened(
  { entityId, assessment, eligible }: ChangeRecord,
  { roles }: NonNullable<TimerRules['escalation']>,
): { [role: string]: string[] } | undefined {
  if (assessment === undefined || eligible !== undefined || floorOf(entityId).length > 0) return undefined;
  const more = assessment.roles.flatMap((role) => (Object.hasOwn(roles, role) ? [[role, roles[role]]] : []));
  return more.length === 0 ? undefined : (Object.fromEntries(more) as Eligible & { [role: string]: string[] });
}

function isDue({ clock, risk }: Context, { record }: StoredChange, kind: Timer['kind']): boolean {
  const timer = nextTimer(record, risk.config);
  return timer?.kind === kind && clock.now() >= timer.at && clock.now() < msOf(record.content.deadline);
}

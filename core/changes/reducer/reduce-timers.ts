/**
 * The steps that the system takes by itself while people are awaited: reminders are counted, an escalation widens who may
 * fill a needed role. Neither touches a vote, and nothing here could lower what the assessment asks for.
 */
import type { ChangeRecord } from '../model/record.ts';
import { inconsistent, update, type Update } from '../model/refusal.ts';
import { floorOf } from '../risk/risk-floor.ts';
import type { ChangeStep, StepOf } from '../model/steps.ts';

type TimerStep = Extract<ChangeStep, { readonly type: 'change.reminded' | 'change.escalated' }>;

export function reduceTimer(record: ChangeRecord, step: TimerStep): Update {
  if (record.assessment === undefined) return inconsistent('nobody is awaited before the assessment');
  return step.type === 'change.reminded' ? remind(record, step) : escalate(record, step);
}

function remind({ reminders = 0 }: ChangeRecord, { data }: StepOf<'change.reminded'>): Update {
  return data.count === reminders + 1
    ? update({ reminders: data.count })
    : inconsistent(`reminder ${data.count} does not follow ${reminders}`);
}

function escalate({ entityId, assessment, eligible }: ChangeRecord, { data }: StepOf<'change.escalated'>): Update {
  if (data.assessment !== assessment?.step) return inconsistent('the escalation is about another assessment');
  if (floorOf(entityId).length > 0) return inconsistent('nobody stands in for those who decide on the registry');
  if (eligible !== undefined) return inconsistent('an assessment is escalated once');
  const isNeeded = Object.keys(data.eligible).every((role) => assessment.roles.includes(role));
  return isNeeded ? update({ eligible: data.eligible }) : inconsistent('the escalation widens a role nobody needs');
}

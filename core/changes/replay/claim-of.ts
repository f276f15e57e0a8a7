/** The claim of work that a step rests on, so that the replay of claims can say whether it stood. */
import type { ChangeRecord } from '../model/record.ts';
import type { ChangeStep, ClaimedWork } from '../model/steps.ts';

/** A proposal is made under the claim that it names, and what an executor is asked, under that of the proposal in force. */
export function claimOf(step: ChangeStep, { content }: ChangeRecord): ClaimedWork | undefined {
  if (step.type === 'change.proposed' || step.type === 'change.revised') return step.data.work;
  return step.type === 'change.intent' && step.data.external !== undefined ? content.work : undefined;
}

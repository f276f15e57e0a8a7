/** The record after several steps that are taken together, or why one of them is refused. */
import type { ChangeRecord } from '../model/record.ts';
import { inconsistent, type Refusal } from '../model/refusal.ts';
import type { ChangeStep } from '../model/steps.ts';
import { reduceChange } from './reduce.ts';

export function foldSteps(before: ChangeRecord | undefined, steps: readonly ChangeStep[]): ChangeRecord | Refusal {
  let record = before;
  for (const step of steps) {
    const reduced = reduceChange(record, step);
    if (reduced.kind === 'refused') return reduced;
    record = reduced.record;
  }
  return record ?? inconsistent('there are no steps to record');
}

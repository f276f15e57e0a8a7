/**
 * One act of a person on a change-set: read, decide what to record, record it, and begin again when somebody was faster. An
 * act that is recorded already is answered with what stands, so repeating one after a lost answer is safe.
 */
import type { StoredChange } from '../store/change-store.ts';
import { findChange, type Context } from './context.ts';
import type { ChangeRecord } from '../model/record.ts';
import { decideUntilWritten, type Recording } from './record-steps.ts';

export interface RecordedAct {
  /** `recorded`: this very act was recorded before; nothing was written now */
  readonly kind: 'done' | 'recorded';
  readonly stored: StoredChange;
}

/** @param attempt what to write given the record as it stands; `recorded`: nothing, it is there. @throws ChangeError */
export async function act(
  context: Context,
  id: string,
  attempt: (record: ChangeRecord) => Promise<Pick<Recording, 'steps' | 'writes'> | 'recorded'>,
): Promise<RecordedAct> {
  return decideUntilWritten<RecordedAct>(async () => {
    const current = await findChange(context, id);
    const recording = await attempt(current.record);
    if (recording === 'recorded') return { kind: 'done', result: { kind: 'recorded', stored: current } };
    const { entityId } = current.record;
    const recorded = await context.recorder.record({ id, entityId, current, ...recording });
    if (recorded.kind !== 'recorded') return { kind: 'again' };
    return { kind: 'done', result: { kind: 'done', stored: recorded.stored } };
  });
}

/**
 * One act of a person on a change-set, recorded. An act that is recorded already is answered with what stands, so repeating
 * one after a lost answer is safe.
 */
import type { StoredChange } from '../store/change-store.ts';
import type { Context } from './context.ts';
import type { Refusal } from '../model/refusal.ts';
import type { Recording } from './record-steps.ts';

export interface RecordedAct {
  /** `recorded`: this very act was recorded before; nothing was written now */
  readonly kind: 'done' | 'recorded';
  readonly stored: StoredChange;
}

/** What every act of somebody on a change-set is given. */
export interface ActRequest {
  /** of the change-set */
  readonly id: string;
  readonly input: unknown;
  /** what makes it safe to send the act again, where nothing in it does */
  readonly idempotencyKey?: string | undefined;
}

/** @returns `again`: somebody was faster, and nothing was written: read and decide anew */
export async function recordAct(
  { recorder }: Context,
  current: StoredChange,
  recording: Pick<Recording, 'steps' | 'writes' | 'idemKey' | 'work'>,
): Promise<RecordedAct | Refusal | 'again'> {
  const { id, entityId } = current.record;
  const recorded = await recorder.record({ id, entityId, current, ...recording });
  if (recorded.kind === 'refused') return recorded;
  return recorded.kind === 'recorded' ? { kind: 'done', stored: recorded.stored } : 'again';
}

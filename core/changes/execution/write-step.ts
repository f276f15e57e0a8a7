/** Writing the steps of an execution: with the document and the operation key where an operation is applied or undone. */
import type { ItemWrite } from '../../ledger/index.ts';
import type { StoredChange } from '../store/change-store.ts';
import type { Context } from '../recording/context.ts';
import type { Document } from '../model/document.ts';
import { refuse } from '../model/errors.ts';
import type { ChangeRecord } from '../model/record.ts';
import type { Recording } from '../recording/record-steps.ts';

export interface Write extends Pick<Recording, 'steps' | 'extras'> {
  readonly writes?: readonly ItemWrite[];
  readonly operation?: {
    readonly index: number;
    readonly direction: 'apply' | 'undo';
    readonly from: number;
    readonly document: Document;
  };
}

/** False: someone else moved the change-set or the document; read again. */
export async function writeStep(
  context: Context,
  current: StoredChange,
  { steps, writes = [], extras = [], operation }: Write,
): Promise<boolean> {
  const { id, entityId, content } = current.record;
  const { store, states } = context;
  if (operation === undefined) {
    return (await context.recorder.record({ id, entityId, current, steps, writes })).kind === 'recorded';
  }
  const key = store.keys.operation(id, { ...operation, revision: content.revision });
  const { from, document } = operation;
  const recorded = await context.recorder.record({
    ...{ id, entityId, current, steps, extras },
    writes: ([entry]) => [
      ...writes,
      store.once(key, { change: id }),
      ...(entry === undefined ? [] : states.put(entityId, { from, document, change: id, entry })),
    ],
  });
  if (recorded.kind === 'recorded') return true;
  const isKeyTaken = recorded.kind === 'precondition' && recorded.failed.pk === key.pk;
  if (isKeyTaken && (await store.find(id))?.version === current.version)
    refuse(
      'CHANGE_STATE_CONFLICT',
      `operation key ${key.sk} exists, but the record does not know of it: verify the ledger`,
    );
  return false;
}

/** What every step says first. */
export function subjectOf({ id, content }: ChangeRecord): { change: string; revision: number } {
  return { change: id, revision: content.revision };
}

/** Writing the steps of an execution: with the document and the operation key where an operation is applied or undone. */
import type { ItemWrite } from '../../ledger/index.ts';
import type { StoredChange } from '../store/change-store.ts';
import type { Context } from '../recording/context.ts';
import type { Document } from '../model/document.ts';
import type { ChangeRecord } from '../model/record.ts';
import { inconsistent, type Refusal } from '../model/refusal.ts';
import type { Recording } from '../recording/record-steps.ts';

export interface Write extends Pick<Recording, 'steps' | 'extras' | 'work'> {
  readonly writes?: readonly ItemWrite[];
  readonly operation?: {
    readonly index: number;
    readonly direction: 'apply' | 'undo';
    readonly from: number;
    readonly document: Document;
  };
}

/** `done`: it is written; `moved`: someone else moved the change-set or the document, so read again. */
export async function writeStep<Done extends string>(
  context: Context,
  current: StoredChange,
  { steps, writes = [], extras = [], operation, work }: Write,
  done: Done,
): Promise<Done | 'moved' | Refusal> {
  const { id, entityId, content } = current.record;
  const { store, states } = context;
  if (operation === undefined) {
    const recorded = await context.recorder.record({ id, entityId, current, steps, writes, work });
    if (recorded.kind === 'refused') return recorded;
    return recorded.kind === 'recorded' ? done : 'moved';
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
  if (recorded.kind === 'refused') return recorded;
  if (recorded.kind === 'recorded') return done;
  const isKeyTaken = recorded.kind === 'precondition' && recorded.failed.pk === key.pk;
  return isKeyTaken && (await store.find(id))?.version === current.version
    ? inconsistent(`operation key ${key.sk} exists, but the record does not know of it: verify the ledger`)
    : 'moved';
}

/** What every step says first. */
export function subjectOf({ id, content }: ChangeRecord): { change: string; revision: number } {
  return { change: id, revision: content.revision };
}

/**
 * The items a change-set is kept in: its record, the indices it is found by, and the keys that may exist only once (vote,
 * nonce, operation, lock). All are written in the transaction of the entry they follow from; all can be rebuilt from it.
 */
import type { JsonValue } from '../../canonical/index.ts';
import type { ItemKey, ItemStore, ItemWrite } from '../../ledger/index.ts';
import { indexWrites } from './change-index.ts';
import { isTerminal } from '../model/lifecycle.ts';
import { awaitsReview } from '../model/post-review.ts';
import { recentWrites } from './recent-changes.ts';
import { changeCodec } from './record-codec.ts';
import type { ChangeRecord } from '../model/record.ts';

export interface StoredChange {
  readonly record: ChangeRecord;
  /** item version: the condition of the next step */
  readonly version: number;
}

export type Selection = { readonly open: true } | { readonly review: true } | { readonly entityId: string } | 'all';

export interface ChangeStore {
  readonly find: (id: string) => Promise<StoredChange | undefined>;
  /** Ids in ascending order: those not at their end, those somebody still has to review, those of one entity, or all. */
  readonly ids: (
    of: Selection,
    page: { readonly after?: string; readonly limit: number },
  ) => Promise<readonly string[]>;
  /** Everything that follows from the record alone. */
  readonly recordWrites: (current: StoredChange | undefined, next: ChangeRecord) => readonly ItemWrite[];
  readonly keys: ReturnType<typeof keysOf>;
  /** A put of an item that must not exist yet. */
  readonly once: (key: ItemKey, value: JsonValue) => ItemWrite;
  readonly isTaken: (key: ItemKey) => Promise<boolean>;
}

export function createChangeStore(ledger: string, items: Pick<ItemStore, 'get' | 'list'>): ChangeStore {
  const keys = keysOf(ledger);
  return {
    keys,
    once,
    find: (id) => findRecord(ledger, items, id),
    ids: async (of, page) => {
      return (await items.list(partitionOf(keys, of), page)).map(({ sk }) => sk);
    },
    recordWrites: (current, next) => [
      {
        kind: 'put',
        key: keys.record(next.id),
        value: changeCodec.encode(next),
        expect: current?.version ?? 'absent',
      },
      ...openWrites(keys, current?.record, next),
      ...recentWrites(ledger, current?.record, next),
      ...lockWrites(keys, current?.record, next),
      ...reviewWrites(keys, current?.record, next),
      ...indexWrites(ledger, current?.record, next),
    ],
    isTaken: async (key) => (await items.get(key)) !== undefined,
  };
}

/** For who reads one record and nothing else. */
export async function findRecord(
  ledger: string,
  items: Pick<ItemStore, 'get'>,
  id: string,
): Promise<StoredChange | undefined> {
  const item = await items.get(keysOf(ledger).record(id));
  return item === undefined ? undefined : { record: changeCodec.decode(item), version: item.version };
}

function keysOf(ledger: string) {
  return {
    record: (id: string): ItemKey => ({ pk: `${ledger}#change`, sk: id }),
    open: (id: string): ItemKey => ({ pk: `${ledger}#change-open`, sk: id }),
    /** overridden or sampled, and not reviewed yet */
    review: (id: string): ItemKey => ({ pk: `${ledger}#change-review`, sk: id }),
    ofEntity: (entityId: string, id: string): ItemKey => ({ pk: `${ledger}#change-of#${entityId}`, sk: id }),
    /** one decision per nonce, ledger-wide */
    nonce: (nonce: string): ItemKey => ({ pk: `${ledger}#change-nonce`, sk: nonce }),
    /** applied once, undone once */
    operation: (id: string, of: { revision: number; index: number; direction: 'apply' | 'undo' }): ItemKey => ({
      pk: `${ledger}#change-operation`,
      sk: `${id}:${of.revision}:${of.index}:${of.direction}`,
    }),
    /** one change-set at a time executes on an entity */
    lock: (entityId: string): ItemKey => ({ pk: `${ledger}#change-lock`, sk: entityId }),
  };
}

function partitionOf(keys: ChangeStore['keys'], of: Selection): string {
  if (of === 'all') return keys.record('').pk;
  if ('open' in of) return keys.open('').pk;
  return 'review' in of ? keys.review('').pk : keys.ofEntity(of.entityId, '').pk;
}

function once(key: ItemKey, value: JsonValue): ItemWrite {
  return { kind: 'put', key, value, expect: 'absent' };
}

function openWrites(keys: ChangeStore['keys'], current: ChangeRecord | undefined, next: ChangeRecord): ItemWrite[] {
  const { id, entityId } = next;
  if (current === undefined) return [once(keys.open(id), { entityId }), once(keys.ofEntity(entityId, id), {})];
  return hasEnded(current, next) ? [{ kind: 'delete', key: keys.open(id), expect: 'any' }] : [];
}

function lockWrites(keys: ChangeStore['keys'], current: ChangeRecord | undefined, next: ChangeRecord): ItemWrite[] {
  const key = keys.lock(next.entityId);
  if (current?.claim === undefined && next.claim !== undefined) return [once(key, { change: next.id })];
  return next.claim !== undefined && hasEnded(current, next) ? [{ kind: 'delete', key, expect: 'any' }] : [];
}

/** With this step. What follows an end, such as a review, must not end it again: the lock may be another's by then. */
function hasEnded(current: ChangeRecord | undefined, { state }: ChangeRecord): boolean {
  return isTerminal(state) && (current === undefined || !isTerminal(current.state));
}

function reviewWrites(keys: ChangeStore['keys'], current: ChangeRecord | undefined, next: ChangeRecord): ItemWrite[] {
  const [before, after] = [current !== undefined && awaitsReview(current), awaitsReview(next)];
  if (before === after) return [];
  const key = keys.review(next.id);
  return after ? [once(key, { entityId: next.entityId })] : [{ kind: 'delete', key, expect: 'any' }];
}

/**
 * The items a change-set is kept in: its record, the indices it is found by, and the keys that may exist only once (vote,
 * nonce, operation, lock). All are written in the transaction of the entry they follow from; all can be rebuilt from it.
 */
import type { JsonValue } from '../canonical/index.ts';
import type { Item, ItemKey, ItemStore, ItemWrite } from '../ledger/index.ts';
import { isTerminal } from './lifecycle.ts';
import type { ChangeRecord } from './record.ts';

/** Change-sets of one initiator that are counted at most. */
const MAX_RECENT = 1000;
export const RECENT_WINDOW_MS = 86_400_000;

export interface StoredChange {
  readonly record: ChangeRecord;
  /** item version: the condition of the next step */
  readonly version: number;
}

export interface ChangeStore {
  readonly find: (id: string) => Promise<StoredChange | undefined>;
  /** Ids in ascending order: those not at their end, those of one entity, or all. */
  readonly ids: (
    of: { readonly open: true } | { readonly entityId: string } | 'all',
    page: { readonly after?: string; readonly limit: number },
  ) => Promise<readonly string[]>;
  /** What of the initiator was proposed since `since` (ISO 8601) and not refused, without `except`. */
  readonly recentChanges: (initiator: string, since: string, except: string) => Promise<number>;
  /** Makes the proposals of one initiator follow each other, so none is counted without the others. */
  readonly initiatorTurn: (initiator: string, change: string) => Promise<ItemWrite>;
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
    find: async (id) => {
      const item = await items.get(keys.record(id));
      return item === undefined ? undefined : { record: recordOf(item), version: item.version };
    },
    ids: async (of, page) => {
      const partition = of === 'all' ? keys.record('') : 'open' in of ? keys.open('') : keys.ofEntity(of.entityId, '');
      return (await items.list(partition.pk, page)).map(({ sk }) => sk);
    },
    recentChanges: async (initiator, since, except) => {
      const recent = await items.list(keys.recent(initiator, '', '').pk, { after: since, limit: MAX_RECENT });
      return recent.filter(({ sk }) => !sk.endsWith(`#${except}`)).length;
    },
    initiatorTurn: async (initiator, change) => {
      const key = keys.initiator(initiator);
      const item = await items.get(key);
      return { kind: 'put', key, value: { last: change }, expect: item?.version ?? 'absent' };
    },
    recordWrites: (current, next) => [
      {
        kind: 'put',
        key: keys.record(next.id),
        value: next as unknown as JsonValue,
        expect: current?.version ?? 'absent',
      },
      ...indexWrites(keys, current?.record, next),
      ...lockWrites(keys, current?.record, next),
    ],
    isTaken: async (key) => (await items.get(key)) !== undefined,
  };
}

function keysOf(ledger: string) {
  return {
    record: (id: string): ItemKey => ({ pk: `${ledger}#change`, sk: id }),
    open: (id: string): ItemKey => ({ pk: `${ledger}#change-open`, sk: id }),
    ofEntity: (entityId: string, id: string): ItemKey => ({ pk: `${ledger}#change-of#${entityId}`, sk: id }),
    recent: (initiator: string, at: string, id: string): ItemKey => ({
      pk: `${ledger}#change-by#${initiator}`,
      sk: `${at}#${id}`,
    }),
    initiator: (initiator: string): ItemKey => ({ pk: `${ledger}#change-initiator`, sk: initiator }),
    /** one vote per person, revision and assessment */
    vote: (id: string, by: { revision: number; round: number; personId: string }): ItemKey => ({
      pk: `${ledger}#change-vote`,
      sk: `${id}#${by.revision}#${by.round}#${by.personId}`,
    }),
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

function once(key: ItemKey, value: JsonValue): ItemWrite {
  return { kind: 'put', key, value, expect: 'absent' };
}

function indexWrites(keys: ChangeStore['keys'], current: ChangeRecord | undefined, next: ChangeRecord): ItemWrite[] {
  const { id, entityId, state, createdAt, content } = next;
  const recent = keys.recent(content.initiator, createdAt, id);
  if (current === undefined) {
    return [
      once(keys.open(id), { entityId }),
      once(keys.ofEntity(entityId, id), {}),
      { kind: 'put', key: recent, value: {}, expect: 'any' },
    ];
  }
  if (!isTerminal(state)) return [];
  const closed: ItemWrite = { kind: 'delete', key: keys.open(id), expect: 'any' };
  // What took effect keeps counting against its initiator for a day; what did not makes room.
  return state === 'executed' ? [closed] : [closed, { kind: 'delete', key: recent, expect: 'any' }];
}

function lockWrites(keys: ChangeStore['keys'], current: ChangeRecord | undefined, next: ChangeRecord): ItemWrite[] {
  const key = keys.lock(next.entityId);
  if (current?.claim === undefined && next.claim !== undefined) return [once(key, { change: next.id })];
  return next.claim !== undefined && isTerminal(next.state) ? [{ kind: 'delete', key, expect: 'any' }] : [];
}

/** Items of this partition are written here alone. */
function recordOf(item: Item): ChangeRecord {
  return item.value as unknown as ChangeRecord;
}

/**
 * A commit group as DynamoDB sees it: one action per entry, per idempotency record and per item, each with the condition
 * that makes the group all or nothing. Says beforehand what can never be committed; sends nothing.
 */
import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import type { JsonValue } from '../../../core/canonical/index.ts';
import {
  LedgerError,
  type CommitGroup,
  type CommitOutcome,
  type EntryToStore,
  type Expectation,
  type ItemKey,
  type ItemWrite,
} from '../../../core/ledger/index.ts';
import {
  entryKey,
  idemItemKey,
  itemBytes,
  MAX_ITEM_BYTES,
  noteAttribute,
  stateKey,
  valueAttribute,
  type Attributes,
  type DynamoTables,
  type ValueAttribute,
} from './dynamo-items.ts';

export const MAX_ACTIONS = 100;
/** 4 MB, less what names and framing add. */
export const MAX_TRANSACTION_BYTES = 3_900_000;
/** What DynamoDB keeps no item for: a put's condition that nothing is there. */
const ABSENT = 'attribute_not_exists(pk)';

export type Subject =
  | { readonly kind: 'entry'; readonly entry: EntryToStore }
  | { readonly kind: 'idem'; readonly idemKey: string }
  | { readonly kind: 'item'; readonly key: ItemKey };

export interface Action {
  readonly about: Subject;
  readonly write: TransactWriteItem;
  /** names the item ledger-wide: no transaction may touch one twice */
  readonly key: string;
  readonly bytes: number;
}

/** A group ready to be written. */
export interface Unit {
  readonly index: number;
  readonly entries: readonly EntryToStore[];
  readonly actions: readonly Action[];
  readonly bytes: number;
  /** chain → the seqs it takes, consecutive */
  readonly spans: ReadonlyMap<string, { readonly first: number; readonly last: number }>;
}

/** One write per item: what its writes together demand of it and leave behind. */
export interface FoldedWrite {
  readonly key: ItemKey;
  readonly expect: Expectation;
  readonly effect: { readonly kind: 'put'; readonly value: JsonValue } | { readonly kind: 'delete' | 'check' };
}

/** @returns the outcome instead when the group contradicts itself or is too large. @throws AwsError ITEM_KEY_INVALID */
export function unitOf(tables: DynamoTables, index: number, group: CommitGroup): Unit | CommitOutcome {
  const spans = new Map<string, { first: number; last: number }>();
  const idemKeys = new Set<string>();
  for (const { chain, seq, idemKey } of group.entries) {
    const span = spans.get(chain);
    if (span !== undefined && seq !== span.last + 1) return { kind: 'conflict', chain, winner: undefined };
    spans.set(chain, { first: span?.first ?? seq, last: seq });
    if (idemKey !== undefined && idemKeys.has(idemKey)) return { kind: 'exists', idemKey };
    if (idemKey !== undefined) idemKeys.add(idemKey);
  }
  const folded = foldWrites(group.writes);
  if ('failed' in folded) return { kind: 'precondition', failed: folded.failed };
  const actions = [
    ...group.entries.flatMap((entry) => entryActions(tables, entry)),
    ...folded.writes.flatMap((write) => itemAction(tables, write) ?? []),
  ];
  const bytes = actions.reduce((sum, action) => sum + action.bytes, 0);
  const tooLarge = tooLargeFor(actions, bytes);
  return tooLarge === undefined
    ? { index, entries: group.entries, actions, bytes, spans }
    : { kind: 'refused', error: new LedgerError({ code: 'ENTRY_TOO_LARGE', message: tooLarge }) };
}

/** Conditions are checked against what is there before; the last effect stays. */
export function foldWrites(
  writes: readonly ItemWrite[],
): { readonly writes: readonly FoldedWrite[] } | { readonly failed: ItemKey } {
  const folded = new Map<string, FoldedWrite>();
  for (const write of writes) {
    const { key, expect } = write;
    const name = JSON.stringify([key.pk, key.sk]);
    const before = folded.get(name);
    const effect: FoldedWrite['effect'] =
      write.kind === 'put' ? { kind: 'put', value: write.value } : { kind: write.kind };
    if (before === undefined) {
      folded.set(name, { key, expect, effect });
      continue;
    }
    if (before.expect !== 'any' && expect !== 'any' && before.expect !== expect) return { failed: key };
    folded.set(name, {
      key,
      expect: before.expect === 'any' ? expect : before.expect,
      effect: effect.kind === 'check' ? before.effect : effect,
    });
  }
  return { writes: [...folded.values()] };
}

function entryActions({ ledger, entriesTable, stateTable }: DynamoTables, entry: EntryToStore): Action[] {
  const { chain, seq, note, hash, idemKey, keyFollows = false } = entry;
  const put = (about: Subject, TableName: string, Item: Attributes): Action => ({
    about,
    write: {
      Put: { TableName, Item, ConditionExpression: ABSENT, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' },
    },
    key: keyName(TableName, Item),
    bytes: itemBytes(Item),
  });
  const place = put({ kind: 'entry', entry }, entriesTable, {
    ...entryKey(ledger, chain, seq),
    ...noteAttribute(note),
    h: { B: hash },
  });
  if (idemKey === undefined || keyFollows) return [place];
  const value = { n: { N: '1' }, v: { S: JSON.stringify({ chain, seq }) } };
  const record = put({ kind: 'idem', idemKey }, stateTable, { ...stateKey(idemItemKey(ledger, idemKey)), ...value });
  return [place, record];
}

function itemAction({ stateTable: TableName }: DynamoTables, { key, expect, effect }: FoldedWrite): Action | undefined {
  const Key = stateKey(key);
  const as = (write: TransactWriteItem, item: Attributes = Key): Action => ({
    about: { kind: 'item', key },
    write,
    key: keyName(TableName, Key),
    bytes: itemBytes(item),
  });
  const condition = conditionOf(expect);
  if (effect.kind === 'put') {
    const value = valueAttribute(effect.value);
    if (expect === 'any') return as({ Update: { TableName, ...countingUp(Key, value) } }, { ...Key, ...value });
    const Item = { ...Key, n: { N: String(expect === 'absent' ? 1 : expect + 1) }, ...value };
    return as({ Put: { TableName, Item, ...condition } }, Item);
  }
  // Nothing to do for the store: a check of anything, or a deletion of what must not be there.
  if (condition === undefined) return effect.kind === 'check' ? undefined : as({ Delete: { TableName, Key } });
  if (effect.kind === 'check' || expect === 'absent') return as({ ConditionCheck: { TableName, Key, ...condition } });
  return as({ Delete: { TableName, Key, ...condition } });
}

/** A put of any version is atomic only as an update: one more than whatever is there, 1 if nothing is. */
export function countingUp(Key: Attributes, value: ValueAttribute) {
  const [set, other, now] = 'v' in value ? (['v', 'z', value.v] as const) : (['z', 'v', value.z] as const);
  return {
    Key,
    UpdateExpression: `SET ${set} = :v REMOVE ${other} ADD n :one`,
    ExpressionAttributeValues: { ':v': now, ':one': { N: '1' } },
  };
}

function conditionOf(expect: Expectation) {
  if (expect === 'any') return undefined;
  if (expect === 'absent') return { ConditionExpression: ABSENT };
  return { ConditionExpression: 'n = :n', ExpressionAttributeValues: { ':n': { N: String(expect) } } };
}

function tooLargeFor(actions: readonly Action[], bytes: number): string | undefined {
  const item = actions.find((action) => action.bytes > MAX_ITEM_BYTES);
  if (item !== undefined)
    return `${subjectName(item.about)} has ${item.bytes} bytes, a DynamoDB item holds ${MAX_ITEM_BYTES}: store the payload elsewhere and reference its hash`;
  if (actions.length > MAX_ACTIONS)
    return `${actions.length} writes cannot be committed together, DynamoDB takes ${MAX_ACTIONS}: record at most ${MAX_ACTIONS / 2} entries with ids at once`;
  if (bytes > MAX_TRANSACTION_BYTES)
    return `${bytes} bytes cannot be committed together, DynamoDB takes ${MAX_TRANSACTION_BYTES}: record less at once`;
  return undefined;
}

function subjectName(about: Subject): string {
  switch (about.kind) {
    case 'entry':
      return `entry "${about.entry.chain}" #${about.entry.seq}`;
    case 'idem':
      return `the record of "${about.idemKey}"`;
    case 'item':
      return `item "${about.key.pk}" / "${about.key.sk}"`;
  }
}

function keyName(table: string, { pk, sk }: Attributes): string {
  return JSON.stringify([table, pk?.S, sk?.S ?? sk?.N]);
}

/**
 * The items of change-sets and documents, made again from the entries alone: for a store that lost them. Entries are given in
 * log order; what an earlier one led to is read back from the items, so memory does not grow with the ledger.
 */
import type { EntryStore, ItemStore, ItemWrite } from '../ledger/index.ts';
import { createChangeStore, type ChangeStore } from './change-store.ts';
import { ChangeError } from './errors.ts';
import { operationTypes, type OperationTypes } from './operations.ts';
import { planOperation } from './plan.ts';
import { readEntry } from './read-entry.ts';
import type { ChangeRecord } from './record.ts';
import { reduceChange } from './reduce.ts';
import { createStateStore, type StateStore } from './state-store.ts';
import { isStepType, parseStep, stepHash, type ChainEntry, type ChangeStep } from './steps.ts';
import type { Document } from './document.ts';

export interface RebuildDependencies {
  readonly ledger: string;
  readonly items: ItemStore;
  readonly entries: EntryStore;
  readonly types?: OperationTypes;
}

export type Rebuilt =
  | { readonly kind: 'writes'; readonly writes: readonly ItemWrite[] }
  /** the entry does not follow from those before it */
  | { readonly kind: 'inconsistent'; readonly reason: string };

interface Rebuild {
  readonly store: ChangeStore;
  readonly states: StateStore;
  readonly entries: EntryStore;
  readonly types: OperationTypes;
}

/** @returns for each entry the writes that became true with it; none for entries that are no steps of change-sets */
export function createItemRebuilder(deps: RebuildDependencies): (entry: ChainEntry) => Promise<Rebuilt> {
  const { ledger, items, entries, types = operationTypes() } = deps;
  const rebuild = {
    ...{ entries, types },
    store: createChangeStore(ledger, items),
    states: createStateStore(ledger, items),
  };
  return async (entry) => {
    if (!isStepType(entry.body.type)) return { kind: 'writes', writes: [] };
    const step = parseStep(entry);
    if (step === undefined) return { kind: 'inconsistent', reason: `${entry.body.type} is malformed` };
    const current = await rebuild.store.find(step.data.change);
    const reduced = reduceChange(current?.record, step);
    if (reduced.kind === 'refused') return { kind: 'inconsistent', reason: reduced.message };
    const { record } = reduced;
    const effect = await effectOf(step, record, rebuild);
    if (typeof effect === 'string') return { kind: 'inconsistent', reason: effect };
    return { kind: 'writes', writes: [...rebuild.store.recordWrites(current, record), ...effect] };
  };
}

/** What a step brings with it beside the record: keys that exist once, documents. */
async function effectOf(step: ChangeStep, record: ChangeRecord, rebuild: Rebuild): Promise<ItemWrite[] | string> {
  const { store } = rebuild;
  const { id, content, round } = record;
  switch (step.type) {
    case 'change.proposed':
      return [{ kind: 'put', key: store.keys.initiator(content.initiator), value: { last: id }, expect: 'any' }];
    case 'change.voted': {
      const { nonce, personId, revision } = step.data;
      const keys = [store.keys.nonce(nonce), store.keys.vote(id, { revision, round, personId })];
      return keys.map((key) => store.once(key, { change: id, personId }));
    }
    case 'change.applied':
      return documentAfter(step, record, rebuild);
    case 'change.undone':
      return documentBefore(step, record, rebuild);
    default:
      return [];
  }
}

type Applied = Extract<ChangeStep, { type: 'change.applied' }>;
type Undone = Extract<ChangeStep, { type: 'change.undone' }>;

async function documentAfter(
  { data }: Applied,
  record: ChangeRecord,
  { states, types, ...rest }: Rebuild,
): Promise<ItemWrite[] | string> {
  const { index } = data;
  const operation = record.content.operations[index];
  if (operation === undefined) return `there is no operation ${index}`;
  const { document, version } = await states.read(record.entityId);
  try {
    const next = planOperation(document, operation, { types, index });
    return writes(record, { index, direction: 'apply', from: version, document: next }, { states, types, ...rest });
  } catch (error) {
    if (error instanceof ChangeError) return error.message;
    throw error;
  }
}

/** The document captured when the operation was intended. */
async function documentBefore({ data }: Undone, record: ChangeRecord, rebuild: Rebuild): Promise<ItemWrite[] | string> {
  const { index } = data;
  const one = record.progress[index];
  const intent = one && parseStep(await readEntry(rebuild.entries, record.entityId, one.intentSeq));
  if (intent?.type !== 'change.intent' || stepHash(intent) !== one?.intent)
    return 'nothing was intended that could be undone';
  const { version } = await rebuild.states.read(record.entityId);
  return writes(record, { index, direction: 'undo', from: version, document: intent.data.before.document }, rebuild);
}

function writes(
  { id, entityId, content }: ChangeRecord,
  operation: {
    readonly index: number;
    readonly direction: 'apply' | 'undo';
    readonly from: number;
    readonly document: Document;
  },
  { store, states }: Rebuild,
): ItemWrite[] {
  const { from, document } = operation;
  const key = store.keys.operation(id, { ...operation, revision: content.revision });
  return [store.once(key, { change: id }), states.put(entityId, { from, document, change: id })];
}

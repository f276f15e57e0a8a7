/**
 * The items of change-sets and documents, made again from the entries alone: for a store that lost them. Entries are given in
 * log order; what an earlier one led to is read back from the items, so memory does not grow with the ledger.
 */
import type { EntryStore, ItemStore, ItemWrite } from '../../ledger/index.ts';
import { adoptedDocument, POLICY_ADOPTED } from '../policy/adoption.ts';
import { createChangeStore, type ChangeStore } from '../store/change-store.ts';
import {
  createDelegationStore,
  DELEGATION_GRANTED,
  DELEGATION_REVOKED,
  rebuiltDelegation,
  type DelegationStore,
} from '../store/delegation-store.ts';
import { attempt } from '../model/errors.ts';
import { operationTypes, type OperationTypes } from '../operations/operations.ts';
import { planOperation, planResult } from '../operations/plan.ts';
import { readEntry } from '../model/read-entry.ts';
import { turnWrites } from '../store/recent-changes.ts';
import type { ChangeRecord } from '../model/record.ts';
import { reduceChange } from '../reducer/reduce.ts';
import { createDocumentStore, POLICY_ENTITY, type DocumentStore } from '../store/document-store.ts';
import { isStepType, parseStep, stepHash, type ChainEntry, type ChangeStep, type PolicyEntry } from '../model/steps.ts';
import type { Document } from '../model/document.ts';

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
  readonly ledger: string;
  readonly store: ChangeStore;
  readonly states: DocumentStore;
  readonly delegations: DelegationStore;
  readonly entries: EntryStore;
  readonly types: OperationTypes;
}

/** @returns for each entry the writes that became true with it; none for entries that are no steps of change-sets */
export function createItemRebuilder(deps: RebuildDependencies): (entry: ChainEntry) => Promise<Rebuilt> {
  const { ledger, items, entries, types = operationTypes() } = deps;
  const rebuild = {
    ...{ ledger, entries, types },
    store: createChangeStore(ledger, items),
    states: createDocumentStore(ledger, items),
    delegations: createDelegationStore(ledger, items),
  };
  return async (entry) => {
    if (!isStepType(entry.body.type)) return rebuiltBeside(entry, rebuild);
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

/** Entries from which items follow: a store that lost them is given all of these in order. */
export function leadsToItems(type: string): boolean {
  return isStepType(type) || type === POLICY_ADOPTED || type === DELEGATION_GRANTED || type === DELEGATION_REVOKED;
}

/** Entries that are no steps: the adopted policy, and delegations. */
async function rebuiltBeside(entry: ChainEntry, { states, delegations }: Rebuild): Promise<Rebuilt> {
  if (entry.body.type !== POLICY_ADOPTED) {
    const writes = (await rebuiltDelegation(delegations, entry)) ?? [];
    return typeof writes === 'string' ? { kind: 'inconsistent', reason: writes } : { kind: 'writes', writes };
  }
  const current = await states.read(entry.body.entity);
  const adopted = adoptedDocument(entry, current);
  if (typeof adopted === 'string') return { kind: 'inconsistent', reason: adopted };
  const { seq } = entry.body;
  const next = {
    ...{ from: current.version, document: adopted.document, change: POLICY_ADOPTED },
    entry: { seq, hash: entry.hash },
  };
  return { kind: 'writes', writes: states.put(POLICY_ENTITY, next) };
}

/** What a step brings with it beside the record: keys that exist once, documents. */
async function effectOf(step: ChangeStep, record: ChangeRecord, rebuild: Rebuild): Promise<ItemWrite[] | string> {
  const { ledger, store } = rebuild;
  const { id } = record;
  switch (step.type) {
    case 'change.assessed':
      return turnWrites(ledger, record);
    case 'change.voted':
    case 'change.overridden': {
      const { nonce, personId } = step.data;
      return [store.once(store.keys.nonce(nonce), { change: id, personId })];
    }
    case 'change.applied':
      return documentAfter(step, record, rebuild);
    case 'change.undone':
      return documentBefore(step, record, rebuild);
    case 'change.resolved-executed':
    case 'change.resolved-rolled-back':
      return documentResolved(step, record, rebuild);
    default:
      return [];
  }
}

type Applied = Extract<ChangeStep, { type: 'change.applied' }>;
type Resolved = Extract<ChangeStep, { type: 'change.resolved-executed' | 'change.resolved-rolled-back' }>;
type Undone = Extract<ChangeStep, { type: 'change.undone' }>;

async function documentAfter(
  entry: Applied,
  record: ChangeRecord,
  { states, types, ...rest }: Rebuild,
): Promise<ItemWrite[] | string> {
  const { index } = entry.data;
  const operation = record.content.operations[index];
  if (operation === undefined) return `there is no operation ${index}`;
  const { document, version } = await states.read(record.entityId);
  const next = attempt(() => planOperation(document, operation, { types, index }));
  if (typeof next === 'string') return next;
  return writes(
    record,
    { index, direction: 'apply', from: version, document: next, entry },
    { states, types, ...rest },
  );
}

/** The document captured when the operation was intended. */
async function documentBefore(entry: Undone, record: ChangeRecord, rebuild: Rebuild): Promise<ItemWrite[] | string> {
  const { index } = entry.data;
  const image = await imageBefore(record, index, rebuild);
  if (image === undefined) return 'nothing was intended that could be undone';
  const { version } = await rebuild.states.read(record.entityId);
  return writes(record, { index, direction: 'undo', from: version, document: image.document, entry }, rebuild);
}

/** What two people agreed on, at the version where they found it: as many writes as lie between. */
async function documentResolved(
  entry: Resolved,
  record: ChangeRecord,
  rebuild: Rebuild,
): Promise<ItemWrite[] | string> {
  const { id, entityId, content } = record;
  const { type, data } = entry;
  const image = await imageBefore(record, 0, rebuild);
  if (image === undefined) return 'nothing was intended that could be resolved';
  const isExecuted = type === 'change.resolved-executed';
  const document = isExecuted
    ? attempt(() => planResult(image.document, content.operations, rebuild.types))
    : image.document;
  if (typeof document === 'string') return document;
  const { version } = await rebuild.states.read(entityId);
  return Array.from({ length: data.document.version - version }, (_, i) =>
    rebuild.states
      .put(entityId, { from: version + i, document, change: id, entry })
      .map((write): ItemWrite => (i === 0 ? write : { ...write, expect: 'any' })),
  ).flat();
}

async function imageBefore(
  { entityId, progress }: ChangeRecord,
  index: number,
  { entries }: Rebuild,
): Promise<{ readonly document: Document } | undefined> {
  const one = progress[index];
  const intent = one && parseStep(await readEntry(entries, entityId, one.intentSeq));
  return intent?.type === 'change.intent' && stepHash(intent) === one?.intent ? intent.data.before : undefined;
}

function writes(
  { id, entityId, content }: ChangeRecord,
  operation: {
    readonly index: number;
    readonly direction: 'apply' | 'undo';
    readonly from: number;
    readonly document: Document;
    readonly entry: PolicyEntry;
  },
  { store, states }: Rebuild,
): ItemWrite[] {
  const { from, document, entry } = operation;
  const key = store.keys.operation(id, { ...operation, revision: content.revision });
  return [store.once(key, { change: id }), ...states.put(entityId, { from, document, change: id, entry })];
}

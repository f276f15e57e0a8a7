/**
 * The state that conditional subscriptions are about, read as the subscriber could read it: an entity it has no right to
 * read looks as if nothing were recorded of it, because being delivered or not would tell.
 */
import { createDocumentStore, openChangeStates } from '../../changes/index.ts';
import type { MayRead, ReadFacts } from '../../events/index.ts';
import type { ItemStore } from '../../ledger/index.ts';
import type { Action, Policy } from '../../policy/index.ts';

/** Rights that are about entities. */
const ENTITY_RIGHTS: readonly Action[] = ['reads', 'proposes', 'reveals'];

/** Nobody is handed an event of an entity that he could not read by himself; who is not in the roster any more reads nothing. */
export function createMayRead(policy: Pick<Policy, 'principal' | 'may'>): MayRead {
  return (subscriber, entityId) => {
    const principal = policy.principal(subscriber);
    return principal !== undefined && policy.may(principal, 'reads', entityId);
  };
}

export function createReadFacts(deps: {
  readonly ledger: string;
  readonly items: ItemStore;
  readonly policy: Policy;
}): ReadFacts {
  const { ledger, items, policy } = deps;
  const documents = createDocumentStore(ledger, items);
  return async (subscriber, entityId) => {
    const principal = policy.principal(subscriber);
    const permissions =
      principal === undefined ? [] : ENTITY_RIGHTS.filter((right) => policy.may(principal, right, entityId));
    if (!permissions.includes('reads'))
      return { entity: { id: entityId, document: null, version: 0 }, changeSets: [], permissions };
    const [{ document, version }, changeSets] = await Promise.all([
      documents.read(entityId),
      openChangeStates(ledger, items, entityId),
    ]);
    return { entity: { id: entityId, document, version }, changeSets, permissions };
  };
}

/** Entity ids: which strings name a chain, and which prefixes only the system may write. */
import type { EntityId } from '../../brands/index.ts';
import { LedgerError } from './errors.ts';

export const ENTITY_ID = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/;
/** Chains the system keeps for itself: session keys, events without an entity, the ledger's own record. */
const RESERVED_PREFIXES = ['keys/', 'module/', 'system/'] as const;
const SESSION_KEY_CHAIN = /^keys\/[0-9a-f]{16}$/;
/** Chains that hold who may do what: they change by change-sets alone, and nobody's events belong there. */
const REGISTRY = 'registry:';
/**
 * Chains on which the system tells of claims, and of who read what. Whatever others wrote on such a chain before it was kept for that
 * still verifies, so these are closed to writers and not among the reserved ones.
 */
const KEPT_PREFIXES = ['work:', 'access/'] as const;

/** @throws LedgerError ENTITY_ID_INVALID */
export function assertEntityId(id: string): asserts id is EntityId {
  if (!ENTITY_ID.test(id)) {
    throw new LedgerError({
      code: 'ENTITY_ID_INVALID',
      message: `"${id.slice(0, 140)}" is not an entity id: use 1-128 of A-Z a-z 0-9 . _ : / - and start with a letter or digit`,
    });
  }
}

/** Chains that no publisher may write to. */
export function isClosedToEvents(entityId: string): boolean {
  return entityId.startsWith(REGISTRY) || isClosedToChanges(entityId);
}

/** Chains on which nobody may propose anything. */
export function isClosedToChanges(entityId: string): boolean {
  return isReserved(entityId) || KEPT_PREFIXES.some((prefix) => entityId.startsWith(prefix));
}

/** The chain of one session key: its certificate, and its revocation if there is one. */
export function isSessionKeyChain(entityId: string): boolean {
  return SESSION_KEY_CHAIN.test(entityId);
}

export function isReserved(entityId: string): boolean {
  return RESERVED_PREFIXES.some((prefix) => entityId.startsWith(prefix));
}

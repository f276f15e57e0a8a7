/** Whom an entry's actor stands for, by the roster that was in force there. */
import type { Given, PersonId } from '../../brands/index.ts';
import type { Actor } from '../../ledger/index.ts';
import { SYSTEM_ACTOR } from '../../ledger/index.ts';
import type { Principal } from '../../policy/index.ts';
import { orBlank } from '../../values/index.ts';
import type { InForce } from './authority.ts';

/** The principal, or what is wrong with the actor. A module is believed to be one: modules are not in the roster. */
export function principalOf({ policy }: Pick<InForce, 'policy'>, { kind, id, logic }: Actor): Principal | string {
  const known = policy.principal(id);
  if (kind === 'module' && known === undefined) return { kind: 'module', id };
  if (known === undefined || known.kind !== kind) return `${kind} "${id}" is not in the roster in force`;
  if (known.kind === 'agent' && logic !== known.logic)
    return `agent "${id}" acts by "${orBlank(logic)}", the roster in force has "${known.logic}"`;
  return known;
}

/** Undefined when the actor's account is this person's. */
export function otherPerson(
  { policy }: Pick<InForce, 'policy'>,
  actor: Actor,
  personId: Given<PersonId>,
): string | undefined {
  if (actor.kind !== 'person') return `${actor.kind} "${actor.id}" cannot decide`;
  const principal = policy.principal(actor.id);
  return principal?.kind === 'person' && principal.personId === personId
    ? undefined
    : `"${actor.id}" is no account of ${personId} in the roster in force`;
}

/** What follows from the rules is written by the system, under no other name. */
export function notTheSystem({ kind, id }: Actor): string | undefined {
  return kind === SYSTEM_ACTOR.kind && id === SYSTEM_ACTOR.id ? undefined : `${kind} "${id}" is not the system`;
}

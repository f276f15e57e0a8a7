/**
 * Whom an event about a change-set concerns: those who can do something about it now, those who proposed it, and those whose vote
 * it is about. Nobody is among them who may not read the change-set. Asked again whenever somebody is told: roles change.
 */
import type { PersonId } from '../../brands/index.ts';
import type { Clock, ItemStore } from '../../ledger/index.ts';
import { separationConflict, type Person, type Principal } from '../../policy/index.ts';
import { decidesForAnother, rolesGiven, stands } from '../decisions/delegation.ts';
import { mayReview } from '../decisions/review.ts';
import { resolverToday } from '../decisions/resolve.ts';
import { provenDelegations } from '../policy/delegations-in-force.ts';
import type { Governance } from '../policy/governance.ts';
import { requirementOf, rolesFilled } from '../model/quorum.ts';
import type { ChangeRecord } from '../model/record.ts';
import { voteRefusal } from '../reducer/reduce-vote.ts';
import type { Context } from '../recording/context.ts';
import { excludedNow, withExcludedNow } from '../recording/who-may.ts';
import { createDelegationStore, type Delegation } from '../store/delegation-store.ts';
import { findRecord } from '../store/change-store.ts';
import { mayRead } from './list.ts';

/** Why somebody is told. */
export type Concern = 'decides' | 'proposed' | 'voted' | 'reviews' | 'resolves' | 'oversees';

export interface ChangeAudience {
  /** Who is to hear of the event, and why. Nobody, when the change-set is not there. */
  concernedBy(topic: string, changeId: string): Promise<ReadonlyMap<PersonId, Concern>>;
  /** Whether this person may read of the change-set at this moment. */
  mayRead(personId: PersonId, changeId: string): Promise<boolean>;
}

export interface AudienceDependencies {
  readonly ledger: string;
  readonly items: Pick<ItemStore, 'get' | 'list'>;
  readonly clock: Clock;
  readonly governance: Pick<Governance, 'policy' | 'delegations' | 'proofs'>;
}

/** What is asked of the policy in force, and of delegations that their entries prove. */
type Asked = Pick<Context, 'policy' | 'clock' | 'delegations'>;

/** By the topic of an event, whom it concerns; each is told once, for the first of these reasons. */
const TOLD: Readonly<Record<string, readonly Concern[]>> = {
  'approvals.requested': ['decides'],
  'approvals.reminded': ['decides'],
  'approvals.escalated': ['decides', 'proposed'],
  'approvals.decided': ['proposed', 'voted'],
  'approvals.overridden': ['proposed', 'decides', 'voted', 'reviews', 'oversees'],
  'approvals.review_due': ['reviews'],
  'approvals.ended': ['proposed', 'voted'],
  'approvals.rollback_failed': ['resolves', 'proposed', 'oversees'],
};

export function createChangeAudience({ ledger, items, clock, governance }: AudienceDependencies): ChangeAudience {
  const { policy, delegations: replay, proofs } = governance;
  const { onTamper } = proofs;
  const delegations = provenDelegations(createDelegationStore(ledger, items), { replay, onTamper });
  const asked: Asked = { policy, clock, delegations };
  const recordOf = async (id: string): Promise<ChangeRecord | undefined> =>
    (await findRecord(ledger, items, id))?.record;
  return {
    concernedBy: async (topic, changeId) => {
      const concerns = (Object.hasOwn(TOLD, topic) ? TOLD[topic] : undefined) ?? [];
      const record = concerns.length === 0 ? undefined : await recordOf(changeId);
      const told = new Map<PersonId, Concern>();
      if (record === undefined) return told;
      for (const concern of concerns)
        for (const personId of await peopleWho(asked, concern, record))
          if (!told.has(personId) && (await isReader(asked, personId, record))) told.set(personId, concern);
      return told;
    },
    mayRead: async (personId, changeId) => {
      const record = await recordOf(changeId);
      return record !== undefined && (await isReader(asked, personId, record));
    },
  };
}

async function peopleWho(asked: Asked, concern: Concern, record: ChangeRecord): Promise<readonly PersonId[]> {
  const { policy } = asked;
  const those = (is: (person: Person) => boolean): PersonId[] =>
    policy.roster.people.filter(is).map(({ personId }) => personId);
  switch (concern) {
    case 'decides':
      return decidersOf(asked, withExcludedNow(asked, record));
    case 'proposed':
      return those(({ personId }) => excludedNow(asked, record).includes(personId));
    case 'voted':
      return record.votes.flatMap(({ personId, delegate }) => [personId, ...(delegate ? [delegate.personId] : [])]);
    case 'reviews':
      return those((person) => mayReview(asked, principalOf(person), record));
    case 'resolves':
      return those(({ personId }) => resolverToday(asked, record, personId) === undefined);
    case 'oversees':
      return those((person) => policy.isAuditor(principalOf(person)) || policy.isOperator(principalOf(person)));
  }
}

/** Who could still vote, in their own name or for somebody who has delegated to them. */
async function decidersOf(asked: Asked, record: ChangeRecord): Promise<readonly PersonId[]> {
  const { policy, delegations } = asked;
  const requirement = requirementOf(record);
  if (requirement === undefined) return [];
  const holders = policy.roster.people.filter(({ roles }) => rolesFilled(requirement, roles).length > 0);
  const own = holders.filter(({ personId, roles }) => voteRefusal(record, { personId, roles }) === undefined);
  const lent = await Promise.all(holders.map(({ personId }) => delegations.givenBy(personId)));
  const standIns = lent.flat().filter((one) => isStandIn(asked, one, record));
  return [...own.map(({ personId }) => personId), ...standIns.map(({ to }) => to)];
}

function isStandIn(asked: Asked, delegation: Delegation, record: ChangeRecord): boolean {
  const { policy } = asked;
  const { from: personId, to, id } = delegation;
  const roles = rolesGiven(policy, delegation);
  const conflict = separationConflict(policy.roster, [...policy.rolesOf(to), ...roles]);
  if (!stands(asked, delegation) || conflict !== undefined) return false;
  return voteRefusal(record, { personId, roles, delegate: { personId: to, delegation: id } }) === undefined;
}

async function isReader(asked: Asked, personId: PersonId, record: ChangeRecord): Promise<boolean> {
  const person = asked.policy.roster.people.find((one) => one.personId === personId);
  if (person === undefined) return false;
  const principal = principalOf(person);
  return mayRead(asked, principal, record) || decidesForAnother(asked, principal, record);
}

function principalOf({ personId, accounts: [id = personId] }: Person): Principal {
  return { kind: 'person', id, personId };
}

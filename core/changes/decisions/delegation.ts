/**
 * Delegation: a person lets another cast their vote, for a time and perhaps for some of their roles. It counts as the vote of
 * who gave it, uses up the vote of who casts it, and goes no further: nobody passes on what they were given.
 */
import * as z from 'zod';
import { isoOf, msOf, type ChainHash, type IsoInstant, type PersonId } from '../../brands/index.ts';
import { canonicalize, toHex } from '../../canonical/index.ts';
import { parseEntry, type EntryDraft, type ItemWrite } from '../../ledger/index.ts';
import { actorOf, separationConflict, type Policy, type Principal } from '../../policy/index.ts';
import { parseInput, plainText } from '../operations/content.ts';
import type { Context } from '../recording/context.ts';
import { idemKeyOf, keyConflict, keyRefusal, recordedUnder } from '../recording/idempotency.ts';
import { peopleOnly } from '../recording/who-may.ts';
import {
  DELEGATION_GRANTED,
  DELEGATION_REVOKED,
  DELEGATIONS_CHAIN,
  type Delegation,
  type DelegationTerms,
  type StoredDelegation,
} from '../store/delegation-store.ts';
import { requirementOf, rolesFilled } from '../model/quorum.ts';
import type { ChangeRecord, StandingVote } from '../model/record.ts';
import { isRefused, refused, type Refusal, type Refused } from '../model/refusal.ts';
import type { Vote } from '../model/steps.ts';
import { defined, MS_PER_DAY } from '../../values/index.ts';

const MAX_DAYS = 30;
const MAX_STANDING = 20;

export const delegationInputSchema = z.strictObject({
  /** personId of who may vote instead */
  to: z.string().min(1).max(64).brand<'PersonId'>(),
  /** only for these; default: for every role the giver has when the vote is cast */
  roles: z.array(z.string().min(1).max(64)).min(1).max(10).exactOptional(),
  /** at most 30 days from now */
  until: z.iso.datetime().brand<'IsoInstant'>(),
  reason: plainText(1000),
});
export type DelegationInput = z.input<typeof delegationInputSchema>;

export interface Delegations {
  readonly given: readonly Delegation[];
  readonly received: readonly Delegation[];
}

/** Refused: CHANGE_INVALID | AGENTS_CANNOT_DECIDE | DELEGATION_INVALID */
export async function delegate(
  context: Context,
  {
    principal,
    input,
    idempotencyKey,
  }: { readonly principal: Principal; readonly input: unknown; readonly idempotencyKey?: string | undefined },
): Promise<Delegation | Refused> {
  if (principal.kind !== 'person') return peopleOnly(principal, 'delegate a vote');
  const parsed = parseInput(delegationInputSchema, input);
  if (isRefused(parsed)) return parsed;
  const grant: DelegationTerms = { ...parsed, from: principal.personId, until: isoOf(msOf(parsed.until)) };
  const badKey = keyRefusal(idempotencyKey);
  if (badKey !== undefined) return badKey;
  const idemKey = idempotencyKey === undefined ? undefined : idemKeyOf(principal, idempotencyKey);
  const before = await grantedUnder(context, grant, idemKey);
  if (before !== undefined) return before;
  const refusal = await grantRefusal(context, grant);
  if (refusal !== undefined) return refusal;
  const draft: EntryDraft = {
    ...{
      type: DELEGATION_GRANTED,
      actor: actorOf(principal),
      idem: context.ids.next(),
      data: { ...grant, ...context.under },
    },
  };
  const result = await context.appendUnder({
    entries: [{ chain: DELEGATIONS_CHAIN, draft, ...defined({ idemKey }) }],
    // What is over when it is stamped was looked at too long ago.
    writes: ([placed]) =>
      placed === undefined || msOf(placed.at) >= msOf(grant.until)
        ? 'withdraw'
        : context.delegations.granted(delegationOf(grant, placed)),
  });
  if (result.kind === 'refused') return result;
  const meanwhile = result.kind === 'exists' ? await grantedUnder(context, grant, idemKey) : undefined;
  if (meanwhile !== undefined) return meanwhile;
  if (result.kind !== 'appended' || result.entries[0] === undefined)
    return refused('CHANGE_BUSY', 'the delegation was not recorded: try again');
  return delegationOf(grant, result.entries[0]);
}

/** The same terms under the same key are the delegation that they were, whatever has become of it. */
async function grantedUnder(
  context: Context,
  grant: DelegationTerms,
  idemKey: string | undefined,
): Promise<Delegation | Refusal | undefined> {
  const entry = idemKey === undefined ? undefined : await recordedUnder(context, idemKey);
  if (entry === undefined) return undefined;
  const recorded = parseEntry(entry.note);
  if (recorded.kind !== 'entry' || recorded.body.type !== DELEGATION_GRANTED) return keyConflict('request');
  const { under: _under, ...terms } = recorded.body.data;
  if (canonicalize(terms) !== canonicalize(grant)) return keyConflict('delegation');
  const granted = delegationOf(grant, { hash: toHex(entry.hash), at: recorded.body.at });
  return (await context.delegations.find(grant.from, granted.id))?.delegation ?? granted;
}

/** By who gave it; a second time is answered with the first. Refused: AGENTS_CANNOT_DECIDE | DELEGATION_INVALID */
export async function endDelegation(
  context: Context,
  { principal, id }: { readonly principal: Principal; readonly id: string },
): Promise<Delegation | Refused> {
  if (principal.kind !== 'person') return peopleOnly(principal, 'revoke a delegation');
  const from = principal.personId;

  for (;;) {
    const stored = await context.delegations.find(from, id);
    if (stored === undefined)
      return refused('DELEGATION_INVALID', `${from} has given no delegation "${id.slice(0, 64)}": list them`);
    if (stored.delegation.revokedAt !== undefined) return stored.delegation;
    const draft: EntryDraft = {
      ...{ type: DELEGATION_REVOKED, actor: actorOf(principal), idem: `${id}#revoked` },
      data: { delegation: id, from, ...context.under },
    };
    const result = await context.appendUnder({
      entries: [{ chain: DELEGATIONS_CHAIN, draft }],
      writes: ([placed]) => (placed === undefined ? [] : context.delegations.revoked(stored, placed.at)),
    });
    if (result.kind === 'refused') return result;
    const at = result.kind === 'appended' ? result.entries[0]?.at : undefined;
    if (at !== undefined) return { ...stored.delegation, revokedAt: at };
  }
}

/** What the person has given and was given, ended ones included. Refused: AGENTS_CANNOT_DECIDE */
export async function listDelegations({ delegations }: Context, principal: Principal): Promise<Delegations | Refused> {
  if (principal.kind !== 'person') return peopleOnly(principal, 'have delegations');
  const { personId } = principal;
  const received = (await delegations.givenTo(personId)).map(({ delegation }) => delegation);
  return { given: inOrder(await delegations.givenBy(personId)), received: inOrder(received) };
}

/** Whose vote is cast, with which roles, and what must still be so when it is recorded. */
export interface Mandate extends Pick<Vote, 'personId' | 'roles' | 'delegate'> {
  readonly checks: readonly ItemWrite[];
}

/** Refused: DELEGATION_INVALID */
export async function votingAs(
  context: Context,
  personId: PersonId,
  onBehalfOf: PersonId = personId,
): Promise<Mandate | Refusal> {
  const { policy, delegations } = context;
  if (onBehalfOf === personId) return ownMandate(policy, personId);
  const given = await delegations.givenTo(personId, onBehalfOf);
  const standing = given.find(({ delegation }) => stands(context, delegation));
  if (standing === undefined)
    return refused('DELEGATION_INVALID', `${onBehalfOf} has not delegated to ${personId}, or it is over`);
  const mandate = mandateOf(policy, standing);
  return separationRefusal(policy, standing.delegation, mandate.roles) ?? mandate;
}

/** Every vote that the person could cast: their own, then one for each who has delegated to them. */
export async function mandatesOf(context: Context, personId: PersonId): Promise<readonly Mandate[]> {
  const { policy, delegations } = context;
  const given = await delegations.givenTo(personId);
  const standing = given.filter(({ delegation }) => stands(context, delegation));
  // As votingAs chooses: of several by one person, the first.
  const firsts = standing.filter(
    ({ delegation: { from } }, i) => standing.findIndex((one) => one.delegation.from === from) === i,
  );
  const lent = firsts.map((stored) => ({ mandate: mandateOf(policy, stored), ...stored }));
  const apart = lent.filter(({ mandate, delegation }) => conflictOf(policy, delegation, mandate.roles) === undefined);
  return [ownMandate(policy, personId), ...apart.map(({ mandate }) => mandate)];
}

type Delegating = Pick<Context, 'policy' | 'clock' | 'delegations'>;

/** Somebody whose decision is asked for has delegated theirs to this person. */
export async function decidesForAnother(
  context: Delegating,
  principal: Principal,
  record: ChangeRecord,
): Promise<boolean> {
  const requirement = requirementOf(record);
  if (principal.kind !== 'person' || requirement === undefined) return false;
  const given = await context.delegations.givenTo(principal.personId);
  return given.some(
    ({ delegation }) =>
      stands(context, delegation) && rolesFilled(requirement, rolesGiven(context.policy, delegation)).length > 0,
  );
}

export interface VotesNow {
  readonly voters: readonly StandingVote[];
  /** that nobody revokes the delegations among them */
  readonly checks: readonly ItemWrite[];
}

/**
 * The votes as they count now: with the roles their owners hold now, without those whose delegation was revoked since. A
 * delegation that has only run out was good when the vote was cast, and the vote stays.
 */
export async function votersNow({ policy, delegations }: Context, votes: readonly StandingVote[]): Promise<VotesNow> {
  const voters: StandingVote[] = [];
  const checks: ItemWrite[] = [];
  for (const vote of votes) {
    const { personId, delegate: by } = vote;
    if (by === undefined) {
      voters.push({ ...vote, roles: [...policy.rolesOf(personId)] });
      continue;
    }
    const stored = await delegations.find(personId, by.delegation);
    if (stored === undefined || stored.delegation.revokedAt !== undefined) continue;
    const roles = rolesGiven(policy, stored.delegation);
    const isStillApart = separationConflict(policy.roster, [...policy.rolesOf(by.personId), ...roles]) === undefined;
    if (policy.rolesOf(by.personId).length === 0 || !isStillApart) continue;
    voters.push({ ...vote, roles });
    checks.push(stored.check);
  }
  return { voters, checks };
}

async function grantRefusal(context: Context, grant: DelegationTerms): Promise<Refusal | undefined> {
  const { policy, delegations } = context;
  const { from, to, roles = [], until } = grant;
  const invalid = (why: string): Refusal => refused('DELEGATION_INVALID', why);
  if (to === from) return invalid('a delegation to oneself changes nothing: name another person');
  if (policy.rolesOf(to).length === 0) return invalid(`"${to}" is not a person of the roster: only people decide`);
  const foreign = roles.find((role) => !policy.rolesOf(from).includes(role));
  if (foreign !== undefined) return invalid(`${from} does not hold "${foreign}": nobody gives what they do not have`);
  const [end, time] = [msOf(until), context.clock.now()];
  if (end <= time || end > time + MAX_DAYS * MS_PER_DAY)
    return invalid(`until ${until}: choose a time in the next ${MAX_DAYS} days`);
  const conflict = separationRefusal(policy, grant, rolesGiven(policy, grant));
  if (conflict !== undefined) return conflict;
  const standing = (await delegations.givenBy(from)).filter((one) => stands(context, one));
  return standing.length >= MAX_STANDING
    ? invalid(`${from} has ${MAX_STANDING} delegations: revoke one first`)
    : undefined;
}

export function stands({ clock }: Pick<Context, 'clock'>, { revokedAt, until }: Delegation): boolean {
  return revokedAt === undefined && clock.now() < msOf(until);
}

/** What is left of the delegated roles: nobody votes with a role that the giver has lost. */
export function rolesGiven(
  { rolesOf }: Pick<Policy, 'rolesOf'>,
  { from, roles }: Pick<DelegationTerms, 'from' | 'roles'>,
): string[] {
  return rolesOf(from)
    .filter((role) => roles?.includes(role) ?? true)
    .sort();
}

function ownMandate({ rolesOf }: Policy, personId: PersonId): Mandate {
  return { personId, roles: [...rolesOf(personId)].sort(), checks: [] };
}

function mandateOf(policy: Policy, { delegation, check }: StoredDelegation): Mandate {
  const { id, from, to } = delegation;
  const roles = rolesGiven(policy, delegation);
  return { personId: from, roles, delegate: { personId: to, delegation: id }, checks: [check] };
}

/** Separation of duties holds for who acts, whoever lent the role. */
function separationRefusal(policy: Policy, grant: DelegationTerms, roles: readonly string[]): Refusal | undefined {
  const pair = conflictOf(policy, grant, roles);
  return pair === undefined
    ? undefined
    : refused(
        'DELEGATION_INVALID',
        `${grant.to} would act as "${pair[0]}" and "${pair[1]}", which the roster keeps apart`,
      );
}

function conflictOf(
  { roster, rolesOf }: Policy,
  { to }: DelegationTerms,
  roles: readonly string[],
): ReturnType<typeof separationConflict> {
  return separationConflict(roster, [...rolesOf(to), ...roles]);
}

function delegationOf(
  grant: DelegationTerms,
  { hash: id, at: grantedAt }: { readonly hash: ChainHash; readonly at: IsoInstant },
): Delegation {
  return { ...grant, id, grantedAt };
}

/** Oldest first. */
function inOrder(delegations: readonly Delegation[]): Delegation[] {
  return [...delegations].sort((a, b) => msOf(a.grantedAt) - msOf(b.grantedAt));
}

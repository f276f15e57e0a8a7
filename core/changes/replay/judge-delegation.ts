/** Was the person entitled to lend this vote, or to take it back? */
import { msOf, type PersonId } from '../../brands/index.ts';
import type { DelegationTerms } from '../store/delegation-store.ts';
import { CLOCK_SLACK_MS, type InForce } from './authority.ts';
import { apartProblem, givenRoles } from './judge-decision.ts';
import { otherPerson } from './principals.ts';
import type { ReplayEntry } from './replay-entry.ts';

const MAX_DELEGATION_MS = 30 * 86_400_000;

export function judgeGrant({ body }: ReplayEntry, grant: DelegationTerms, inForce: InForce): string | undefined {
  const { from, to, roles = [], until } = grant;
  const { policy } = inForce;
  const other = otherPerson(inForce, body.actor, from);
  if (other !== undefined) return other;
  if (to === from || policy.rolesOf(to).length === 0) return `"${to}" is no other person of the roster in force`;
  const foreign = roles.find((role) => !policy.rolesOf(from).includes(role));
  if (foreign !== undefined) return `${from} does not hold "${foreign}"`;
  const [at, end] = [msOf(body.at), msOf(until)];
  if (end <= at - CLOCK_SLACK_MS || end > at + MAX_DELEGATION_MS + CLOCK_SLACK_MS)
    return `it was given until ${until}, which is not within 30 days`;
  return apartProblem(inForce, to, givenRoles(inForce, grant));
}

export function judgeRevocation(
  { body }: ReplayEntry,
  revoked: { readonly delegation: string; readonly from: PersonId },
  { inForce, known }: { readonly inForce: InForce; readonly known: Pick<DelegationTerms, 'from'> | undefined },
): string | undefined {
  if (known?.from !== revoked.from) return `${revoked.from} has given no such delegation`;
  return otherPerson(inForce, body.actor, revoked.from);
}

/** The rights that a subscription rests on: its owner's, by the policy of this moment. */
import { PolicyError, type Policy, type Principal } from '../../policy/index.ts';
import type { Subscription } from './subscription.ts';

/** The configuration may have changed since it was made: what is declared now is what counts. */
export function requireRights(policy: Policy, principal: Principal, topics: readonly string[]): void {
  for (const topic of topics) policy.require(principal, 'subscribes', topic);
}

/** Whoever resumes it, it is its owner's events that flow. @throws PolicyError FORBIDDEN */
export function requireOwnersRights(policy: Policy, { module, topics }: Subscription): void {
  const owner = policy.principal(module);
  if (owner !== undefined) {
    requireRights(policy, owner, topics);
    return;
  }
  const message = `the subscription belongs to "${module}", who is nobody any more: declare it in nervous.config.ts`;
  throw new PolicyError({ code: 'FORBIDDEN', message });
}

export function maySeeAll(policy: Policy, principal: Principal): boolean {
  return policy.isAuditor(principal) || policy.isOperator(principal);
}

export function hasRights(policy: Policy, { module, topics }: Subscription): boolean {
  const principal = policy.principal(module);
  return principal !== undefined && topics.every((topic) => policy.may(principal, 'subscribes', topic));
}

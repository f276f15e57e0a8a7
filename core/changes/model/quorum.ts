import { defined } from '../../values/index.ts';

/**
 * Is the quorum there? Counts people, never accounts; one person fills one slot however many roles they hold; every
 * required role needs a person of its own. Pure: who may vote at all is decided before.
 */

export interface Requirement {
  /** each needs a person of its own (AND) */
  readonly roles: readonly string[];
  /** people in all; those beyond the roles may hold any of them */
  readonly approvals: number;
  /** since an escalation: for each role, further roles whose holders may fill it too; it widens and never lowers */
  readonly eligible?: Eligible;
}

export type Eligible = Readonly<Record<string, readonly string[]>>;

export interface Voter {
  readonly personId: string;
  readonly roles: readonly string[];
}

export interface Quorum {
  readonly reached: boolean;
  /** roles for which a person is still missing */
  readonly missingRoles: readonly string[];
  /** people still needed, those for the missing roles included */
  readonly missingApprovals: number;
}

export function countQuorum({ roles, approvals, eligible }: Requirement, approvers: readonly Voter[]): Quorum {
  const people = new Map(
    approvers
      .map(({ personId, roles: held }) => ({ personId, roles: rolesFilled({ roles, eligible }, held) }))
      .filter((voter) => voter.roles.length > 0)
      .map((voter) => [voter.personId, voter]),
  );
  const filled = assignRoles(roles, [...people.values()]);
  const missingRoles = roles.filter((role) => !filled.has(role));
  const missingApprovals = Math.max(approvals - people.size, missingRoles.length, 0);
  return { reached: missingApprovals === 0, missingRoles, missingApprovals };
}

export interface Ballot extends Voter {
  readonly decision: 'approve' | 'reject' | 'request-changes';
}

/** As the votes stand: approvals count, and are not enough while anybody rejects or asks for changes. */
export function standingQuorum(requirement: Requirement, votes: readonly Ballot[]): Quorum {
  const approvals = votes.filter(({ decision }) => decision === 'approve');
  const quorum = countQuorum(requirement, approvals);
  return { ...quorum, reached: quorum.reached && approvals.length === votes.length };
}

/** The needed roles that somebody who holds `held` may fill. */
export function rolesFilled(
  { roles, eligible = {} }: { readonly roles: readonly string[]; readonly eligible?: Eligible | undefined },
  held: readonly string[],
): string[] {
  return roles.filter((role) => [role, ...(eligible[role] ?? [])].some((one) => held.includes(one)));
}

/** What the assessment in force asks for, with what an escalation added; undefined while there is none. */
export function requirementOf({
  assessment,
  eligible,
}: {
  readonly assessment?: Requirement;
  readonly eligible?: Eligible;
}): Requirement | undefined {
  if (assessment === undefined) return undefined;
  const { roles, approvals } = assessment;
  return { roles, approvals, ...defined({ eligible }) };
}

/** Largest assignment of people to roles, one each (augmenting paths): role → personId. */
function assignRoles(roles: readonly string[], people: readonly Voter[]): ReadonlyMap<string, string> {
  const holderOf = new Map<string, string>();
  const roleOf = new Map<string, string>();
  const assign = (role: string, tried: Set<string>): boolean => {
    for (const { personId, roles: held } of people) {
      if (tried.has(personId) || !held.includes(role)) continue;
      tried.add(personId);
      const current = roleOf.get(personId);
      // A taken person is free when somebody else can take over the role they fill now.
      if (current === undefined || assign(current, tried)) {
        holderOf.set(role, personId);
        roleOf.set(personId, role);
        return true;
      }
    }
    return false;
  };
  for (const role of roles) assign(role, new Set());
  return holderOf;
}

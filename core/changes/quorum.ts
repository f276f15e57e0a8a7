/**
 * Is the quorum there? Counts people, never accounts; one person fills one slot however many roles they hold; every
 * required role needs a person of its own. Pure: who may vote at all is decided before.
 */

export interface Requirement {
  /** each needs a person of its own (AND) */
  readonly roles: readonly string[];
  /** people in all; those beyond the roles may hold any of them */
  readonly approvals: number;
}

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

export function countQuorum({ roles, approvals }: Requirement, approvers: readonly Voter[]): Quorum {
  const people = new Map(
    approvers
      .filter((voter) => voter.roles.some((role) => roles.includes(role)))
      .map((voter) => [voter.personId, voter]),
  );
  const filled = assignRoles(roles, [...people.values()]);
  const missingRoles = roles.filter((role) => !filled.has(role));
  const missingApprovals = Math.max(approvals - people.size, missingRoles.length, 0);
  return { reached: missingApprovals === 0, missingRoles, missingApprovals };
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

/** Quorum by person and role, against trying every assignment. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countQuorum, type Requirement, type Voter } from '../../../../core/changes/index.ts';

const ROLES = ['owner', 'risk', 'security', 'legal'];
const requirement = fc.record({
  roles: fc.uniqueArray(fc.constantFrom(...ROLES)),
  approvals: fc.integer({ min: 0, max: 5 }),
});
const voters = fc.array(
  fc.record({
    personId: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    roles: fc.uniqueArray(fc.constantFrom(...ROLES, 'guest')),
  }),
  { maxLength: 6 },
);

/** Every way to give the roles to different people: the most roles filled. */
function mostFilled(roles: readonly string[], people: readonly Voter[]): number {
  const [role, ...rest] = roles;
  if (role === undefined) return 0;
  const without = mostFilled(rest, people);
  const withOne = people
    .filter((p) => p.roles.includes(role))
    .map(
      (p) =>
        1 +
        mostFilled(
          rest,
          people.filter((o) => o !== p),
        ),
    );
  return Math.max(without, ...withOne);
}

function bruteForce({ roles, approvals }: Requirement, all: readonly Voter[]): { reached: boolean; missing: number } {
  const people = [
    ...new Map(all.filter((v) => v.roles.some((r) => roles.includes(r))).map((v) => [v.personId, v])).values(),
  ];
  const unfilled = roles.length - mostFilled(roles, people);
  const missing = Math.max(unfilled, approvals - people.length, 0);
  return { reached: missing === 0, missing };
}

describe('quorum', () => {
  it('is reached exactly when some assignment of different people fills every role', () => {
    fc.assert(
      fc.property(requirement, voters, (needed, all) => {
        const quorum = countQuorum(needed, all);
        expect({ reached: quorum.reached, missing: quorum.missingApprovals }).toEqual(bruteForce(needed, all));
        expect(quorum.missingRoles.every((role) => needed.roles.includes(role))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('moves a person with two roles to where they are needed', () => {
    const needed = { roles: ['owner', 'risk'], approvals: 2 };
    const both = { personId: 'otto', roles: ['owner', 'risk'] };
    expect(countQuorum(needed, [both]).reached).toBe(false);
    expect(countQuorum(needed, [both, { personId: 'ann', roles: ['owner'] }]).reached).toBe(true);
    expect(countQuorum(needed, [both, both]).reached).toBe(false);
  });
});

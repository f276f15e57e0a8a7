/** Whom an event about a change-set concerns: reminders, escalation, break-glass, reviews and failed rollbacks, each to its people. */
import { describe, expect, it } from 'vitest';
import type { ChangeAudience } from '../../../../core/changes/index.ts';
import { createChangeAudience } from '../../../../core/changes/index.ts';
import { createPolicy, rosterSchema } from '../../../../core/policy/index.ts';
import { fixedGovernance } from '../../../support/fixed-governance.ts';
import { createFixture, decision, modules, patchOf, proposal, risk, roster, who, type Fixture } from '../fixture.ts';

function audienceOf(fixture: Fixture, people = roster): ChangeAudience {
  const governance = fixedGovernance(createPolicy(people, modules), risk, modules);
  return createChangeAudience({ ledger: 'main', items: fixture.store, clock: fixture.clock, governance });
}

async function moneyOf(fixture: Fixture, by = 'pete'): Promise<string> {
  return (await fixture.changes.propose(who(by), proposal([patchOf('/balance', 7)]))).change.id;
}

const told = async (audience: ChangeAudience, topic: string, id: string): Promise<Record<string, string>> =>
  Object.fromEntries([...(await audience.concernedBy(topic, id))].sort(([a], [b]) => (a < b ? -1 : 1)));

describe('a change-set that waits', () => {
  it('concerns who could vote now: not who proposed, not who has voted', async () => {
    const fixture = createFixture();
    const id = await moneyOf(fixture, 'ann');
    const audience = audienceOf(fixture);
    const deciders = { bob: 'decides', otto: 'decides', rita: 'decides' };
    expect(await told(audience, 'approvals.requested', id)).toEqual(deciders);
    expect(await told(audience, 'approvals.reminded', id)).toEqual(deciders);
    expect(await told(audience, 'approvals.escalated', id)).toEqual({ ...deciders, ann: 'proposed' });
    await fixture.changes.decide(who('bob'), id, decision(await fixture.changes.get(who('aud'), id)));
    expect(await told(audience, 'approvals.reminded', id)).toEqual({ otto: 'decides', rita: 'decides' });
    expect(await told(audience, 'approvals.decided', id)).toEqual({ ann: 'proposed', bob: 'voted' });
  });

  it('of an agent concerns its owner as who proposed, and not as who decides', async () => {
    const fixture = createFixture();
    const id = await moneyOf(fixture, 'advisor');
    const audience = audienceOf(fixture);
    expect(await told(audience, 'approvals.requested', id)).not.toHaveProperty('bob');
    expect(await told(audience, 'approvals.ended', id)).toEqual({ bob: 'proposed' });
  });

  it('concerns nobody who may not read it any more', async () => {
    const fixture = createFixture();
    const id = await moneyOf(fixture);
    expect(await audienceOf(fixture).mayRead(roster.people[2]?.personId ?? raise(), id)).toBe(true);
    const without = rosterSchema.parse({
      ...roster,
      people: roster.people.filter(({ personId }) => personId !== 'rita'),
    });
    const audience = audienceOf(fixture, without);
    expect(await audience.mayRead(roster.people[2]?.personId ?? raise(), id)).toBe(false);
    expect(await told(audience, 'approvals.requested', id)).toEqual({
      ann: 'decides',
      bob: 'decides',
      otto: 'decides',
    });
    expect(await audience.mayRead(roster.people[0]?.personId ?? raise(), 'no-such')).toBe(false);
  });
});

it.each([
  [
    'approvals.overridden',
    { ann: 'decides', aud: 'oversees', bob: 'decides', otto: 'decides', pete: 'proposed', rita: 'decides' },
  ],
  [
    'approvals.rollback_failed',
    { ann: 'resolves', aud: 'oversees', bob: 'resolves', otto: 'resolves', pete: 'proposed', rita: 'resolves' },
  ],
  ['approvals.no_such', {}],
  ['constructor', {}],
])('%s concerns %j', async (topic, people) => {
  const fixture = createFixture();
  expect(await told(audienceOf(fixture), topic, await moneyOf(fixture))).toEqual(people);
});

function raise(): never {
  throw new Error('the roster has nobody there');
}

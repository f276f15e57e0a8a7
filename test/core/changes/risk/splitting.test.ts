/** A large change in small pieces is as large as it is: over a day, over agents of one owner, over people on one entity. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { riskSchema, RISK_LEVELS, type RiskConfig } from '../../../../core/changes/index.ts';
import { createPolicy, rosterSchema } from '../../../../core/policy/index.ts';
import type { ChangeView } from '../../../../core/changes/index.ts';
import { createFixture, decision, hours, modules, patchOf, proposal, roster, who, type Fixture } from '../fixture.ts';

const LIMIT = 1_000;
const rule = { roles: ['owner'], approvals: 1 };
const tableOf = (fact: 'initiator' | 'onEntity', more: object = {}): RiskConfig =>
  riskSchema.parse({
    ...{ version: '1', moneyPaths: ['/balance'], ...more },
    rules: [
      { name: 'any', when: { entity: [{ exists: true }] }, level: 'L1', ...rule },
      { name: 'day', when: { [fact]: { recentMoved: [{ numeric: ['>', LIMIT] }] } }, level: 'L3', ...rule },
    ],
  });

/** Two agents of bob's beside his own account. */
const twoAgents = rosterSchema.parse({
  ...roster,
  agents: [...roster.agents, { ...roster.agents[0], id: 'advisor-2', proven: true }],
});
const policy = createPolicy(twoAgents, modules);

/** `by` wants `amount` to stand on an account. */
async function put(
  fixture: Fixture,
  by: string,
  [entityId, amount]: readonly [string, number],
  risk: RiskConfig,
): Promise<ChangeView> {
  const changes = fixture.other({ risk, policy });
  const operations = [{ type: 'state.put', payload: { balance: amount } }];
  return (await changes.propose(who(by, twoAgents), proposal(operations, { entityId }))).change;
}

const rank = (level: string | undefined): number => RISK_LEVELS.indexOf(level as (typeof RISK_LEVELS)[number]);
const factsOf = ({ risk }: ChangeView): Record<string, Record<string, unknown>> => (risk?.facts ?? {}) as never;

describe('money moved in a day', () => {
  it('is never less for being split, by one initiator over many entities', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 6 }), async (parts) => {
        const whole = parts.reduce((sum, part) => sum + part, 0);
        const one = await put(createFixture(), 'pete', ['account:whole', whole], tableOf('initiator'));
        const fixture = createFixture();
        const levels: number[] = [];
        for (const [i, part] of parts.entries())
          levels.push(rank((await put(fixture, 'pete', [`account:${i}`, part], tableOf('initiator'))).risk?.level));
        expect(Math.max(...levels)).toBeGreaterThanOrEqual(rank(one.risk?.level));
        expect(levels).toEqual([...levels].sort());
      }),
      { numRuns: 40 },
    ));

  it('counts for everybody the same person answers for, so two agents are no way around', async () => {
    const fixture = createFixture();
    const table = tableOf('initiator');
    const levels = [];
    for (const [i, by] of ['advisor', 'advisor-2', 'bob', 'ann'].entries())
      levels.push((await put(fixture, by, [`account:${i}`, 400], table)).risk?.level);
    expect(levels).toEqual(['L1', 'L1', 'L3', 'L1']);
  });

  it('counts on the entity, whoever proposes', async () => {
    const fixture = createFixture();
    const levels = [];
    for (const [by, entity] of [
      ['pete', 'account:1'],
      ['ann', 'account:1'],
      ['otto', 'account:1'],
      ['otto', 'account:2'],
    ] as const)
      levels.push((await put(fixture, by, [entity, 400], tableOf('onEntity'))).risk?.level);
    expect(levels).toEqual(['L1', 'L1', 'L3', 'L1']);
  });

  it('counts when proposals are made at once, also by two processes', async () => {
    const fixture = createFixture();
    const made = await Promise.all(
      Array.from({ length: 6 }, (_, i) =>
        put(fixture, i % 2 === 0 ? 'ann' : 'otto', ['account:1', 300], tableOf('onEntity')),
      ),
    );
    const counted = made.map((change) => factsOf(change)['onEntity']?.['recentMoved']);
    expect([...counted].sort((a, b) => Number(a) - Number(b))).toEqual([300, 600, 900, 1200, 1500, 1800]);
  });

  it('is counted anew when a change-set is revised, from that time on', async () => {
    const fixture = createFixture();
    const table = tableOf('initiator');
    const changes = fixture.other({ risk: table, policy });
    const first = await put(fixture, 'pete', ['account:1', 1], table);
    await fixture.clock.advance(hours(30));
    const operations = [{ type: 'state.put', payload: { balance: 900 } }];
    await changes.revise(who('pete'), first.id, { title: 'More', rationale: 'More.', operations });
    const second = await put(fixture, 'pete', ['account:2', 200], table);
    expect(factsOf(second)['initiator']).toMatchObject({ recentChanges: 2, recentMoved: 1100, recentEntities: 2 });
    expect(second.risk?.level).toBe('L3');
  });

  it('is counted anew also when it is revised within the same millisecond', async () => {
    const fixture = createFixture();
    const table = tableOf('initiator');
    const first = await put(fixture, 'pete', ['account:1', 1], table);
    const operations = [{ type: 'state.put', payload: { balance: 900 } }];
    await fixture
      .other({ risk: table, policy })
      .revise(who('pete'), first.id, { title: 'M', rationale: 'M', operations });
    const second = await put(fixture, 'pete', ['account:2', 200], table);
    expect(factsOf(second)['initiator']).toMatchObject({ recentChanges: 2, recentMoved: 1100 });
  });

  it('counts what was executed, and not what was refused', async () => {
    const fixture = createFixture();
    const table = tableOf('initiator');
    const changes = fixture.other({ risk: table, policy });
    const executed = await put(fixture, 'pete', ['account:1', 300], table);
    await changes.decide(who('ann'), executed.id, decision(executed));
    expect(await changes.advance(executed.id)).toEqual({ kind: 'end', state: 'executed' });
    const rejected = await put(fixture, 'pete', ['account:2', 300], table);
    await changes.decide(who('ann'), rejected.id, decision(rejected, 'reject'));
    expect(factsOf(await put(fixture, 'pete', ['account:3', 5], table))['initiator']).toMatchObject({
      recentMoved: 305,
    });
  });

  it('ends after 24 hours, to the millisecond', async () => {
    const fixture = createFixture();
    const table = tableOf('initiator');
    await put(fixture, 'pete', ['account:1', 600], table);
    await fixture.clock.advance(hours(24));
    expect((await put(fixture, 'pete', ['account:2', 600], table)).risk?.level).toBe('L3');
    await fixture.clock.advance(1);
    expect(factsOf(await put(fixture, 'pete', ['account:3', 1], table))['initiator']).toMatchObject({
      recentMoved: 601,
    });
  });
});

describe('how many may wait', () => {
  it('is bounded for a sponsor, exactly, also when all are proposed at once', async () => {
    const fixture = createFixture();
    const table = tableOf('initiator', { maxOpen: 3 });
    const made = await Promise.allSettled(
      Array.from({ length: 6 }, (_, i) =>
        put(fixture, i % 2 === 0 ? 'advisor' : 'advisor-2', [`account:${i}`, 1], table),
      ),
    );
    const refused = made.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
    expect(refused.map(({ reason }) => (reason as { code: string }).code)).toEqual(Array(3).fill('TOO_MANY_OPEN'));
    await expect(put(fixture, 'bob', ['account:9', 1], table)).rejects.toMatchObject({
      message: 'person:bob has 3 change-sets waiting: let some be decided, or withdraw what is not needed',
    });
    const open = made.find(({ status }) => status === 'fulfilled') as PromiseFulfilledResult<ChangeView>;
    await fixture.changes.withdraw(who('bob'), open.value.id);
    await put(fixture, 'bob', ['account:9', 1], table);
    await put(fixture, 'ann', ['account:9', 1], table);
  });
});

describe('agents', () => {
  it('are proven or not by the roster, and people are neither', async () => {
    const fixture = createFixture();
    const proven = async (by: string): Promise<unknown> =>
      factsOf(await put(fixture, by, ['account:1', 1], tableOf('onEntity')))['initiator']?.['proven'];
    expect([await proven('advisor'), await proven('advisor-2'), await proven('pete')]).toEqual([
      false,
      true,
      undefined,
    ]);
  });
});

describe('sensitive data', () => {
  it('is a fact when an operation touches it, also when it puts back what was there', async () => {
    const fixture = createFixture();
    const risk = riskSchema.parse({ version: '1', sensitivePaths: ['/holder', '/kin/*'], rules: [] });
    const changes = fixture.other({ risk });
    const touched = async (...operations: object[]): Promise<unknown> =>
      factsOf((await changes.propose(who('pete'), proposal(operations))).change)['sensitive'];
    expect(await touched(patchOf('/note', 1))).toEqual({ touched: false, erases: false, paths: [] });
    expect(await touched(patchOf('/kin', [{ name: 'Eva' }]))).toMatchObject({ touched: true, paths: ['/kin/*'] });
    const there = patchOf('/holder', 'x');
    const back = patchOf('/holder', undefined, 'remove');
    expect(await touched(there, { ...back, payload: [{ op: 'remove', path: '/holder' }] })).toMatchObject({
      touched: true,
      paths: ['/holder'],
    });
  });
});

/** The risk table: strictest wins, no match is large, errors block, facts come from the document and never from the proposer. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { riskProblems, riskSchema, RISK_LEVELS } from '../../../../core/changes/index.ts';
import { factsOf } from '../../../../core/changes/risk/facts.ts';
import { createRiskTable } from '../../../../core/changes/risk/risk.ts';
import { rightsSchema } from '../../../../core/policy/roster.ts';
import { contentsOf, createFixture, decision, ENTITY, hours, patchOf, proposal, roster, who } from '../fixture.ts';

const rule = (name: string, more: object = {}): object => ({
  name,
  when: { entity: ['x'] },
  level: 'L1',
  roles: ['owner'],
  approvals: 1,
  ...more,
});
const table = (rules: object[], more: object = {}): ReturnType<typeof riskSchema.safeParse> =>
  riskSchema.safeParse({ version: '1', rules, ...more });
const problems = (rules: object[], more: object = {}): string[] =>
  (table(rules, more).error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);

describe('the table', () => {
  it('takes the highest level, all roles, the most approvals and the longest lock of every rule that matches', () => {
    const level = fc.constantFrom(...RISK_LEVELS.slice(1));
    const arbitrary = fc.record({
      level,
      roles: fc.uniqueArray(fc.constantFrom('owner', 'risk', 'security'), { minLength: 1 }),
      approvals: fc.integer({ min: 1, max: 10 }),
      timelockMinutes: fc.integer({ min: 0, max: 100 }),
      matches: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(arbitrary, { maxLength: 8 }), (rules) => {
        const config = riskSchema.parse({
          version: '1',
          rules: rules.map(({ matches, ...rest }, i) => ({
            ...rest,
            name: `r${i}`,
            when: { entity: [matches ? 'x' : 'y'] },
          })),
        });
        const risk = createRiskTable(config).assess({ entity: 'x' });
        const matching = rules.filter(({ matches }) => matches);
        if (matching.length === 0) {
          expect(risk).toMatchObject({ level: 'L3', roles: ['owner', 'risk'], approvals: 2, matched: [] });
          return;
        }
        expect(risk.level).toBe(
          matching
            .map(({ level: l }) => l)
            .sort()
            .at(-1),
        );
        expect(new Set(risk.roles)).toEqual(new Set(matching.flatMap(({ roles }) => roles)));
        expect(risk.approvals).toBe(Math.max(risk.roles.length, ...matching.map(({ approvals }) => approvals)));
        expect(risk.timelockMinutes).toBe(Math.max(...matching.map(({ timelockMinutes }) => timelockMinutes)));
      }),
    );
  });

  it('refuses rules that mean something else than they say, with their path', () => {
    expect(problems([rule('a', { when: { entity: 'x' } })])[0]).toMatch(/^rules\.0\.when: is not a pattern: \/entity/);
    expect(problems([rule('a', { when: [] })])[0]).toMatch(/^rules\.0\.when/);
    expect(problems([rule('a', { when: undefined })])[0]).toMatch(/^rules\.0\.when/);
    expect(problems([rule('a'), rule('a')])).toEqual(['rules.1.name: "a" appears twice']);
    expect(problems([rule('a', { level: 'L0' })])[0]).toMatch(/^rules\.0\.approvals: L0/);
    expect(problems([rule('a', { approvals: 0 })])[0]).toMatch(/^rules\.0\.approvals: L1 needs/);
    expect(problems([rule('a', { roles: [] })])[0]).toMatch(/^rules\.0\.roles: L1 needs/);
    expect(problems([rule('a', { timelockMinutes: 120 })], { decisionHours: 2 })[0]).toMatch(/would always expire/);
    expect(problems([rule('a')], { moneyPaths: ['balance'] })[0]).toMatch(/^moneyPaths\.0/);
    expect(problems([rule('a', { extra: 1 })])[0]).toMatch(/^rules\.0/);
  });

  it('U10: refuses to wait for operators, in rules and in escalation', () => {
    const escalation = { afterHours: 1, roles: { owner: ['operator'] } };
    const rules = [rule('a', { roles: ['owner', 'operator'] })];
    const faults = riskProblems(riskSchema.parse({ version: '1', escalation, rules }), {
      ...roster,
      roles: { ...roster.roles, operator: rightsSchema.parse({}) },
    });
    expect(faults.map(({ path }) => path)).toEqual([
      ['risk', 'rules', 0, 'roles', 1],
      ['risk', 'escalation', 'roles', 'owner'],
    ]);
  });

  it('refuses roles the roster does not declare', () => {
    const config = riskSchema.parse({ version: '1', rules: [rule('a', { roles: ['owner', 'nobody'] })] });
    expect(riskProblems(config, roster)).toEqual([
      { path: ['risk', 'rules', 0, 'roles', 1], message: 'role "nobody" is not declared in roster.roles' },
    ]);
    const { risk: _risk, ...roles } = roster.roles;
    expect(riskProblems(riskSchema.parse({ version: '1', rules: [] }), { ...roster, roles })[0]?.message).toMatch(
      /"risk"/,
    );
  });
});

describe('facts', () => {
  const facts = (
    before: object | null,
    after: object[],
    moneyPaths = ['/balance', '/limits/*'],
  ): Record<string, unknown> =>
    factsOf({
      ...{
        entityId: 'account:1',
        initiator: 'agent:a:b',
        proven: true,
        moneyPaths,
        sensitivePaths: ['/name', '/kin/*'],
      },
      ...{ erases: false, freezes: [], onEntity: [] },
      byInitiator: [5, 7, 9].map((moved) => ({ entityId: 'account:2', moved })),
      operations: after.map(
        () => ({ type: 'state.put', payload: null, executor: 'state.put@1', inverse: 'restore-before-image' }) as const,
      ),
      before: before as never,
      after: after as never,
    });

  it('say that a document is made only where there was none and is one', () => {
    const creates = (before: object | null, ...after: (object | null)[]): unknown =>
      facts(before, after as object[])['creates'];
    expect(creates(null, { a: 1 })).toBe(true);
    expect(creates(null, { a: 1 }, { a: 2 })).toBe(true);
    expect(creates(null, { a: 1 }, null)).toBe(false);
    expect(creates({ a: 1 }, { a: 2 })).toBe(false);
    expect(creates({ a: 1 }, null)).toBe(false);
  });

  it('are the same whatever the proposer calls them', () => {
    expect(facts(null, [{ a: 1 }])).toEqual({
      entity: 'account:1',
      initiator: { kind: 'agent', id: 'a:b', proven: true, recentChanges: 4, recentMoved: 21, recentEntities: 2 },
      onEntity: { recentChanges: 1, recentMoved: 0 },
      operations: { count: 1, types: ['state.put'] },
      reversible: true,
      creates: true,
      money: { touched: false, moved: 0 },
      sensitive: { touched: false, erases: false, paths: [] },
      freeze: { active: false, names: [] },
      bytesChanged: JSON.stringify([{ op: 'replace', path: '', value: { a: 1 } }]).length,
    });
  });

  it('count the money every operation moves, there and back, rounded up', () => {
    const moved = (before: object | null, ...after: object[]): unknown => facts(before, after)['money'];
    expect(moved({ balance: '10.00' }, { balance: '10.0' })).toEqual({ touched: false, moved: 0 });
    expect(moved({ balance: '10.00' }, { balance: '9.99' })).toEqual({ touched: true, moved: 1 });
    expect(moved({ balance: 10 }, { balance: '-5' })).toEqual({ touched: true, moved: 15 });
    expect(moved({ balance: 1 }, { balance: 1001 }, { balance: 1 })).toEqual({ touched: true, moved: 2000 });
    expect(moved({ limits: { day: 5, year: 9 } }, { limits: { year: 9 } })).toEqual({ touched: true, moved: 5 });
    expect(moved({}, { limits: [1, 2], balance: null })).toEqual({ touched: true, moved: 3 });
    expect(moved(null, { balance: '9'.repeat(60) })).toEqual({ touched: true, moved: Number.MAX_SAFE_INTEGER });
    expect(moved({ other: 1 }, { other: 2 })).toEqual({ touched: false, moved: 0 });
  });

  it('block when an amount cannot be read: nothing is written', async () => {
    const fixture = createFixture();
    for (const value of ['1e3', 'many', { a: 1 }, true, '', ' 1', '9'.repeat(61)]) {
      await expect(fixture.changes.propose(who('pete'), proposal([patchOf('/balance', value)]))).rejects.toMatchObject({
        code: 'RISK_BLOCKED',
      });
    }
    expect(contentsOf(fixture.store)).toBe(contentsOf(createFixture().store));
  });
});

describe('splitting', () => {
  it('is seen: the third change-set of an agent in 24 hours is larger than the first, and rejected ones make room', async () => {
    const fixture = createFixture();
    const propose = async (): Promise<{ id: string; level: string | undefined }> => {
      const { change } = await fixture.changes.propose(
        who('advisor'),
        proposal([patchOf('/note', 1)], { entityId: 'account:2' }),
      );
      return { id: change.id, level: change.risk?.level };
    };
    const [first, second, third] = [await propose(), await propose(), await propose()];
    expect([first, second, third].map(({ level }) => level)).toEqual(['L1', 'L1', 'L3']);
    await fixture.changes.withdraw(who('advisor'), first.id);
    await fixture.changes.decide(
      who('ann'),
      second.id,
      decision(await fixture.changes.get(who('ann'), second.id), 'reject'),
    );
    expect((await propose()).level).toBe('L1');
    expect((await propose()).level).toBe('L3');
    await fixture.clock.advance(hours(24) + 1);
    expect((await propose()).level).toBe('L1');
  });

  it('counts a person once, whatever the account', async () => {
    const fixture = createFixture();
    const counts = [];
    for (const account of ['pete', 'pete-2', 'pete']) {
      const { change } = await fixture.changes.propose(who(account), proposal([patchOf('/note', 1)]));
      counts.push((change.risk?.facts['initiator'] as { recentChanges: number }).recentChanges);
    }
    expect(counts).toEqual([1, 2, 3]);
  });

  it('cannot be talked down: unmatched facts are L3', async () => {
    const fixture = createFixture();
    const changes = fixture.other({ risk: riskSchema.parse({ version: '1', rules: [] }) });
    const { change } = await changes.propose(who('advisor'), proposal([patchOf('/note', 1)], { entityId: ENTITY }));
    expect(change.risk).toMatchObject({
      level: 'L3',
      roles: ['owner', 'risk'],
      approvals: 2,
      timelockMinutes: 60,
      matched: [],
    });
  });
});

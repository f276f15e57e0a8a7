/** Why something is as risky as it is: the rows that matched, whole, and a dry run that says it before anything is recorded. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RISK_LEVELS, riskSchema, type Changes, type RiskConfig } from '../../../core/changes/index.ts';
import { createRiskTable } from '../../../core/changes/risk/risk.ts';
import { contentsOf, createFixture, decision, hours, patchOf, proposal, roster, who } from './fixture.ts';

const small = {
  name: 'small',
  when: { money: { moved: [{ numeric: ['<=', 100] }] } },
  level: 'L1',
  roles: ['owner'],
  approvals: 1,
};
const agents = {
  name: 'agents',
  when: { initiator: { kind: ['agent'], proven: [false] }, $or: [{ creates: [true] }, { freeze: { active: [true] } }] },
  level: 'L3',
  roles: ['risk'],
  approvals: 2,
  timelockMinutes: 5,
};
const table = (rules: object[], more: object = {}): RiskConfig =>
  riskSchema.parse({ version: '7', moneyPaths: ['/balance'], rules, ...more });

describe('the view', () => {
  it('shows the rows that matched, whole, with the facts they looked at, and which facts drove the level', async () => {
    const changes = createFixture().other({ risk: table([small, agents]) });
    const { change } = await changes.propose(who('advisor'), proposal([patchOf('/balance', 7)]));
    expect(change.risk).toMatchObject({ level: 'L3', enforcement: 'hard', matched: ['small', 'agents'] });
    expect(change.risk?.rules).toEqual([
      { ...small, timelockMinutes: 0, enforcement: 'soft', because: { 'money.moved': 7 } },
      {
        ...agents,
        enforcement: 'hard',
        because: { 'initiator.kind': 'agent', 'initiator.proven': false, creates: true, 'freeze.active': false },
      },
    ]);
    expect(change.risk?.drivenBy).toEqual(['creates', 'freeze.active', 'initiator.kind', 'initiator.proven']);
  });

  it('does not explain by a table that is no longer the one it was assessed by', async () => {
    const fixture = createFixture();
    const { change } = await fixture.other({ risk: table([small]) }).propose(who('pete'), proposal([patchOf('/a', 1)]));
    const seen = await fixture.other({ risk: table([small, agents]) }).get(who('pete'), change.id);
    expect(seen.risk).toMatchObject({ matched: ['small'] });
    expect(seen.risk).not.toHaveProperty('rules');
  });
});

describe('a dry run', () => {
  it('says what proposing says, and writes nothing', async () => {
    const fixture = createFixture();
    const changes = fixture.other({ risk: table([small, agents]) });
    const empty = contentsOf(fixture.store);
    const input = proposal([patchOf('/balance', 7)]);
    const dry = await changes.assess(who('advisor'), input);
    expect(contentsOf(fixture.store)).toBe(empty);
    const { change } = await changes.propose(who('advisor'), input);
    expect(dry.risk).toEqual(change.risk);
    expect(dry).toMatchObject({ contentHash: change.contentHash, needs: change.stillNeeded, preview: change.preview });
    // bob answers for the advisor.
    expect(dry.deciders).toEqual({ owner: ['ann', 'otto'], risk: ['rita', 'otto'] });
  });

  it('is refused where proposing is refused', async () => {
    const { changes } = createFixture();
    const assess = (by: string, input: object): Promise<unknown> => changes.assess(who(by), input);
    await expect(assess('rita', proposal([patchOf('/a', 1)]))).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(assess('pete', { entityId: 'account:1' })).rejects.toMatchObject({ code: 'CHANGE_INVALID' });
    await expect(assess('pete', proposal([patchOf('/balance', 'many')]))).rejects.toMatchObject({
      code: 'RISK_BLOCKED',
    });
  });

  it('says that nobody is needed at L0', async () => {
    const free = { name: 'free', when: { reversible: [true] }, level: 'L0', approvals: 0 };
    const dry = await createFixture()
      .other({ risk: table([free]) })
      .assess(who('pete'), proposal([patchOf('/a', 1)]));
    expect(dry).toMatchObject({ risk: { level: 'L0', enforcement: 'soft' }, deciders: {} });
    expect(dry).not.toHaveProperty('needs');
  });
});

describe('the table', () => {
  const level = fc.constantFrom(...RISK_LEVELS.slice(1));
  const row = fc.record({
    level,
    roles: fc.uniqueArray(fc.constantFrom('owner', 'risk', 'security'), { minLength: 1 }),
    approvals: fc.integer({ min: 1, max: 10 }),
    timelockMinutes: fc.integer({ min: 0, max: 100 }),
  });
  const rowsOf = (rows: object[]): RiskConfig =>
    table(rows.map((one, i) => ({ ...one, name: `r${i}`, when: { entity: ['x'] } })));

  it('is never lowered by one more row that matches', () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 6 }), row, (rows, more) => {
        const [fewer, all] = [rows, [...rows, more]].map((some) =>
          createRiskTable(rowsOf(some)).assess({ entity: 'x' }),
        );
        if (fewer === undefined || all === undefined) throw new Error('unreachable');
        expect(RISK_LEVELS.indexOf(all.level)).toBeGreaterThanOrEqual(RISK_LEVELS.indexOf(fewer.level));
        expect(all.roles).toEqual(expect.arrayContaining(fewer.roles));
        expect(all.approvals).toBeGreaterThanOrEqual(fewer.approvals);
        expect(all.timelockMinutes).toBeGreaterThanOrEqual(fewer.timelockMinutes);
        if (fewer.enforcement === 'hard') expect(all.enforcement).toBe('hard');
      }),
    );
  });

  it('is soft only when every row that matched is, and never from L3 on', () => {
    const enforcement = (...rows: object[]): string =>
      createRiskTable(rowsOf(rows.map((one) => ({ roles: ['owner'], approvals: 1, ...one })))).assess({ entity: 'x' })
        .enforcement;
    expect(enforcement({ level: 'L1' }, { level: 'L2' })).toBe('soft');
    expect(enforcement({ level: 'L1' }, { level: 'L2', enforcement: 'hard' })).toBe('hard');
    expect(enforcement({ level: 'L1' }, { level: 'L3' })).toBe('hard');
    expect(createRiskTable(table([])).assess({ entity: 'x' }).enforcement).toBe('hard');
    const soft = { ...small, level: 'L3', enforcement: 'soft' };
    expect(riskSchema.safeParse({ version: '1', rules: [soft] }).error?.issues[0]?.message).toMatch(
      /^L3 is always hard/,
    );
  });

  it('refuses rows that ask for what is no fact', () => {
    const asks = (when: object): string | undefined =>
      riskSchema.safeParse({ version: '1', rules: [{ ...small, when }] }).error?.issues[0]?.message;
    const isNone = (name: string): unknown => expect.stringContaining(`"${name}", which is no fact`);
    expect(asks({ mony: { moved: [1] } })).toEqual(isNone('mony.moved'));
    expect(asks({ money: { move: [1] } })).toEqual(isNone('money.move'));
    expect(asks({ money: [1] })).toEqual(isNone('money'));
    expect(asks({ entity: { id: ['x'] } })).toEqual(isNone('entity.id'));
    expect(asks({ $or: [{ creates: [true] }, { toString: ['x'] }] })).toEqual(isNone('toString'));
    expect(asks({ initiator: { $or: [{ id: ['x'] }, { name: ['x'] }] } })).toEqual(isNone('initiator.name'));
    expect(asks({ executors: { mail: { to: ['x'] } } })).toBeUndefined();
  });
});

describe('a freeze', () => {
  const from = '2026-11-21T12:00:00Z';
  const until = '2026-11-21T14:00:00Z';
  const frozen = {
    name: 'frozen',
    when: { freeze: { active: [true] } },
    level: 'L3',
    roles: ['owner', 'risk'],
    approvals: 2,
  };
  const freezes = [{ name: 'month end', from, until, entities: ['account:*'] }];
  const risk = table([{ ...small, when: { reversible: [true] } }, frozen], { freezes });

  it('holds from its first to before its last millisecond, for its entities alone', async () => {
    const fixture = createFixture();
    const changes = fixture.other({ risk });
    const at = async (time: number, entityId = 'account:1'): Promise<string | undefined> => {
      await fixture.clock.advance(time - fixture.clock.now());
      return (await changes.assess(who('pete'), proposal([patchOf('/a', 1)], { entityId }))).risk.level;
    };
    expect(await at(Date.parse(from) - 1)).toBe('L1');
    expect(await at(Date.parse(from))).toBe('L3');
    const outside = table([small, frozen], { freezes: [{ ...freezes[0], entities: ['loan:*', 'account:2'] }] });
    const other = await fixture.other({ risk: outside }).assess(who('pete'), proposal([patchOf('/a', 1)]));
    expect(other.risk.facts['freeze']).toEqual({ active: false, names: [] });
    expect(await at(Date.parse(until) - 1)).toBe('L3');
    expect(await at(Date.parse(until))).toBe('L1');
  });

  it('that begins after the assessment gives the change-set back, and it must be decided under the freeze', async () => {
    const fixture = createFixture();
    // Approved at 11:58, executed after a time lock of 5 minutes: in the freeze.
    const locked = table([{ ...small, when: { reversible: [true] }, timelockMinutes: 5 }, frozen], { freezes });
    const changes: Changes = fixture.other({ risk: locked });
    const { change } = await changes.propose(who('pete'), proposal([patchOf('/a', 1)]));
    await fixture.clock.advance(Date.parse(from) - fixture.clock.now() - 120_000);
    await changes.decide(who('ann'), change.id, decision(change));
    await fixture.clock.advance(hours(0.1));
    await changes.advance(change.id);
    const back = await changes.get(who('pete'), change.id);
    expect(back).toMatchObject({ state: 'pending', votes: [], risk: { level: 'L3', matched: ['small', 'frozen'] } });
    const returned = (await fixture.chain()).find(({ body }) => body.type === 'change.returned');
    expect(returned?.body.data).toMatchObject({ drift: ['freeze'] });
    for (const person of ['ann', 'rita']) await changes.decide(who(person), change.id, decision(back));
    await fixture.clock.advance(hours(0.1));
    expect(await changes.advance(change.id)).toEqual({ kind: 'end', state: 'executed' });
  });

  it('must say when it ends, in UTC', () => {
    const problems = (freeze: object): string | undefined =>
      riskSchema.safeParse({ version: '1', rules: [], freezes: [freeze] }).error?.issues[0]?.message;
    expect(problems({ name: 'a', from, until: from })).toBe('must be later than from');
    expect(problems({ name: 'a', from: '2026-12-20T00:00:00+01:00', until })).toMatch(/UTC/);
  });
});

describe('sampling at L0', () => {
  const free = { name: 'free', when: { reversible: [true] }, level: 'L0', approvals: 0 };
  const sampledOf = async (percent: number, times: number): Promise<number> => {
    const changes = createFixture().other({ risk: table([free], { sampleL0: percent }) });
    let sampled = 0;
    for (let i = 0; i < times; i++) {
      const { change } = await changes.propose(who('pete'), proposal([patchOf('/a', i)], { entityId: `account:${i}` }));
      if (change.risk?.sampled === true) sampled += 1;
    }
    return sampled;
  };

  it('draws none of none, all of all, and about what it says between', async () => {
    expect(await sampledOf(0, 30)).toBe(0);
    expect(await sampledOf(100, 30)).toBe(30);
    const half = await sampledOf(50, 120);
    expect(half).toBeGreaterThan(30);
    expect(half).toBeLessThan(90);
  });

  it('always draws what became L0 by a revision, because its hash can be chosen', async () => {
    const risk = table([free, { ...small, when: { money: { touched: [true] } } }], { sampleL0: 1 });
    const changes = createFixture().other({ risk });
    for (let i = 0; i < 5; i++) {
      const { change } = await changes.propose(
        who('pete'),
        proposal([patchOf('/balance', i + 1)], { entityId: `account:${i}` }),
      );
      const content = { title: 'T', rationale: 'R', operations: [patchOf('/note', i)] };
      expect((await changes.revise(who('pete'), change.id, content)).risk).toMatchObject({
        level: 'L0',
        sampled: true,
      });
    }
  });
});

it('the roster of these tests has an agent that nobody has proven', () => {
  expect(roster.agents[0]?.proven).toBe(false);
});

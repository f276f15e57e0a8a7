/** Finding change-sets: each thing that may be asked for, at its edges, and pages that lose and repeat nothing. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { ChangeQuery } from '../../../../core/changes/views/list.ts';
import { createFixture, decision, hours, patchOf, proposal, who, type Fixture } from '../fixture.ts';

let fixture: Fixture;
let times: Record<string, string>;
const TITLES = ['note', 'money', 'agent', 'other', 'gone'];

beforeAll(async () => {
  fixture = createFixture();
  times = {};
  const propose = async (title: string, by: string, path: string, more: object = {}): Promise<string> => {
    const { change } = await fixture.changes.propose(who(by), proposal([patchOf(path, 7)], { title, ...more }));
    times[title] = new Date(fixture.clock.now()).toISOString();
    await fixture.clock.advance(hours(1));
    return change.id;
  };
  await propose('note', 'pete', '/note');
  const money = await propose('money', 'pete', '/balance');
  await propose('agent', 'advisor', '/note');
  await propose('other', 'ann', '/note', { entityId: 'account:2' });
  const gone = await propose('gone', 'pete', '/note');
  await fixture.changes.withdraw(who('pete'), gone, {});
  const { change } = await fixture.changes.get(who('aud'), money).then((view) => ({ change: view }));
  await fixture.changes.decide(who('bob'), money, decision(change));
});

const found = async (query: ChangeQuery, by = 'aud'): Promise<string[]> =>
  (await fixture.changes.list(who(by), { limit: 100, ...query })).changes.map(({ title }) => title);
const before = (iso: string, ms: number): string => new Date(Date.parse(iso) + ms).toISOString();

describe('change-sets', () => {
  it.each<[string, ChangeQuery, string[]]>([
    ['all', {}, TITLES],
    ['of a state', { status: 'cancelled' }, ['gone']],
    ['of a state that is under way', { status: 'pending' }, ['note', 'money', 'agent', 'other']],
    ['of an entity', { entityId: 'account:2' }, ['other']],
    ['of an entity in a state', { entityId: 'account:1695', status: 'cancelled' }, ['gone']],
    ['of a level', { level: 'L2' }, ['money']],
    ['of another level', { level: 'L1' }, ['note', 'agent', 'other', 'gone']],
    ['of a level nobody reached', { level: 'L3' }, []],
    ['proposed by somebody', { person: 'pete' }, ['note', 'money', 'gone']],
    ['of an agent', { person: 'advisor' }, ['agent']],
    ['answered for, or decided on', { person: 'bob' }, ['money', 'agent']],
    ['of nobody', { person: 'nobody' }, []],
    ['of nobody, though part of a name', { person: 'person:pete' }, []],
  ])('%s', async (_, query, titles) => {
    expect(await found(query)).toEqual(titles);
  });

  it('are those proposed at a time or later, and before another', async () => {
    const money = times['money'] ?? '';
    const ofTwo = { entityId: 'account:1695', status: 'pending' } as const;
    expect(await found({ ...ofTwo, from: money })).toEqual(['money', 'agent']);
    expect(await found({ ...ofTwo, from: before(money, 1) })).toEqual(['agent']);
    expect(await found({ ...ofTwo, to: money })).toEqual(['note']);
    expect(await found({ ...ofTwo, to: before(money, 1) })).toEqual(['note', 'money']);
    expect(await found({ ...ofTwo, from: money, to: before(money, 1) })).toEqual(['money']);
  });

  it('are seen by who reads the entity, proposed it, answers for it, or is asked for a decision; by nobody else', async () => {
    expect(await found({}, 'viewer')).toEqual([]);
    expect(await found({}, 'rita')).toEqual(TITLES);
  });

  it('come in pages of any size, each once and in order', async () => {
    for (let limit = 1; limit <= 6; limit++) {
      const titles: string[] = [];
      for (let after: string | undefined, pages = 0; pages <= TITLES.length; pages++) {
        const page = await fixture.changes.list(who('aud'), { limit, ...(after === undefined ? {} : { after }) });
        expect(page.changes.length).toBeLessThanOrEqual(limit);
        titles.push(...page.changes.map(({ title }) => title));
        after = page.next;
        if (after === undefined) break;
      }
      expect(titles).toEqual(TITLES);
    }
  });

  it('are at least one and at most a hundred a page, twenty unless asked', async () => {
    expect(await found({ limit: 0 })).toHaveLength(1);
    expect(await found({ limit: -3 })).toHaveLength(1);
    const many = createFixture();
    for (let n = 0; n < 103; n++) {
      const { change } = await many.changes.propose(who('pete'), proposal([patchOf(`/n${n}`, n)]));
      await many.changes.withdraw(who('pete'), change.id, {});
      if (n % 20 === 0) await many.clock.advance(hours(25));
    }
    const page = async (limit?: number): Promise<number> =>
      (await many.changes.list(who('aud'), limit === undefined ? {} : { limit })).changes.length;
    expect([await page(), await page(100), await page(1_000)]).toEqual([20, 100, 100]);
    const { changes, next } = await many.changes.list(who('aud'), { status: 'executed' });
    expect([changes.length, next]).toEqual([0, undefined]);
  });
});

describe('what is asked for as mine', () => {
  it('is what I could still decide on, with whose vote it would be', async () => {
    const mine = (by: string, more: ChangeQuery = {}) => fixture.changes.list(who(by), { for: 'me', ...more });
    expect((await mine('rita')).changes.map(({ title, mayVoteAs }) => [title, mayVoteAs])).toEqual([
      ['money', [{ personId: 'rita' }]],
    ]);
    expect((await mine('bob')).changes.map(({ title }) => title)).toEqual(['note', 'other']);
    expect((await mine('bob', { entityId: 'account:2' })).changes.map(({ title }) => title)).toEqual(['other']);
    expect((await mine('advisor')).changes).toEqual([]);
    expect((await mine('aud')).changes).toEqual([]);
  });

  it('is nothing from the moment its deadline has come', async () => {
    const own = createFixture();
    const deadline = new Date(own.clock.now() + hours(48)).toISOString();
    await own.changes.propose(who('pete'), proposal([patchOf('/note', 1)], { deadline }));
    const count = async (): Promise<number> => (await own.changes.list(who('ann'), { for: 'me' })).changes.length;
    await own.clock.advance(hours(48) - 1);
    expect(await count()).toBe(1);
    await own.clock.advance(1);
    expect(await count()).toBe(0);
  });
});

describe('a change-set says of my own vote', () => {
  it('why I may not cast it, and nothing where I may or it has ended', async () => {
    const id = (await fixture.changes.list(who('aud'), { status: 'pending', limit: 1 })).changes[0]?.id ?? '';
    const own = async (by: string, change = id): Promise<unknown> =>
      (await fixture.changes.get(who(by), change)).mayNotVote?.code;
    expect(await own('ann')).toBeUndefined();
    expect(await own('pete')).toBe('SELF_APPROVAL');
    expect(await own('aud')).toBe('NOT_ELIGIBLE');
    expect(await own('advisor')).toBe('AGENTS_CANNOT_DECIDE');
    const gone = (await fixture.changes.list(who('aud'), { status: 'cancelled', limit: 1 })).changes[0]?.id ?? '';
    expect(await own('pete', gone)).toBeUndefined();
  });
});

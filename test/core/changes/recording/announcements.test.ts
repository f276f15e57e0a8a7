/** What the bus is told of change-sets: with the step that it is about, once, only what the catalog declares, and never for a flood. */
import * as z from 'zod';
import { describe, expect, it } from 'vitest';
import { approvalTopics, findTold, riskSchema, type Changes } from '../../../../core/changes/index.ts';
import { createCatalog, sensitive, type Topics } from '../../../../core/events/index.ts';
import { appenderOn } from '../../ledger/ledger-fixture.ts';
import { createFixture, decision, hours, patchOf, proposal, who, type Fixture } from '../fixture.ts';

const text = z.string();
const agentTopics: Topics = {
  'agent.action_proposed': {
    description: 'proposed',
    versions: { 1: z.strictObject({ agent: text, changeSet: text, summary: text }) },
  },
  'agent.action_executed': {
    description: 'executed',
    versions: { 1: z.strictObject({ agent: text, changeSet: text }) },
  },
  'agent.policy_violated': {
    description: 'refused',
    versions: { 1: z.strictObject({ agent: text, rule: text, detail: text, count: z.int() }) },
  },
};
const catalog = createCatalog({ ...agentTopics, ...approvalTopics });
const risk = riskSchema.parse({
  ...{ version: '1', reminderHours: 10, escalation: { afterHours: 5, roles: { owner: ['proposer'] } } },
  rules: [{ name: 'any', when: { entity: [{ exists: true }] }, level: 'L2', roles: ['owner', 'risk'], approvals: 2 }],
});

const eventsOn = async (
  fixture: Fixture,
  chain?: string,
): Promise<{ topic: string; payload: Record<string, unknown> }[]> =>
  (await fixture.chain(chain))
    .filter(({ body }) => body.type === 'event')
    .map(({ body }) => body.data as unknown as { topic: string; payload: Record<string, unknown> });
const topicsOn = async (fixture: Fixture, chain?: string): Promise<string[]> =>
  (await eventsOn(fixture, chain)).map(({ topic }) => topic);

const loud = (fixture: Fixture): Changes => fixture.other({ catalog, risk });

describe('on the way of a change-set', () => {
  it('tells who is asked, what was decided, how it ended, and what the agent did', async () => {
    const fixture = createFixture();
    const changes = loud(fixture);
    const { change } = await changes.propose(who('advisor'), proposal([patchOf('/note', 1)]));
    for (const person of ['ann', 'rita']) await changes.decide(who(person), change.id, decision(change));
    expect(await changes.advance(change.id)).toEqual({ kind: 'end', state: 'executed' });
    const about = { changeSet: change.id, entity: change.entityId, title: 'Change it', revision: 1 };
    expect(await eventsOn(fixture)).toMatchObject([
      { topic: 'agent.action_proposed', payload: { agent: 'advisor', changeSet: change.id, summary: 'Change it' } },
      {
        topic: 'approvals.requested',
        payload: { ...about, proposer: 'agent:advisor', level: 'L2', roles: ['owner', 'risk'], approvals: 2 },
      },
      { topic: 'approvals.decided', payload: { ...about, decision: 'approved', people: ['ann', 'rita'] } },
      { topic: 'approvals.ended', payload: { ...about, state: 'executed' } },
      { topic: 'agent.action_executed', payload: { agent: 'advisor', changeSet: change.id } },
    ]);
  });

  it('tells of reminders and escalations, and of every other end', async () => {
    const fixture = createFixture();
    const changes = loud(fixture);
    const propose = async (): Promise<Awaited<ReturnType<Changes['propose']>>['change']> =>
      (await changes.propose(who('pete'), proposal([patchOf('/note', 1)]))).change;
    const [rejected, withdrawn, expired] = [await propose(), await propose(), await propose()];
    await fixture.clock.advance(hours(10));
    await changes.advance(rejected.id);
    await changes.decide(who('ann'), rejected.id, decision(rejected, 'reject'));
    await changes.withdraw(who('pete'), withdrawn.id);
    await fixture.clock.advance(hours(1000));
    await changes.advance(expired.id);
    const told = (await eventsOn(fixture)).filter(({ topic }) => topic !== 'approvals.requested');
    expect(told).toMatchObject([
      { topic: 'approvals.escalated', payload: { changeSet: rejected.id, eligible: { owner: ['proposer'] } } },
      { topic: 'approvals.reminded', payload: { count: 1, roles: ['owner', 'risk'], approvals: 2 } },
      { topic: 'approvals.decided', payload: { decision: 'rejected', people: ['ann'] } },
      { topic: 'approvals.ended', payload: { changeSet: rejected.id, state: 'rejected' } },
      { topic: 'approvals.ended', payload: { changeSet: withdrawn.id, state: 'cancelled' } },
      { topic: 'approvals.ended', payload: { changeSet: expired.id, state: 'expired' } },
    ]);
  });

  it('asks nobody at L0, and tells that a sample is to be looked at', async () => {
    const fixture = createFixture();
    const free = { name: 'free', when: { reversible: [true] }, level: 'L0', approvals: 0 };
    const changes = fixture.other({ catalog, risk: riskSchema.parse({ version: '1', sampleL0: 100, rules: [free] }) });
    const { change } = await changes.propose(who('pete'), proposal([patchOf('/note', 1)]));
    await changes.advance(change.id);
    expect(await eventsOn(fixture)).toMatchObject([
      { topic: 'approvals.decided', payload: { decision: 'approved', people: [] } },
      { topic: 'approvals.review_due', payload: { kind: 'sample', due: change.postReview?.due } },
      { topic: 'approvals.ended', payload: { state: 'executed' } },
    ]);
  });

  it('tells once what several workers do at once', async () => {
    const fixture = createFixture();
    const { change } = await loud(fixture).propose(who('pete'), proposal([patchOf('/note', 1)]));
    await fixture.clock.advance(hours(10));
    await Promise.all(Array.from({ length: 4 }, () => loud(fixture).advance(change.id)));
    expect((await topicsOn(fixture)).sort()).toEqual([
      'approvals.escalated',
      'approvals.reminded',
      'approvals.requested',
    ]);
  });

  it('tells nothing of what was not recorded', async () => {
    const fixture = createFixture({ store: { faults: { before: () => isBroken && fail() } } });
    let isBroken = false;
    const fail = (): never => {
      throw new Error('the store broke');
    };
    const changes = loud(fixture);
    isBroken = true;
    await expect(changes.propose(who('advisor'), proposal([patchOf('/note', 1)]))).rejects.toThrow();
    isBroken = false;
    expect(await fixture.chain()).toEqual([]);
  });

  it('has ids that nobody else can take, and by which an event is found', async () => {
    const fixture = createFixture();
    const { change } = await loud(fixture).propose(who('pete'), proposal([patchOf('/note', 1)]));
    const found = await fixture.store.findByIdemKey(`event/system/approvals/${change.id}.1.approvals.requested`);
    expect(found?.chain).toBe(change.entityId);
  });
});

describe('W11: what is told is found by its id without a key of its own', () => {
  it('W11: each, on the way of a change-set, and nothing else', async () => {
    const fixture = createFixture();
    const changes = loud(fixture);
    const { change } = await changes.propose(who('advisor'), proposal([patchOf('/note', 1)]));
    await fixture.clock.advance(hours(10));
    await changes.advance(change.id);
    for (const person of ['ann', 'rita']) await changes.decide(who(person), change.id, decision(change));
    await changes.advance(change.id);
    const where = { ledger: 'main', items: fixture.store, entries: fixture.store };
    const told = (await fixture.chain()).filter(({ body }) => body.type === 'event');
    expect(told.length).toBeGreaterThan(6);
    for (const { body } of told)
      expect(await findTold(where, body.idem)).toMatchObject({ chain: body.entity, seq: body.seq });
    const [{ idem } = { idem: '' }] = told.map(({ body }) => body);
    const others = [`${idem}x`, `x${idem}`, idem.replace('.0.', '.7.'), idem.replace('.0.', '.00.'), 'x', '', '../..'];
    for (const id of others) expect(await findTold(where, id)).toBeUndefined();
  });

  it('W11: an event that somebody else recorded behind a step under such an id is not it', async () => {
    const fixture = createFixture();
    const { change } = await fixture.other({ risk }).propose(who('pete'), proposal([patchOf('/note', 1)]));
    const idem = `${change.id}.1.approvals.requested`;
    const data = { topic: 'approvals.requested', version: 1, source: 'billing', payload: {} };
    const draft = { type: 'event', actor: { kind: 'module', id: 'billing' }, idem, data } as const;
    await appenderOn(fixture.store).append({ entries: [{ chain: change.entityId, draft }] });
    expect(await findTold({ ledger: 'main', items: fixture.store, entries: fixture.store }, idem)).toBeUndefined();
  });
});

describe('the catalog decides what is told', () => {
  it.each([
    ['without the topics', createCatalog({})],
    [
      'with a payload of another shape',
      createCatalog({ 'approvals.requested': { description: 'x', versions: { 1: z.strictObject({ other: text }) } } }),
    ],
    [
      'with confidential fields',
      createCatalog({
        'approvals.requested': { description: 'x', versions: { 1: z.looseObject({ title: sensitive(text) }) } },
      }),
    ],
  ])('%s nothing is recorded', async (_, other) => {
    const fixture = createFixture();
    await fixture.other({ catalog: other, risk }).propose(who('pete'), proposal([patchOf('/note', 1)]));
    expect(await topicsOn(fixture)).toEqual([]);
  });
});

describe('an agent that oversteps', () => {
  const AGENT_CHAIN = 'module/advisor';
  const overstep = (changes: Changes): Promise<unknown> =>
    changes
      .propose(who('advisor'), proposal([patchOf('/a', 1)], { entityId: 'registry:keys' }))
      .catch((error: unknown) => error);

  it('is told on its own chain: proposing without the right, deciding', async () => {
    const fixture = createFixture();
    const changes = loud(fixture);
    expect(await overstep(changes)).toMatchObject({ code: 'FORBIDDEN' });
    await fixture.clock.advance(60_000);
    const { change } = await changes.propose(who('pete'), proposal([patchOf('/a', 1)]));
    await expect(changes.decide(who('advisor'), change.id, decision(change))).rejects.toMatchObject({
      code: 'AGENTS_CANNOT_DECIDE',
    });
    expect(await eventsOn(fixture, AGENT_CHAIN)).toMatchObject([
      { topic: 'agent.policy_violated', payload: { agent: 'advisor', rule: 'FORBIDDEN', count: 1 } },
      { topic: 'agent.policy_violated', payload: { agent: 'advisor', rule: 'AGENTS_CANNOT_DECIDE', count: 1 } },
    ]);
  });

  it('a flood of refusals is one event a minute, with how many there were', async () => {
    const fixture = createFixture();
    const [one, two] = [loud(fixture), loud(fixture)];
    await Promise.all(Array.from({ length: 40 }, (_, i) => overstep(i % 2 === 0 ? one : two)));
    expect(await topicsOn(fixture, AGENT_CHAIN)).toHaveLength(1);
    await fixture.clock.advance(59_999);
    await overstep(one);
    expect(await topicsOn(fixture, AGENT_CHAIN)).toHaveLength(1);
    await fixture.clock.advance(1);
    await overstep(one);
    await overstep(two);
    const told = await eventsOn(fixture, AGENT_CHAIN);
    expect(told).toHaveLength(2);
    // All of the one process but what it had told itself; the other's are told by the other.
    expect(told[1]?.payload['count']).toBeGreaterThanOrEqual(21);
  });

  it('is not told for a mistake, and not for people', async () => {
    const fixture = createFixture();
    const changes = loud(fixture);
    await changes.propose(who('advisor'), { entityId: 'account:1' }).catch(() => undefined);
    await changes.propose(who('rita'), proposal([patchOf('/a', 1)])).catch(() => undefined);
    expect(await fixture.chain(AGENT_CHAIN)).toEqual([]);
    expect(await fixture.chain('module/rita')).toEqual([]);
  });

  it('is refused all the same when it cannot be told', async () => {
    let isBroken = false;
    const fixture = createFixture({
      store: {
        faults: {
          before: () => {
            if (isBroken) throw new Error('the store broke');
          },
        },
      },
    });
    const changes = loud(fixture);
    isBroken = true;
    expect(await overstep(changes)).toMatchObject({ code: 'FORBIDDEN' });
    isBroken = false;
    await overstep(changes);
    expect((await eventsOn(fixture, AGENT_CHAIN))[0]?.payload).toMatchObject({ count: 2 });
  });
});

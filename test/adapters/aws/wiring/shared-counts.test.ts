/** Two processes on one ledger in DynamoDB: they count together, and stop together. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createCallCounter } from '../../../../adapters/aws/wiring/count-calls.ts';
import { DynamoCounts } from '../../../../adapters/aws/guard/dynamo-counts.ts';
import { CountingIds, FakeClock } from '../../../../adapters/memory/index.ts';
import {
  createCatalog,
  createGuards,
  createPublish,
  type Guards,
  type Publish,
} from '../../../../core/events/index.ts';
import { protectionSchema } from '../../../../core/guard/index.ts';
import { createPolicy, modulesSchema, rosterSchema, type Principal } from '../../../../core/policy/index.ts';
import { appenderOn } from '../../../core/ledger/ledger-fixture.ts';
import { FakeDynamo } from '../dynamo/fake-dynamo.ts';
import { fakeStore, inOrder, TABLES } from '../fake-store.ts';

const catalog = createCatalog({ 'money.moved': { description: 'test', versions: { 1: z.strictObject({}) } } });
const policy = createPolicy(
  rosterSchema.parse({
    roles: { auditor: {} },
    people: [{ personId: 'aud', name: 'Aud', accounts: ['aud'], roles: ['auditor'] }],
    agents: [],
  }),
  modulesSchema.parse({ feed: { publishes: ['*'] }, slow: { publishes: ['*'] } }),
);
const as = (id: string): Principal => policy.principal(id) as Principal;
const NOW = Date.UTC(2026, 10, 21, 9);
const RATE = { perMinute: 60, burst: 10 };

interface Process {
  readonly guards: Guards;
  readonly publish: Publish;
  /** publishes and answers, as a function does: what it began is done */
  readonly send: (count: number, from?: string) => Promise<Record<string, number>>;
}

let serial = 0;
function processesOn(dynamo: FakeDynamo, protection: object, clock: FakeClock): () => Process {
  return () => {
    serial += 1;
    const name = `p${serial}`;
    const { store } = fakeStore(dynamo);
    const { client } = store.tables;
    const appender = appenderOn(store, { clock });
    const ids = Object.assign(new CountingIds(), { next: () => `${name}-${(serial += 1)}` });
    const guards = createGuards({
      ...{ ledger: 'main', items: store, appender, clock, ids, policy, catalog, isAlone: false },
      protection: protectionSchema.parse(protection),
      shared: new DynamoCounts({ client, stateTable: TABLES.stateTable, ledger: 'main' }),
      onError: (error) => {
        throw error;
      },
    });
    const publish = createPublish({ appender, catalog, policy, ids, guard: guards });
    const send = async (count: number, from = 'feed'): Promise<Record<string, number>> => {
      const results = await publish(
        as(from),
        Array.from({ length: count }, (_, i) => ({ topic: 'money.moved', entityId: `${name}:${i}`, payload: {} })),
      );
      await guards.flush();
      const codes = results.map((result) => (result.status === 'rejected' ? result.problem.code : result.status));
      return Object.fromEntries(
        Map.groupBy(codes, (code) => code)
          .entries()
          .map(([code, all]) => [code, all.length]),
      );
    };
    return { guards, publish, send };
  };
}

async function told(dynamo: FakeDynamo): Promise<number> {
  return (await fakeStore(dynamo).store.read('system/guards', 0, 100)).length;
}

describe('two processes', () => {
  it('find a storm that neither of them sees alone, one answer late at most', async () => {
    const [dynamo, clock] = [new FakeDynamo(), new FakeClock()];
    const open = processesOn(dynamo, { storm: { perSecond: 20 } }, clock);
    const [a, b] = [open(), open()];
    expect(await a.send(15)).toEqual({ accepted: 15 });
    expect(await b.send(15)).toEqual({ accepted: 15 }); // now it knows of thirty
    expect(await b.send(5)).toEqual({ TOPIC_STOPPED: 5 });
    expect(await told(dynamo)).toBe(1);
    await clock.advance(2_000);
    expect(await a.send(5)).toEqual({ TOPIC_STOPPED: 5 });
    expect(await open().send(1)).toEqual({ TOPIC_STOPPED: 1 }); // one that has just started
  });

  it('item 6: find a storm of slow requests, of which none comes in the second in which it is known', async () => {
    const [dynamo, clock] = [new FakeDynamo(), new FakeClock()];
    const open = processesOn(dynamo, { storm: { perSecond: 20 } }, clock);
    const [a, b] = [open(), open()];
    await a.send(15);
    expect(await told(dynamo)).toBe(0);
    await b.send(15);
    expect(await told(dynamo)).toBe(1);
    expect(b.guards.stats()).toMatchObject({ stormsDetected: 1, refused: 0 }); // all thirty are recorded
    await clock.advance(2_000);
    expect(await Promise.all([a.send(5), b.send(5)])).toEqual([{ TOPIC_STOPPED: 5 }, { TOPIC_STOPPED: 5 }]);
    expect(await told(dynamo)).toBe(1);
  });

  it('tell the ledger once, although both decide it', async () => {
    const [dynamo, clock] = [new FakeDynamo(), new FakeClock()];
    const open = processesOn(dynamo, { storm: { perSecond: 20 } }, clock);
    const [a, b] = [open(), open()];
    expect(await Promise.all([a.send(25), b.send(25)])).toEqual(
      Array.from({ length: 2 }, () => ({ accepted: 20, TOPIC_STOPPED: 5 })),
    );
    expect(await told(dynamo)).toBe(1);
  });

  it('know of a reset within two seconds, whoever did it', async () => {
    const [dynamo, clock] = [new FakeDynamo(), new FakeClock()];
    const open = processesOn(dynamo, { storm: { perSecond: 20 } }, clock);
    const [a, b] = [open(), open()];
    await a.send(21);
    await clock.advance(2_000);
    expect(await b.send(1)).toEqual({ TOPIC_STOPPED: 1 });
    await b.guards.reset(as('aud'), 'money.moved', 'done');
    expect(await b.send(1)).toEqual({ accepted: 1 });
    await clock.advance(2_000);
    expect(await a.send(1)).toEqual({ accepted: 1 });
    expect(await told(dynamo)).toBe(2);
  });

  it('fill one bucket', async () => {
    const [dynamo, clock] = [new FakeDynamo(), new FakeClock()];
    const open = processesOn(dynamo, { rates: { modules: { slow: RATE } } }, clock);
    const [a, b] = [open(), open()];
    expect(await a.send(6, 'slow')).toEqual({ accepted: 6 });
    expect(await b.send(2, 'slow')).toEqual({ accepted: 2 });
    expect(await b.send(4, 'slow')).toEqual({ accepted: 2, RATE_LIMITED: 2 });
    await clock.advance(3_000);
    expect(await b.send(5, 'slow')).toEqual({ accepted: 3, RATE_LIMITED: 2 });
  });

  it('share with one write for each count, not for each event, and none where nothing is limited', async () => {
    const dynamo = new FakeDynamo();
    const protection = {
      storm: { topics: { 'money.moved': 1_000 } },
      rates: { modules: { slow: { perMinute: 6_000 } } },
    };
    const process = processesOn(dynamo, protection, new FakeClock())();
    const writes = (): number => dynamo.requests.filter(({ operation }) => operation === 'UpdateItem').length;
    await process.send(50);
    expect(writes()).toBe(1);
    await process.send(50, 'slow');
    await process.send(50, 'slow');
    expect(writes()).toBe(1 + 3 + 2); // a bucket that was full takes two
    const before = writes();
    await processesOn(dynamo, { storm: { perSecond: 'unlimited' } }, new FakeClock())().send(50);
    expect(writes()).toBe(before);
  });

  it('W11: the storm guard that is on by default costs quiet topics nothing, and busy ones half a write an event', async () => {
    const [dynamo, clock] = [new FakeDynamo(), new FakeClock()];
    const process = processesOn(dynamo, {}, clock)();
    const writes = (): number => dynamo.requests.filter(({ operation }) => operation === 'UpdateItem').length;
    for (let second = 0; second < 20; second++) {
      await process.send(1);
      await clock.advance(1_000);
    }
    expect(writes()).toBe(0);
    for (let i = 0; i < 100; i++) await process.send(1);
    expect(writes()).toBe(50);
    expect(await process.send(1)).toEqual({ TOPIC_STOPPED: 1 });
  });

  it('stop a storm of single events that is spread over ten of them at most one event each too late', async () => {
    const [dynamo, clock] = [new FakeDynamo(), new FakeClock()];
    const open = processesOn(dynamo, {}, clock);
    const all = Array.from({ length: 10 }, () => open());
    let accepted = 0;
    for (let round = 0; round < 30; round++)
      for (const process of all) accepted += (await process.send(1))['accepted'] ?? 0;
    expect(accepted).toBeGreaterThanOrEqual(100);
    expect(accepted).toBeLessThanOrEqual(100 + 2 * all.length); // what it has not told, and what it was not told
  });
});

describe('DynamoCounts', () => {
  const countsOn = (dynamo: FakeDynamo): DynamoCounts =>
    new DynamoCounts({ client: fakeStore(dynamo).store.tables.client, stateTable: 'state', ledger: 'main' });

  it('adds up a window, and each window for itself', async () => {
    const counts = countsOn(new FakeDynamo());
    const window = { startMs: NOW, lengthMs: 1_000 };
    expect(await Promise.all([1, 2, 3].map((n) => counts.add('t', window, n))).then((all) => Math.max(...all))).toBe(6);
    expect(await counts.add('t', { ...window, startMs: NOW + 1_000 }, 1)).toBe(1);
    expect(await counts.add('u', window, 1)).toBe(1);
  });

  it('loses no token to processes that meet', async () => {
    const dynamo = new FakeDynamo();
    const counts = countsOn(dynamo);
    await Promise.all(Array.from({ length: 6 }, () => counts.owe('slow', RATE, 1, NOW)));
    expect(await counts.owe('slow', RATE, 1, NOW)).toBe(NOW + 7_000);
  });

  it('lets a bucket be as empty as empty, and a clock that was set back find it no emptier', async () => {
    const counts = countsOn(new FakeDynamo());
    await counts.owe('slow', RATE, 10, NOW);
    expect(await counts.owe('slow', RATE, 10, NOW)).toBe(NOW + 20_000);
    expect(await counts.owe('slow', RATE, 1, NOW)).toBe(NOW + 11_000);
    expect(await counts.owe('slow', RATE, 1, NOW - 86_400_000)).toBe(NOW - 86_400_000 + 11_000);
  });

  it('counts twice rather than not at all when an answer is lost', async () => {
    const dynamo = new FakeDynamo();
    dynamo.fault = inOrder('UpdateItem', { kind: 'lose-answer' });
    expect(await countsOn(dynamo).add('t', { startMs: NOW, lengthMs: 1_000 }, 5)).toBe(10);
  });

  it('gives windows to the table to forget', async () => {
    const dynamo = new FakeDynamo();
    await countsOn(dynamo).add('t', { startMs: NOW, lengthMs: 1_000 }, 5);
    expect(dynamo.items('state')).toMatchObject([
      { pk: { S: 'main#count#t' }, ttl: { N: String(NOW / 1_000 + 3_601) } },
    ]);
  });
});

it('costs one round trip no publisher waits for: counting goes beside recording', async () => {
  const [dynamo, counter] = [new FakeDynamo(), createCallCounter()];
  const { store } = fakeStore(dynamo);
  const { client } = store.tables;
  const clock = new FakeClock();
  const appender = appenderOn(store, { clock });
  const guards = createGuards({
    ...{ ledger: 'main', items: store, appender, clock, ids: new CountingIds(), policy, catalog, isAlone: false },
    protection: protectionSchema.parse({ storm: {} }),
    shared: new DynamoCounts({ client, stateTable: 'state', ledger: 'main' }),
    onError: (error) => {
      throw error;
    },
  });
  const publish = createPublish({ appender, catalog, policy, ids: new CountingIds(), guard: guards });
  const once = async (): Promise<void> => {
    await publish(as('feed'), [{ topic: 'money.moved', entityId: 'account:1', payload: {} }]);
    await guards.flush();
  };
  await once();
  client.middlewareStack.use(counter.plugin);
  await once();
  expect(counter.counts()).toMatchObject({ roundTrips: 1, readUnits: 0, writeUnits: 5 });
});

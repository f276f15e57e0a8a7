/** Protection between publishers and the ledger, on a clock that moves when told: who is refused, what is kept, who may open it. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  CountingIds,
  FakeClock,
  ImpatientClock,
  MemoryStore,
  type FaultHooks,
} from '../../../../adapters/memory/index.ts';
import {
  caused,
  createCatalog,
  createGuards,
  createIngress,
  createPublish,
  createQuarantine,
  recordedEvent,
  SYSTEM_TOPICS,
  type DeliveredEvent,
  type GuardedEvent,
  type Guards,
  type GuardsDependencies,
  type Publish,
  type PublishResult,
} from '../../../../core/events/index.ts';
import { protectionSchema } from '../../../../core/guard/index.ts';
import type { EntryStore } from '../../../../core/ledger/index.ts';
import { createPolicy, modulesSchema, rosterSchema, type Principal } from '../../../../core/policy/index.ts';
import { appenderOn } from '../../ledger/ledger-fixture.ts';

const topic = { description: 'test', versions: { 1: z.strictObject({}) } };
const policy = createPolicy(
  rosterSchema.parse({
    roles: { owner: { publishes: ['*'] }, security: {}, auditor: {} },
    people: [
      { personId: 'ann', name: 'Ann', accounts: ['ann', 'ann-mobile'], roles: ['owner'] },
      { personId: 'ben', name: 'Ben', accounts: ['ben'], roles: ['owner'] },
      { personId: 'sue', name: 'Sue', accounts: ['sue'], roles: ['security'] },
      { personId: 'aud', name: 'Aud', accounts: ['aud'], roles: ['auditor'] },
    ],
    agents: [],
  }),
  modulesSchema.parse({ feed: { publishes: ['*'] }, echo: { publishes: ['money.*'] } }),
);
const catalog = createCatalog({ 'money.moved': topic, 'money.counted': topic, 'user.seen': topic, ...SYSTEM_TOPICS });
const as = (id: string): Principal => policy.principal(id) as Principal;

interface Fixture {
  readonly publish: Publish;
  readonly guards: Guards;
  readonly clock: FakeClock;
  readonly store: MemoryStore;
  /** what nobody waited for */
  readonly errors: unknown[];
  /** another process on the same ledger and clock, or this one after a crash */
  readonly again: () => Fixture;
}

function fixture(
  protection: z.input<typeof protectionSchema> = {},
  more: Partial<GuardsDependencies> & { faults?: FaultHooks; store?: MemoryStore; clock?: FakeClock } = {},
): Fixture {
  const { faults = {}, store = new MemoryStore({ faults }), clock = new FakeClock(), ...overrides } = more;
  const appender = appenderOn(store, { clock });
  const errors: unknown[] = [];
  const guards = createGuards({
    ...{ ledger: 'main', items: store, appender, clock, ids: new CountingIds(), policy, catalog, isAlone: true },
    protection: protectionSchema.parse(protection),
    onError: (error) => errors.push(error),
    ...overrides,
  });
  const publish = createPublish({ appender, catalog, policy, ids: new CountingIds(), guard: guards });
  return { publish, guards, clock, store, errors, again: () => fixture(protection, { ...more, store, clock }) };
}

const guarded = (count: number): GuardedEvent[] =>
  Array.from({ length: count }, () => ({
    ...{ eventId: randomUUID(), topic: 'money.moved', chain: 'account:1', origin: { source: 'feed', hops: 0 } },
  }));

let serial = 0;
const event = (name = 'money.moved', more: object = {}): object => {
  serial += 1;
  return { eventId: `e-${serial}`, topic: name, entityId: 'account:1', payload: {}, ...more };
};
const many = (count: number, name?: string, more?: object): object[] =>
  Array.from({ length: count }, () => event(name, more));
const codes = (results: readonly PublishResult[]): string[] =>
  results.map((result) => (result.status === 'rejected' ? result.problem.code : result.status));
const tally = (results: readonly PublishResult[]): Record<string, number> =>
  Object.fromEntries(
    Map.groupBy(codes(results), (code) => code)
      .entries()
      .map(([code, all]) => [code, all.length]),
  );

async function told(store: EntryStore): Promise<readonly DeliveredEvent[]> {
  const log = await store.readLog(0, 100_000);
  return log.flatMap((entry) => recordedEvent(entry)?.event ?? []).filter((one) => one.topic.startsWith('system.'));
}

/** However many come: what is looked at here is who publishes them. */
const calm = { storm: { perSecond: 'unlimited' } } as const;

describe('rates', () => {
  it('gives people a hundred events a minute, and says when to come back', async () => {
    const { publish, clock } = fixture();
    expect(tally(await publish(as('ann'), many(100)))).toEqual({ accepted: 100 });
    const [refused] = await publish(as('ann'), many(1));
    expect(refused).toMatchObject({ status: 'rejected', problem: { code: 'RATE_LIMITED', retryAfterSeconds: 1 } });
    await clock.advance(1_000);
    expect(tally(await publish(as('ann'), many(3)))).toEqual({ accepted: 1, RATE_LIMITED: 2 });
  });

  it('counts a person once, whatever account is used, and nobody for another', async () => {
    const { publish } = fixture(calm);
    await publish(as('ann'), many(100));
    expect(tally(await publish(as('ann-mobile'), many(2)))).toEqual({ RATE_LIMITED: 2 });
    expect(tally(await publish(as('ben'), many(100)))).toEqual({ accepted: 100 });
  });

  it('limits modules only where the configuration does', async () => {
    const { publish, guards } = fixture({ ...calm, rates: { modules: { echo: { perMinute: 60, burst: 5 } } } });
    expect(tally(await publish(as('echo'), many(8)))).toEqual({ accepted: 5, RATE_LIMITED: 3 });
    for (let i = 0; i < 50; i++) expect(tally(await publish(as('feed'), many(100)))).toEqual({ accepted: 100 });
    expect(guards.stats()).toEqual({ rateLimited: 3, refused: 0, stormsDetected: 0, loopsDetected: 0, resets: 0 });
  });

  it('neither counts nor forgives what the envelope, the rights or the schema refuse', async () => {
    const { publish } = fixture({ rates: { modules: { echo: { perMinute: 1, burst: 1 } } } });
    const bad = [event('user.seen'), event('money.moved', { payload: { n: 1 } }), event('money.mvd')];
    expect(codes(await publish(as('echo'), [...bad, event(), event()]))).toEqual([
      ...['FORBIDDEN', 'PAYLOAD_INVALID', 'TOPIC_UNKNOWN', 'accepted', 'RATE_LIMITED'],
    ]);
  });

  it('refuses an atomic batch whole', async () => {
    const { publish } = fixture({ rates: { modules: { echo: { perMinute: 1, burst: 2 } } } });
    expect(codes(await publish(as('echo'), many(3), { atomic: true }))).toEqual([
      ...['ATOMIC_REJECTED', 'ATOMIC_REJECTED', 'RATE_LIMITED'],
    ]);
  });
});

const storm = { storm: { perSecond: 20, topics: { 'user.seen': 'unlimited' } } } as const;

describe('a storm', () => {
  it('stops the topic at the deciding event for a minute of ten times too much; others go on', async () => {
    const { publish, guards, clock, store } = fixture(storm);
    let accepted = 0;
    for (let tenth = 0; tenth < 600; tenth++) {
      const results = await publish(as('feed'), many(20));
      accepted += tally(results)['accepted'] ?? 0;
      expect(tally(await publish(as('echo'), many(1, 'money.counted')))).toEqual({ accepted: 1 });
      expect(tally(await publish(as('feed'), many(30, 'user.seen')))).toEqual({ accepted: 30 });
      await clock.advance(100);
    }
    expect(accepted).toBe(20);
    expect(guards.stats()).toMatchObject({ stormsDetected: 1, refused: 600 * 20 - 20 });
    const [detected, ...more] = await told(store);
    expect(more).toEqual([]);
    expect(detected).toMatchObject({
      ...{ topic: 'system.storm_detected', source: 'guard', entityId: 'system/guards' },
      payload: { topic: 'money.moved', cause: 'storm', source: 'feed', reason: 'more than 20 events in one second' },
    });
    expect(await guards.list(as('aud'))).toContainEqual(
      expect.objectContaining({ topic: 'money.moved', state: 'stopped', perSecond: 20 }),
    );
  });

  it('names the deciding event, refuses it, and has told the ledger when it answers', async () => {
    const { publish, store } = fixture(storm);
    const events = many(25) as { eventId: string }[];
    const results = await publish(as('feed'), events);
    expect(codes(results).indexOf('TOPIC_STOPPED')).toBe(20);
    expect(results[20]).toMatchObject({
      problem: {
        detail: expect.stringMatching(/more than 20 events.*POST \/v1\/guards\/money\.moved\/reset/) as string,
      },
    });
    expect((await told(store))[0]?.payload).toMatchObject({ eventId: events[20]?.eventId });
  });

  it('is still stopped after a crash, and open for good after security opened it', async () => {
    const before = fixture(storm);
    await before.publish(as('feed'), many(21));
    const after = before.again();
    expect(tally(await after.publish(as('echo'), many(1)))).toEqual({ TOPIC_STOPPED: 1 });
    expect(await after.guards.reset(as('sue'), 'money.moved', 'a second import')).toMatchObject({
      state: 'open',
      stops: [],
    });
    expect(tally(await after.publish(as('echo'), many(1)))).toEqual({ accepted: 1 });
    expect(tally(await after.again().publish(as('echo'), many(1)))).toEqual({ accepted: 1 });
    const entries = await told(after.store);
    expect(entries.map((one) => one.topic)).toEqual(['system.storm_detected', 'system.topic_reset']);
    expect(entries[1]?.payload).toMatchObject({ topic: 'money.moved', cause: 'storm', why: 'a second import' });
    for (const { topic: name, payload } of entries)
      expect(SYSTEM_TOPICS[name as keyof typeof SYSTEM_TOPICS].versions[1].safeParse(payload)).toMatchObject({
        success: true,
      });
  });

  it('does not stop a topic again for what it was opened after', async () => {
    const { publish, guards } = fixture(storm);
    await publish(as('feed'), many(21));
    await guards.reset(as('aud'), 'money.moved', 'within the same second');
    expect(tally(await publish(as('feed'), many(21)))).toEqual({ accepted: 20, TOPIC_STOPPED: 1 });
    expect(guards.stats()).toMatchObject({ stormsDetected: 2, resets: 1 });
  });

  it('is not forgotten for what was read before it', async () => {
    const store = new MemoryStore();
    const held = Promise.withResolvers<undefined>();
    let reads = 0;
    const slow = {
      get: store.get.bind(store),
      write: store.write.bind(store),
      list: async (...asked: Parameters<MemoryStore['list']>) => {
        const found = await store.list(...asked);
        reads += 1;
        if (reads === 1) await held.promise;
        return found;
      },
    };
    const { publish, clock } = fixture(storm, { store, items: slow, isAlone: false });
    const late = publish(as('echo'), many(1));
    expect(tally(await publish(as('feed'), many(21)))).toEqual({ accepted: 20, TOPIC_STOPPED: 1 });
    await clock.advance(1_000);
    held.resolve(undefined);
    expect(tally(await late)).toEqual({ TOPIC_STOPPED: 1 });
  });

  it('is opened by a process that had looked a moment before another one stopped the topic', async () => {
    const here = fixture(storm, { isAlone: false });
    const there = here.again();
    expect((await there.guards.list(as('sue'))).map(({ state }) => state)).not.toContain('stopped');
    await here.publish(as('feed'), many(21));
    expect(await there.guards.reset(as('sue'), 'money.moved', 'looked at it')).toMatchObject({ state: 'open' });
    expect((await told(here.store)).map(({ topic: name }) => name)).toEqual([
      'system.storm_detected',
      'system.topic_reset',
    ]);
    await here.clock.advance(2_000);
    expect(tally(await here.publish(as('feed'), many(1)))).toEqual({ accepted: 1 });
  });

  it('stays open, although a process that saw the same storm could not tell it until then', async () => {
    const here = fixture(storm, { isAlone: false });
    let isGone = true;
    const gone = { append: () => Promise.reject(new Error('the ledger is busy')) };
    const appender = appenderOn(here.store, { clock: here.clock });
    const late = fixture(storm, {
      ...{ isAlone: false, store: here.store, clock: here.clock },
      appender: { append: (request) => (isGone ? gone : appender).append(request) },
    });
    expect(await late.guards.admit(as('feed'), guarded(21))).toContainEqual(
      expect.objectContaining({ code: 'TOPIC_STOPPED' }),
    );
    expect(late.errors).toEqual([new Error('the ledger is busy')]);
    await here.publish(as('feed'), many(21));
    await here.clock.advance(2_000);
    expect(await here.guards.reset(as('sue'), 'money.moved', 'looked at it')).toMatchObject({ state: 'open' });
    isGone = false;
    // It refuses until it has looked, and then knows better.
    await late.guards.admit(as('feed'), guarded(1));
    expect(await late.guards.admit(as('feed'), guarded(1))).toEqual([undefined]);
    expect((await told(here.store)).map(({ topic: name }) => name)).toEqual([
      'system.storm_detected',
      'system.topic_reset',
    ]);
    // What comes after the reset is a storm of its own.
    await here.clock.advance(2_000);
    await late.guards.admit(as('feed'), guarded(21));
    expect((await told(here.store)).at(-1)).toMatchObject({ topic: 'system.storm_detected' });
  });

  it('stays open, although another process counts on in the second of the storm', async () => {
    const here = fixture(storm, { isAlone: false });
    const other = fixture(storm, { isAlone: false, store: here.store, clock: here.clock });
    expect(await other.guards.admit(as('feed'), guarded(20))).toEqual(Array.from({ length: 20 }, () => undefined));
    await here.publish(as('feed'), many(21));
    expect(await here.guards.reset(as('sue'), 'money.moved', 'looked at it')).toMatchObject({ state: 'open' });
    await here.clock.advance(5);
    await other.guards.admit(as('feed'), guarded(1)); // one too many for what it counted before
    await here.clock.advance(995);
    expect(await other.guards.admit(as('feed'), guarded(20))).toEqual(Array.from({ length: 20 }, () => undefined));
    expect((await told(here.store)).map(({ topic: name }) => name)).toEqual([
      'system.storm_detected',
      'system.topic_reset',
    ]);
    await other.guards.admit(as('feed'), guarded(1));
    expect((await told(here.store)).at(-1)).toMatchObject({ topic: 'system.storm_detected' });
  });

  it('does not stop a topic that is opened while the stop is on its way', async () => {
    const here = fixture(storm, { isAlone: false });
    const appender = appenderOn(here.store, { clock: here.clock });
    let isOpened = false;
    const slow = fixture(storm, {
      ...{ isAlone: false, store: here.store, clock: here.clock },
      appender: {
        append: async (request) => {
          if (!isOpened) {
            isOpened = true;
            await here.clock.advance(1);
            await here.guards.reset(as('sue'), 'money.moved', 'nothing to see');
          }
          return appender.append(request);
        },
      },
    });
    await slow.guards.admit(as('feed'), guarded(21));
    await here.clock.advance(1_000);
    expect(await slow.guards.admit(as('feed'), guarded(1))).toEqual([undefined]);
    expect(await told(here.store)).toEqual([]);
    expect(await here.guards.list(as('sue'))).toContainEqual(
      expect.objectContaining({ topic: 'money.moved', state: 'open' }),
    );
  });

  it('opens by itself where the configuration says so, and tells when', async () => {
    const { publish, clock, store } = fixture({ storm: { perSecond: 20, resetAfterSeconds: 30 } });
    const results = await publish(as('feed'), many(21));
    expect(results[20]).toMatchObject({ problem: { code: 'TOPIC_STOPPED', retryAfterSeconds: 30 } });
    await clock.advance(29_999);
    expect(tally(await publish(as('feed'), many(1)))).toEqual({ TOPIC_STOPPED: 1 });
    await clock.advance(1);
    expect(tally(await publish(as('feed'), many(1)))).toEqual({ accepted: 1 });
    expect((await told(store)).at(-1)).toMatchObject({
      topic: 'system.topic_reset',
      payload: { why: 'its time was over' },
    });
  });

  it('is decided once by publishers that race', async () => {
    const { publish, store } = fixture(storm);
    const results = await Promise.all(Array.from({ length: 40 }, () => publish(as('feed'), [event()])));
    expect(tally(results.flat())).toEqual({ accepted: 20, TOPIC_STOPPED: 20 });
    expect(await told(store)).toHaveLength(1);
  });

  it.each(['before', 'after'] as const)(
    'holds although the commit failed %s it was written, and is told once',
    async (when) => {
      let isDown = false;
      const fail = (): void => {
        if (isDown) throw new Error('disk full');
      };
      const { publish, clock, store, errors, again } = fixture(storm, {
        clock: new ImpatientClock(),
        faults: { [when]: fail },
      });
      await publish(as('feed'), many(20));
      isDown = true;
      expect(tally(await publish(as('feed'), many(1)))).toEqual({ TOPIC_STOPPED: 1 });
      expect(errors).toHaveLength(when === 'before' ? 1 : 0);
      await clock.advance(5_000);
      isDown = false;
      expect(tally(await publish(as('feed'), many(1)))).toEqual({ TOPIC_STOPPED: 1 });
      expect(await told(store)).toHaveLength(1);
      expect(tally(await again().publish(as('feed'), many(1)))).toEqual({ TOPIC_STOPPED: 1 });
    },
  );
});

describe('a loop', () => {
  it('lets an honest chain of sixteen pass, and stops the seventeenth, for its correlation alone', async () => {
    const { publish, store, guards } = fixture();
    let last: Pick<DeliveredEvent, 'eventId' | 'metadata'> = { eventId: 'first' };
    const lap = async (): Promise<string | undefined> => {
      const next = event('money.moved', { metadata: caused(last) }) as typeof last & object;
      last = next;
      return codes(await publish(as('echo'), [next]))[0];
    };
    for (let hops = 1; hops <= 16; hops++) expect(await lap()).toBe('accepted');
    expect(await lap()).toBe('LOOP_DETECTED');
    expect(codes(await publish(as('echo'), [event('money.moved', { metadata: { correlationId: 'first' } })]))).toEqual([
      'LOOP_DETECTED',
    ]);
    expect(
      codes(await publish(as('echo'), [event(), event('money.counted', { metadata: { correlationId: 'first' } })])),
    ).toEqual([...['accepted', 'accepted']]);
    expect((await told(store)).map(({ payload }) => payload)).toMatchObject([
      { cause: 'loop', correlationId: 'first' },
    ]);
    expect((await guards.list(as('echo'))).map(({ state, stops }) => [state, stops.length])).toEqual([
      ...[
        ['open', 0],
        ['stopped', 1],
      ],
    ]);
  });

  it('finds a correlation that comes back to one place, when it was asked to', async () => {
    const { publish, clock } = fixture({ loop: { reentries: 5 } });
    const caughtIn = (entityId: string): object =>
      event('money.moved', { entityId, metadata: { correlationId: 'c', causationId: 'x' } });
    const here = Array.from({ length: 5 }, () => caughtIn('account:1'));
    const there = Array.from({ length: 5 }, () => caughtIn('account:2'));
    expect(tally(await publish(as('echo'), [...here, ...there]))).toEqual({ accepted: 10 });
    expect(tally(await publish(as('echo'), [caughtIn('account:1')]))).toEqual({ LOOP_DETECTED: 1 });
    await clock.advance(3_600_000);
    expect(tally(await publish(as('echo'), [caughtIn('account:1')]))).toEqual({ accepted: 1 });
  });

  it('does not take an import for one, though all of it has one correlation', async () => {
    const { publish } = fixture({ loop: { reentries: 5 } });
    const imported = many(100, 'money.moved', { metadata: { correlationId: 'import-7' } });
    expect(tally(await publish(as('feed'), imported))).toEqual({ accepted: 100 });
  });

  it.each([[-1], [1.5], ['17'], [null], [1e300], [Number.MAX_SAFE_INTEGER + 1]])(
    'refuses %j hops as no number of hops',
    async (hops) => {
      const { publish } = fixture();
      const [result] = await publish(as('feed'), [event('money.moved', { metadata: { hops } })]);
      expect(result).toMatchObject({ problem: { code: 'EVENT_INVALID', errors: [{ pointer: '/metadata/hops' }] } });
    },
  );

  it('keeps few of many that somebody pretends, refuses all, and stops nobody else', async () => {
    const { publish, store } = fixture({ storm: { perSecond: 1_000 } });
    for (let i = 0; i < 3; i++) {
      const pretended = Array.from({ length: 100 }, () =>
        event('money.moved', { metadata: { hops: Number.MAX_SAFE_INTEGER } }),
      );
      expect(tally(await publish(as('echo'), pretended))).toEqual({ LOOP_DETECTED: 100 });
    }
    expect(await told(store)).toHaveLength(50);
    expect(tally(await publish(as('feed'), many(1)))).toEqual({ accepted: 1 });
  });
});

describe('who may what', () => {
  it('shows a module its topics, and watchers all', async () => {
    const { guards } = fixture(storm);
    const topics = async (id: string): Promise<string[]> => (await guards.list(as(id))).map((one) => one.topic);
    expect(await topics('echo')).toEqual(['money.counted', 'money.moved']);
    expect(await topics('aud')).toEqual([...['money.counted', 'money.moved', 'user.seen']]);
    expect(await topics('sue')).toEqual(await topics('aud'));
  });

  it('lets neither publishers nor owners open a topic', async () => {
    const { publish, guards, store } = fixture(storm);
    await publish(as('feed'), many(21));
    for (const id of ['feed', 'echo', 'ann'])
      await expect(guards.reset(as(id), 'money.moved', 'please')).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(guards.reset(as('aud'), 'money.mvd', 'x')).rejects.toMatchObject({ code: 'TOPIC_UNKNOWN' });
    expect(tally(await publish(as('feed'), many(1)))).toEqual({ TOPIC_STOPPED: 1 });
    expect(await told(store)).toHaveLength(1);
  });

  it('records nothing for a topic that is open, and one reset however often it is asked for', async () => {
    const { publish, guards, store } = fixture(storm);
    await guards.reset(as('aud'), 'money.moved', 'nothing to do');
    expect(await told(store)).toEqual([]);
    await publish(as('feed'), many(21));
    await Promise.all([1, 2, 3].map(() => guards.reset(as('aud'), 'money.moved', 'done')));
    expect((await told(store)).map((one) => one.topic)).toEqual(['system.storm_detected', 'system.topic_reset']);
  });

  it('lets nobody publish what the system tells', async () => {
    const { publish } = fixture();
    expect(codes(await publish(as('feed'), [event('system.storm_detected'), event('system.topic_reset')]))).toEqual([
      ...['FORBIDDEN', 'FORBIDDEN'],
    ]);
  });
});

describe('a clock that is set back', () => {
  it('keeps nobody out for the time it was set back', async () => {
    const { publish, clock } = fixture({ ...storm, rates: { modules: { echo: { perMinute: 60, burst: 2 } } } });
    await publish(as('echo'), many(2));
    await publish(as('feed'), many(18));
    await clock.advance(-86_400_000);
    expect(tally(await publish(as('echo'), many(1)))).toEqual({ RATE_LIMITED: 1 });
    await clock.advance(1_000);
    expect(tally(await publish(as('echo'), many(1)))).toEqual({ accepted: 1 });
    expect(tally(await publish(as('feed'), many(19)))).toEqual({ accepted: 19 });
  });
});

describe('events that come in by the bus', () => {
  it('come again when they are too fast, and are kept when their topic is stopped', async () => {
    const { publish, store, clock } = fixture({ ...storm, rates: { modules: { echo: { perMinute: 60, burst: 2 } } } });
    const quarantine = createQuarantine({ ledger: 'main', items: store, clock });
    const ingest = createIngress({ ledger: 'main', rules: [], policy, publish, quarantine });
    const arrived = (id: string): object => ({
      ...{ id, source: 'nervous.main.echo', 'detail-type': 'money.moved', time: '2026-01-01T00:00:00Z' },
      detail: { entityId: 'account:1', payload: {} },
    });
    expect(await ingest(arrived('a'))).toMatchObject({ status: 'accepted' });
    await ingest(arrived('b'));
    await expect(ingest(arrived('c'))).rejects.toThrow('60 events a minute');
    await publish(as('feed'), many(21));
    await clock.advance(1_000);
    expect(await ingest(arrived('c'))).toMatchObject({
      status: 'quarantined',
      reason: expect.stringContaining('TOPIC_STOPPED') as string,
    });
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import { InProcessBus } from '../../../../adapters/embedded/bus/in-process-bus.ts';
import {
  CountingIds,
  FakeClock,
  localSealer,
  memoryRootSigner,
  MemoryStore,
} from '../../../../adapters/memory/index.ts';
import { createCatalog, createSubscriptions, type Subscriptions } from '../../../../core/events/index.ts';
import { createAppender, type Appender } from '../../../../core/ledger/index.ts';
import { createPolicy, type Principal } from '../../../../core/policy/index.ts';
import { config } from '../../../../nervous.config.ts';

const NOW = { max: 100, waitMs: 0 };
/** subscriptions of one principal */
const MOST = 3;
const { roster, modules, topics } = config;
const rootSigner = memoryRootSigner('ledger.test/main');

interface Fixture {
  readonly clock: FakeClock;
  readonly appender: Appender;
  readonly bus: InProcessBus;
  /** core's subscriptions under rights that may differ from the configured ones */
  readonly under: (rights?: typeof modules, perPrincipal?: number) => Subscriptions;
  readonly as: (id: string) => Principal;
  readonly publish: (topic: string, entity?: string) => Promise<void>;
}
let fixture: Fixture;

beforeEach(async () => {
  const [store, clock, ids] = [new MemoryStore(), new FakeClock(), new CountingIds()];
  const shared = { ledger: 'main', items: store, entries: store, clock, ids };
  const bus = new InProcessBus({
    ...{ ...shared, mayRead: () => true, onError: () => undefined },
    functions: { total: () => undefined },
  });
  await bus.open();
  const appender = createAppender({
    ...{ ledger: 'main', origin: 'ledger.test/main', store, sealer: localSealer, rootSigner, clock, ids },
    onCommit: (entries) => bus.relay(entries),
  });
  const policy = createPolicy(roster, modules);
  let published = 0;
  fixture = {
    ...{ clock, appender, bus },
    under: (rights = modules, perPrincipal = 10_000) =>
      createSubscriptions({
        ...{ ...shared, bus, perPrincipal },
        policy: createPolicy(roster, rights),
        catalog: createCatalog(topics),
      }),
    as: (id) => {
      const principal = policy.principal(id);
      if (principal === undefined) throw new Error(`no principal "${id}"`);
      return principal;
    },
    publish: async (topic, chain = 'account:1') => {
      const data = { topic, version: 1, source: 'bank-feed', payload: { n: ++published } };
      const actor = { kind: 'module', id: 'bank-feed' } as const;
      const draft = { type: 'event', actor, idem: `e${published}`, data } as const;
      await appender.append({ entries: [{ chain, draft }] });
    },
  };
});

describe('how many', () => {
  it('R10: a principal may have is bounded; the same again is no new one, and a removed one makes room', async () => {
    const subscriptions = fixture.under(modules, MOST);
    const me = fixture.as('budget-engine');
    const make = (id: string) => subscriptions.create(me, { id, topics: ['transactions.*'] });
    for (let i = 0; i < MOST; i++) await make(`s-${i}`);
    await expect(make('one-more')).rejects.toMatchObject({ code: 'TOO_MANY_SUBSCRIPTIONS' });
    expect((await make('s-0')).id).toBe('s-0');
    await subscriptions.remove(me, 's-1');
    expect((await make('one-more')).id).toBe('one-more');
  });
});

describe('rights', () => {
  it('are looked at when a subscription is made', async () => {
    const { under, as } = fixture;
    const made = under().create(as('budget-engine'), { id: 's', topics: ['transactions.*', 'user.login'] });
    await expect(made).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await under().list(as('eva'))).toEqual([]);
  });

  it('that a module has lost since end its deliveries: nothing is received, resumed, or attached anew', async () => {
    const { under, as, publish, bus } = fixture;
    const module = as('budget-engine');
    await under().create(module, { id: 's', topics: ['transactions.*'] });
    await publish('transactions.new');
    const { 'budget-engine': own, ...others } = modules;
    const without = under({ ...others, 'budget-engine': { ...own, subscribes: ['budget.*'] } } as typeof modules);
    await expect(without.receive(module, 's', NOW)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await without.pause(module, 's');
    await expect(without.resume(module, 's')).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await without.get(module, 's')).toMatchObject({ status: 'paused' });
    await under().resume(module, 's');
    await bus.pause('s'); // as when the process ends
    await without.attachAll();
    expect(await bus.stats()).toEqual([]);
    await under().attachAll();
    expect(await under().receive(module, 's', NOW)).toHaveLength(1);
  });
});

describe('a target', () => {
  it('that the engine does not have is refused before anything is stored', async () => {
    const { under, as } = fixture;
    const target = { kind: 'function', name: 'missing' };
    const made = under().create(as('budget-engine'), { id: 's', topics: ['transactions.*'], target });
    await expect(made).rejects.toMatchObject({
      code: 'SUBSCRIPTION_INVALID',
      problems: [{ pointer: '/target/name', detail: expect.stringContaining('total') as string }],
    });
    expect(await under().list(as('eva'))).toEqual([]);
  });

  it('is where its events go, and nowhere else', async () => {
    const { under, as, publish } = fixture;
    const [subscriptions, module] = [under(), as('budget-engine')];
    const create = (id: string, target?: object): Promise<unknown> =>
      subscriptions.create(module, { id, topics: ['transactions.*'], ...(target && { target }) });
    await create('queue');
    await create('function', { kind: 'function', name: 'total' });
    await create('stream', { kind: 'stream' });
    await publish('transactions.new');
    const refusal = { code: 'SUBSCRIPTION_INVALID' };
    await expect(subscriptions.receive(module, 'function', NOW)).rejects.toMatchObject(refusal);
    await expect(subscriptions.receive(module, 'stream', NOW)).rejects.toMatchObject(refusal);
    await expect(subscriptions.streamFilter(module, 'queue')).rejects.toMatchObject(refusal);
    await expect(subscriptions.streamFilter(as('reporting'), 'stream')).rejects.toMatchObject({
      code: 'SUBSCRIPTION_NOT_FOUND',
    });
    const { wants, from, subscription } = await subscriptions.streamFilter(module, 'stream');
    const [message] = await subscriptions.receive(module, 'queue', NOW);
    expect({ from, id: subscription.id, wanted: message && wants(message.event) }).toEqual({
      ...{ from: 0, id: 'stream', wanted: true },
    });
  });

  it('item 9: shows in a stream only what its reader may read', async () => {
    const { under, as, publish } = fixture;
    const [subscriptions, module] = [under(), as('budget-engine')];
    await subscriptions.create(module, { id: 'queue', topics: ['transactions.*'] });
    await subscriptions.create(module, { id: 'stream', topics: ['transactions.*'], target: { kind: 'stream' } });
    const { wants } = await subscriptions.streamFilter(module, 'stream');
    await publish('transactions.new', 'account:1');
    await publish('transactions.new', 'vault:1'); // the module reads account:* alone
    const messages = await subscriptions.receive(module, 'queue', NOW);
    expect(messages.map(({ event }) => [event.entityId, wants(event)])).toEqual([
      ['account:1', true],
      ['vault:1', false],
    ]);
  });

  it('shows nothing more in a stream that is open when the right to it is taken away', async () => {
    const { under, as, publish } = fixture;
    const rights = { ...modules };
    const [subscriptions, module] = [under(rights), as('budget-engine')];
    await subscriptions.create(module, { id: 'queue', topics: ['transactions.*'] });
    await subscriptions.create(module, { id: 'stream', topics: ['transactions.*'], target: { kind: 'stream' } });
    const { wants } = await subscriptions.streamFilter(module, 'stream');
    await publish('transactions.new');
    const [message] = await subscriptions.receive(module, 'queue', NOW);
    delete rights['budget-engine'];
    expect(message && wants(message.event)).toBe(false);
  });

  it('is found however many there are', async () => {
    const { under, as } = fixture;
    const [subscriptions, module] = [under(), as('budget-engine')];
    const target = { kind: 'stream' };
    for (let n = 0; n <= 1_000; n++)
      await subscriptions.create(module, { id: `s${n}`, topics: ['transactions.*'], target });
    expect(await subscriptions.list(module)).toHaveLength(1_001);
  });
});

it('a subscription made again with the same settings is the same, however often it was resumed and however it is said', async () => {
  const { under, as, clock } = fixture;
  const [subscriptions, module] = [under(), as('budget-engine')];
  const settings = { id: 's', topics: ['transactions.*'], startAt: '2026-11-21T08:00:00Z' };
  const made = await subscriptions.create(module, settings);
  await subscriptions.pause(module, 's');
  await clock.advance(1_000);
  const resumed = await subscriptions.resume(module, 's');
  expect(resumed.resumedAt).toBe('2026-11-21T09:00:01.000Z');
  expect(await subscriptions.resume(module, 's')).toEqual(resumed);
  expect(await subscriptions.create(module, { ...settings, mode: 'broadcast' })).toEqual(resumed);
  expect(made).not.toHaveProperty('mode');
  const other = subscriptions.create(module, { ...settings, mode: 'targeted' });
  await expect(other).rejects.toMatchObject({ code: 'SUBSCRIPTION_EXISTS' });
});

it('a subscription from a time on gets history and what is published meanwhile, without gap or double', async () => {
  const { under, as, clock, publish } = fixture;
  const [subscriptions, module] = [under(), as('budget-engine')];
  for (let i = 0; i < 20; i++) {
    await publish('transactions.new', `account:${i % 3}`);
    await clock.advance(1_000);
  }
  const startAt = new Date(clock.now() - 12_000).toISOString();
  const publishing = (async () => {
    for (let i = 0; i < 20; i++) await publish('transactions.new', `account:${i % 3}`);
  })();
  await subscriptions.create(module, { id: 's', topics: ['transactions.*'], startAt });
  const seen: string[] = [];
  const pull = async (): Promise<void> => {
    const messages = await subscriptions.receive(module, 's', { max: 3, waitMs: 0 });
    seen.push(...messages.map(({ event }) => event.eventId));
    await subscriptions.ack(
      module,
      's',
      messages.map(({ receipt }) => receipt),
    );
  };
  for (let i = 0; i < 5; i++) await pull();
  await publishing;
  for (let i = 0; i < 20; i++) await pull();
  expect(seen).toEqual(Array.from({ length: 32 }, (_, i) => `e${i + 9}`));
});

describe('dead letters', () => {
  const reasons = async (subscriptions: Subscriptions, module: Principal): Promise<string[]> =>
    (await subscriptions.deadLetters(module, 's', { limit: 200 })).map(({ event }) => event.eventId);

  /** 150 events of two entities and two topics, all dead. */
  async function deadLetterOf(): Promise<{ subscriptions: Subscriptions; module: Principal }> {
    const { under, as, publish } = fixture;
    const [subscriptions, module] = [under(), as('reporting')];
    await subscriptions.create(module, {
      id: 's',
      topics: ['*'],
      retry: { maxAttempts: 1 },
      breaker: { failures: 999 },
    });
    for (let i = 0; i < 150; i++)
      await publish(i % 2 === 0 ? 'transactions.new' : 'budget.updated', `account:${i % 3 === 0 ? 'x' : 'y'}`);
    const messages = await subscriptions.receive(module, 's', { max: 150, waitMs: 0 });
    await subscriptions.nack(
      module,
      's',
      messages.map(({ receipt }) => receipt),
      { reason: 'no' },
    );
    return { subscriptions, module };
  }

  it('are redriven whose event matches a pattern', async () => {
    const { subscriptions, module } = await deadLetterOf();
    const pattern = { 'detail-type': ['transactions.new'], detail: { entityId: [{ suffix: ':x' }] } };
    expect(await subscriptions.redrive(module, 's', { pattern })).toBe(25);
    expect(await reasons(subscriptions, module)).toHaveLength(125);
    const again = await subscriptions.receive(module, 's', NOW);
    expect(again).toHaveLength(25);
    for (const { event, attempt } of again)
      expect([event.topic, event.entityId, attempt]).toEqual(['transactions.new', 'account:x', 1]);
    expect(await subscriptions.redrive(module, 's', { pattern })).toBe(0);
    expect(await subscriptions.redrive(module, 's')).toBe(125);
  });

  it.each([
    [{ pattern: {} }, '/pattern'],
    [{ pattern: { detail: { entityId: 'x' } } }, '/pattern/detail/entityId'],
    [{ pattern: [] as never }, '/pattern'],
  ])('stay where they are when the choice is %j', async (choice, pointer) => {
    const { subscriptions, module } = await deadLetterOf();
    await expect(subscriptions.redrive(module, 's', choice)).rejects.toMatchObject({
      code: 'SUBSCRIPTION_INVALID',
      problems: [{ pointer }],
    });
    const both = subscriptions.redrive(module, 's', { positions: [1], pattern: { source: ['x'] } });
    await expect(both).rejects.toMatchObject({ code: 'SUBSCRIPTION_INVALID' });
    expect(await reasons(subscriptions, module)).toHaveLength(150);
  });
});

it('the breaker is closed by its owner alone', async () => {
  const { under, as, publish, bus } = fixture;
  const [subscriptions, module] = [under(), as('budget-engine')];
  await subscriptions.create(module, { id: 's', topics: ['transactions.*'], breaker: { failures: 1 } });
  await publish('transactions.new');
  await publish('transactions.new');
  const [message] = await subscriptions.receive(module, 's', { max: 1, waitMs: 0 });
  await subscriptions.nack(module, 's', [message?.receipt ?? ''], { reason: 'down' });
  const state = async (): Promise<unknown> => (await bus.stats())[0]?.breaker;
  await expect(subscriptions.reset(as('reporting'), 's')).rejects.toMatchObject({ code: 'SUBSCRIPTION_NOT_FOUND' });
  await expect(subscriptions.reset(as('eva'), 's')).rejects.toMatchObject({ code: 'SUBSCRIPTION_NOT_FOUND' });
  expect(await state()).toBe('open');
  expect(await subscriptions.reset(module, 's')).toMatchObject({ id: 's' });
  expect(await state()).toBe('closed');
});

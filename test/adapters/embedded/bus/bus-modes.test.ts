import { describe, expect, it } from 'vitest';
import {
  NOT_READABLE,
  type DeliveryFacts,
  type DeliveryState,
  type LoggedEvent,
} from '../../../../core/events/index.ts';
import { createWorld, flush, ids, NOW, receipts, subscription, type World } from './bus-world.ts';

async function traceOf(world: World, position: number): Promise<readonly DeliveryState[]> {
  const [entry] = await world.store.readLog(position, 1);
  const event = { eventId: 'any', topic: 'orders.new', entityId: entry?.chain, payload: {}, ledger: { position } };
  return world.bus.trace(event as unknown as LoggedEvent);
}

describe('the right to read', () => {
  it('item 9: is asked for each event when it is handed out, again at each attempt', async () => {
    const secret = new Set(['b']);
    const asked: string[] = [];
    const mayRead = (subscriber: string, entity: string): boolean => (
      asked.push(`${subscriber} ${entity}`),
      !secret.has(entity)
    );
    const world = await createWorld({ mayRead });
    const settings = subscription('s');
    await world.bus.attach(settings);
    await world.publish('a', 'b', 'c');
    const [first, second] = await world.bus.receive('s', NOW);
    expect([first?.event.entityId, second?.event.entityId]).toEqual(['a', 'c']);
    expect(asked).toEqual([`${settings.module} a`, `${settings.module} b`, `${settings.module} c`]);
    expect(await traceOf(world, 2)).toMatchObject([
      { state: 'skipped', history: [{ outcome: 'skipped', reason: NOT_READABLE }] },
    ]);
    secret.add('a');
    await world.bus.nack('s', [first?.receipt ?? ''], { reason: 'busy', delayMs: 0 });
    await world.clock.advance(1_000);
    expect(await world.bus.receive('s', NOW)).toEqual([]);
    expect(await traceOf(world, 1)).toMatchObject([{ state: 'skipped' }]);
  });
});

describe('a targeted subscription', () => {
  it('gets what names its module, and nothing else', async () => {
    const world = await createWorld();
    await world.bus.attach(subscription('s', { mode: 'targeted' }));
    await world.bus.attach(subscription('all'));
    await world.publish('a');
    await world.publishWith('a', { targets: ['other', 'm'] });
    await world.publishWith('a', { targets: ['other'] });
    await world.publishWith('a', { targets: 'm' });
    expect(ids(await world.bus.receive('s', NOW))).toEqual(['e2']);
    expect(ids(await world.bus.receive('all', NOW))).toEqual(['e1', 'e2', 'e3', 'e4']);
  });
});

describe('a conditional subscription', () => {
  const quiet = { mode: 'conditional', when: { changeSets: [{ exists: false }], permissions: ['reads'] } };
  const facts = (of: Partial<DeliveryFacts>): DeliveryFacts => ({
    ...{ entity: { id: 'a', document: null, version: 0 }, changeSets: [], permissions: ['reads'] },
    ...of,
  });

  it('gets events while the condition holds; the others are skipped, which their trace tells, also after a restart', async () => {
    const busy = new Set<string>();
    const world = await createWorld({
      readFacts: async (subscriber, id) => {
        expect(subscriber).toBe('m');
        return facts({ changeSets: busy.has(id) ? ['pending'] : [] });
      },
    });
    const settings = subscription('s', quiet);
    await world.bus.attach(settings);
    busy.add('b');
    await world.publish('a', 'b', 'a');
    const messages = await world.bus.receive('s', NOW);
    expect(ids(messages)).toEqual(['e1', 'e3']);
    await world.bus.ack('s', receipts(messages));
    busy.delete('b'); // too late for what was skipped
    expect(await world.bus.receive('s', NOW)).toEqual([]);
    const skipped = [{ outcome: 'skipped', reason: expect.stringContaining('condition') as string }];
    expect(await traceOf(world, 2)).toMatchObject([{ subscription: 's', state: 'skipped', history: skipped }]);
    await flush(world);
    await world.restart(settings);
    expect(await world.bus.receive('s', NOW)).toEqual([]);
    expect(await traceOf(world, 2)).toMatchObject([{ state: 'skipped', history: skipped }]);
    expect(await traceOf(world, 1)).toMatchObject([{ state: 'delivered' }]);
  });

  it('is not given later what was skipped, though nothing was ever acknowledged and the process died', async () => {
    let isQuiet = false;
    const world = await createWorld({ readFacts: async () => facts({ changeSets: isQuiet ? [] : ['pending'] }) });
    const settings = subscription('s', quiet);
    await world.bus.attach(settings);
    await world.publish('a', 'b');
    const waiting = world.bus.receive('s', { max: 9, waitMs: 60_000 });
    await flush(world);
    isQuiet = true;
    await world.restart(settings);
    await world.publish('a');
    expect(ids(await world.bus.receive('s', NOW))).toEqual(['e3']);
    await world.clock.advance(60_000);
    await waiting;
  });

  it('is asked again at each attempt', async () => {
    let isOpen = false;
    const world = await createWorld({ readFacts: async () => facts({ changeSets: isOpen ? ['approved'] : [] }) });
    await world.bus.attach(subscription('s', quiet));
    await world.publish('a');
    await world.bus.nack('s', receipts(await world.bus.receive('s', NOW)), { reason: 'no', delayMs: 10 });
    isOpen = true;
    await world.clock.advance(10);
    expect(await world.bus.receive('s', NOW)).toEqual([]);
    expect(await traceOf(world, 1)).toMatchObject([
      { state: 'skipped', history: [{ outcome: 'failed', reason: 'no' }, { outcome: 'skipped' }] },
    ]);
    expect((await world.bus.stats())[0]).toMatchObject({ retrying: 0, backlog: 0 });
  });

  it('keeps what cannot be judged: the receiver is told, and the event comes again', async () => {
    let isBroken = true;
    const world = await createWorld({
      readFacts: async () => {
        if (isBroken) throw new Error('the disk is gone');
        return facts({});
      },
    });
    await world.bus.attach(subscription('s', quiet));
    await world.publish('a');
    await expect(world.bus.receive('s', NOW)).rejects.toThrow('the disk is gone');
    isBroken = false;
    expect(await world.bus.receive('s', NOW)).toMatchObject([{ attempt: 1, event: { eventId: 'e1' } }]);
  });

  it('no longer claims a delivery whose skipping it may have forgotten', async () => {
    const world = await createWorld({ readFacts: async () => facts({ changeSets: ['pending'] }) });
    const settings = subscription('s', quiet);
    await world.bus.attach(settings);
    await world.publish(...Array.from({ length: 1_003 }, () => 'a'));
    expect(await world.bus.receive('s', NOW)).toEqual([]);
    expect(await traceOf(world, 1)).toMatchObject([{ state: 'settled' }]);
    expect(await traceOf(world, 1_003)).toMatchObject([{ state: 'skipped' }]);
    await world.bus.pause('s');
    expect(await world.store.list('main#note#s', { limit: 2_000 })).toHaveLength(1_000);
  });

  it('is refused by an engine that cannot look at the state of things', async () => {
    const world = await createWorld();
    expect(world.bus.refusal(subscription('s', quiet))).toMatchObject({ pointer: '/mode' });
    expect(world.bus.refusal(subscription('s'))).toBeUndefined();
  });
});

describe('a buffered subscription', () => {
  const buffer = { maxSize: 3, maxDelayMs: 10_000 };
  const batches = (more: object = {}): ReturnType<typeof subscription> =>
    subscription('s', { mode: 'buffered', buffer: { ...buffer, ...more } });

  it('answers when a batch is full, with no more than that', async () => {
    const world = await createWorld();
    await world.bus.attach(batches());
    await world.publish('a', 'b');
    const waiting = world.bus.receive('s', { max: 100, waitMs: 60_000 });
    await world.clock.advance(5_000);
    await world.publish('c', 'd');
    expect(ids(await waiting)).toEqual(['e1', 'e2', 'e3']);
    expect(await world.bus.receive('s', NOW)).toEqual([]);
  });

  it('answers with what there is when the oldest has waited long enough, counted from its recording', async () => {
    const world = await createWorld();
    const settings = batches();
    await world.bus.attach(settings);
    await world.publish('a');
    await world.clock.advance(6_000);
    await world.restart(settings);
    const waiting = world.bus.receive('s', { max: 100, waitMs: 60_000 });
    await world.clock.advance(3_999);
    await world.publish('b');
    await world.clock.advance(1);
    expect(ids(await waiting)).toEqual(['e1', 'e2']);
  });

  it('keeps everything while nobody is there, and takes a receiver for full that takes less than a batch', async () => {
    const world = await createWorld();
    await world.bus.attach(batches());
    await world.publish('a', 'b', 'c', 'd', 'e', 'f', 'g');
    expect(ids(await world.bus.receive('s', { max: 2, waitMs: 0 }))).toEqual(['e1', 'e2']);
    expect(ids(await world.bus.receive('s', NOW))).toEqual(['e3', 'e4', 'e5']);
    expect(await world.bus.receive('s', NOW)).toEqual([]);
    await world.clock.advance(10_000);
    expect(ids(await world.bus.receive('s', NOW))).toEqual(['e6', 'e7']);
  });

  it('gives nothing before it has been active long enough, since it was made or last resumed', async () => {
    const world = await createWorld();
    const settings = batches({ startDelayMs: 20_000 });
    await world.bus.attach(settings);
    await world.publish('a', 'b', 'c');
    await world.clock.advance(19_999);
    expect(await world.bus.receive('s', NOW)).toEqual([]);
    await world.clock.advance(1);
    expect(await world.bus.receive('s', NOW)).toHaveLength(3);
    await world.bus.pause('s');
    await world.bus.attach({ ...settings, resumedAt: new Date(world.clock.now()).toISOString() });
    await world.clock.advance(19_999);
    expect(await world.bus.receive('s', NOW)).toEqual([]);
    await world.clock.advance(1);
    expect(await world.bus.receive('s', NOW)).toHaveLength(3);
  });

  it('puts retries into batches too, in the order of each entity', async () => {
    const world = await createWorld();
    await world.bus.attach(subscription('s', { mode: 'buffered', buffer, order: 'entity' }));
    await world.publish('a', 'a', 'b');
    await world.clock.advance(10_000);
    const first = await world.bus.receive('s', NOW);
    expect(ids(first)).toEqual(['e1', 'e3']);
    await world.bus.nack('s', receipts(first), { reason: 'no', delayMs: 50 });
    await world.publish('c');
    expect(await world.bus.receive('s', NOW)).toEqual([]);
    await world.clock.advance(50);
    expect(ids(await world.bus.receive('s', NOW))).toEqual(['e1', 'e3', 'e4']);
  });
});

describe('a delay', () => {
  it('is kept for every event, counted from its recording, also over a restart', async () => {
    const world = await createWorld();
    const settings = subscription('s', { delayMs: 5_000 });
    await world.bus.attach(settings);
    await world.publish('a');
    await world.clock.advance(3_000);
    await world.publish('b');
    await world.restart(settings);
    const waiting = world.bus.receive('s', { max: 100, waitMs: 60_000 });
    await world.clock.advance(1_999);
    expect(await world.bus.receive('s', NOW)).toEqual([]);
    await world.clock.advance(1);
    expect(ids(await waiting)).toEqual(['e1']);
    await world.clock.advance(3_000);
    expect(ids(await world.bus.receive('s', NOW))).toEqual(['e2']);
  });
});

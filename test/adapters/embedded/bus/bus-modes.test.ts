import { describe, expect, it } from 'vitest';
import type { IsoInstant } from '../../../../core/brands/index.ts';
import {
  NOT_READABLE,
  type DeliveryFacts,
  type DeliveryState,
  type LoggedEvent,
} from '../../../../core/events/index.ts';
import { createFixture, flush, ids, NOW, receipts, subscription, type Fixture } from './bus-fixture.ts';
import { checked } from '../../../support/checked.ts';

async function traceOf(fixture: Fixture, position: number): Promise<readonly DeliveryState[]> {
  const [entry] = await fixture.store.readLog(position, 1);
  const event = { eventId: 'any', topic: 'orders.new', entityId: entry?.chain, payload: {}, ledger: { position } };
  return fixture.bus.trace(event as unknown as LoggedEvent);
}

describe('the right to read', () => {
  it('item 9: is asked for each event when it is handed out, again at each attempt', async () => {
    const secret = new Set(['b']);
    const asked: string[] = [];
    const mayRead = (subscriber: string, entity: string): boolean => (
      asked.push(`${subscriber} ${entity}`),
      !secret.has(entity)
    );
    const fixture = await createFixture({ mayRead });
    const settings = subscription('s');
    await fixture.bus.attach(settings);
    await fixture.publish('a', 'b', 'c');
    const [first, second] = await fixture.bus.receive('s', NOW);
    expect([first?.event.entityId, second?.event.entityId]).toEqual(['a', 'c']);
    expect(asked).toEqual([`${settings.module} a`, `${settings.module} b`, `${settings.module} c`]);
    expect(await traceOf(fixture, 2)).toMatchObject([
      { state: 'skipped', history: [{ outcome: 'skipped', reason: NOT_READABLE }] },
    ]);
    secret.add('a');
    await fixture.bus.nack('s', [first?.receipt ?? ''], { reason: 'busy', delayMs: 0 });
    await fixture.clock.advance(1_000);
    expect(await fixture.bus.receive('s', NOW)).toEqual([]);
    expect(await traceOf(fixture, 1)).toMatchObject([{ state: 'skipped' }]);
  });
});

describe('a targeted subscription', () => {
  it('gets what names its module, and nothing else', async () => {
    const fixture = await createFixture();
    await fixture.bus.attach(subscription('s', { mode: 'targeted' }));
    await fixture.bus.attach(subscription('all'));
    await fixture.publish('a');
    await fixture.publishWith('a', { targets: ['other', 'm'] });
    await fixture.publishWith('a', { targets: ['other'] });
    await fixture.publishWith('a', { targets: 'm' });
    expect(ids(await fixture.bus.receive('s', NOW))).toEqual(['e2']);
    expect(ids(await fixture.bus.receive('all', NOW))).toEqual(['e1', 'e2', 'e3', 'e4']);
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
    const fixture = await createFixture({
      readFacts: async (subscriber, id) => {
        expect(subscriber).toBe('m');
        return facts({ changeSets: busy.has(id) ? ['pending'] : [] });
      },
    });
    const settings = subscription('s', quiet);
    await fixture.bus.attach(settings);
    busy.add('b');
    await fixture.publish('a', 'b', 'a');
    const messages = await fixture.bus.receive('s', NOW);
    expect(ids(messages)).toEqual(['e1', 'e3']);
    await fixture.bus.ack('s', receipts(messages));
    busy.delete('b'); // too late for what was skipped
    expect(await fixture.bus.receive('s', NOW)).toEqual([]);
    const skipped = [{ outcome: 'skipped', reason: expect.stringContaining('condition') as string }];
    expect(await traceOf(fixture, 2)).toMatchObject([{ subscription: 's', state: 'skipped', history: skipped }]);
    await flush(fixture);
    await fixture.restart(settings);
    expect(await fixture.bus.receive('s', NOW)).toEqual([]);
    expect(await traceOf(fixture, 2)).toMatchObject([{ state: 'skipped', history: skipped }]);
    expect(await traceOf(fixture, 1)).toMatchObject([{ state: 'delivered' }]);
  });

  it('is not given later what was skipped, though nothing was ever acknowledged and the process died', async () => {
    let isQuiet = false;
    const fixture = await createFixture({ readFacts: async () => facts({ changeSets: isQuiet ? [] : ['pending'] }) });
    const settings = subscription('s', quiet);
    await fixture.bus.attach(settings);
    await fixture.publish('a', 'b');
    const waiting = fixture.bus.receive('s', { max: 9, waitMs: 60_000 });
    await flush(fixture);
    isQuiet = true;
    await fixture.restart(settings);
    await fixture.publish('a');
    expect(ids(await fixture.bus.receive('s', NOW))).toEqual(['e3']);
    await fixture.clock.advance(60_000);
    await waiting;
  });

  it('is asked again at each attempt', async () => {
    let isOpen = false;
    const fixture = await createFixture({ readFacts: async () => facts({ changeSets: isOpen ? ['approved'] : [] }) });
    await fixture.bus.attach(subscription('s', quiet));
    await fixture.publish('a');
    await fixture.bus.nack('s', receipts(await fixture.bus.receive('s', NOW)), { reason: 'no', delayMs: 10 });
    isOpen = true;
    await fixture.clock.advance(10);
    expect(await fixture.bus.receive('s', NOW)).toEqual([]);
    expect(await traceOf(fixture, 1)).toMatchObject([
      { state: 'skipped', history: [{ outcome: 'failed', reason: 'no' }, { outcome: 'skipped' }] },
    ]);
    expect((await fixture.bus.stats())[0]).toMatchObject({ retrying: 0, backlog: 0 });
  });

  it('keeps what cannot be judged: the receiver is told, and the event comes again', async () => {
    let isBroken = true;
    const fixture = await createFixture({
      readFacts: async () => {
        if (isBroken) throw new Error('the disk is gone');
        return facts({});
      },
    });
    await fixture.bus.attach(subscription('s', quiet));
    await fixture.publish('a');
    await expect(fixture.bus.receive('s', NOW)).rejects.toThrow('the disk is gone');
    isBroken = false;
    expect(await fixture.bus.receive('s', NOW)).toMatchObject([{ attempt: 1, event: { eventId: 'e1' } }]);
  });

  it('no longer claims a delivery whose skipping it may have forgotten', async () => {
    const fixture = await createFixture({ readFacts: async () => facts({ changeSets: ['pending'] }) });
    const settings = subscription('s', quiet);
    await fixture.bus.attach(settings);
    await fixture.publish(...Array.from({ length: 1_003 }, () => 'a'));
    expect(await fixture.bus.receive('s', NOW)).toEqual([]);
    expect(await traceOf(fixture, 1)).toMatchObject([{ state: 'settled' }]);
    expect(await traceOf(fixture, 1_003)).toMatchObject([{ state: 'skipped' }]);
    await fixture.bus.pause('s');
    expect(await fixture.store.list('main#note#s', { limit: 2_000 })).toHaveLength(1_000);
  });

  it('is refused by an engine that cannot look at the state of things', async () => {
    const fixture = await createFixture();
    expect(fixture.bus.refusal(subscription('s', quiet))).toMatchObject({ pointer: '/mode' });
    expect(fixture.bus.refusal(subscription('s'))).toBeUndefined();
  });
});

describe('a buffered subscription', () => {
  const buffer = { maxSize: 3, maxDelayMs: 10_000 };
  const batches = (more: object = {}): ReturnType<typeof subscription> =>
    subscription('s', { mode: 'buffered', buffer: { ...buffer, ...more } });

  it('answers when a batch is full, with no more than that', async () => {
    const fixture = await createFixture();
    await fixture.bus.attach(batches());
    await fixture.publish('a', 'b');
    const waiting = fixture.bus.receive('s', { max: 100, waitMs: 60_000 });
    await fixture.clock.advance(5_000);
    await fixture.publish('c', 'd');
    expect(ids(await waiting)).toEqual(['e1', 'e2', 'e3']);
    expect(await fixture.bus.receive('s', NOW)).toEqual([]);
  });

  it('answers with what there is when the oldest has waited long enough, counted from its recording', async () => {
    const fixture = await createFixture();
    const settings = batches();
    await fixture.bus.attach(settings);
    await fixture.publish('a');
    await fixture.clock.advance(6_000);
    await fixture.restart(settings);
    const waiting = fixture.bus.receive('s', { max: 100, waitMs: 60_000 });
    await fixture.clock.advance(3_999);
    await fixture.publish('b');
    await fixture.clock.advance(1);
    expect(ids(await waiting)).toEqual(['e1', 'e2']);
  });

  it('keeps everything while nobody is there, and takes a receiver for full that takes less than a batch', async () => {
    const fixture = await createFixture();
    await fixture.bus.attach(batches());
    await fixture.publish('a', 'b', 'c', 'd', 'e', 'f', 'g');
    expect(ids(await fixture.bus.receive('s', { max: 2, waitMs: 0 }))).toEqual(['e1', 'e2']);
    expect(ids(await fixture.bus.receive('s', NOW))).toEqual(['e3', 'e4', 'e5']);
    expect(await fixture.bus.receive('s', NOW)).toEqual([]);
    await fixture.clock.advance(10_000);
    expect(ids(await fixture.bus.receive('s', NOW))).toEqual(['e6', 'e7']);
  });

  it('gives nothing before it has been active long enough, since it was made or last resumed', async () => {
    const fixture = await createFixture();
    const settings = batches({ startDelayMs: 20_000 });
    await fixture.bus.attach(settings);
    await fixture.publish('a', 'b', 'c');
    await fixture.clock.advance(19_999);
    expect(await fixture.bus.receive('s', NOW)).toEqual([]);
    await fixture.clock.advance(1);
    expect(await fixture.bus.receive('s', NOW)).toHaveLength(3);
    await fixture.bus.pause('s');
    await fixture.bus.attach({
      ...settings,
      resumedAt: checked<IsoInstant>(new Date(fixture.clock.now()).toISOString()),
    });
    await fixture.clock.advance(19_999);
    expect(await fixture.bus.receive('s', NOW)).toEqual([]);
    await fixture.clock.advance(1);
    expect(await fixture.bus.receive('s', NOW)).toHaveLength(3);
  });

  it('puts retries into batches too, in the order of each entity', async () => {
    const fixture = await createFixture();
    await fixture.bus.attach(subscription('s', { mode: 'buffered', buffer, order: 'entity' }));
    await fixture.publish('a', 'a', 'b');
    await fixture.clock.advance(10_000);
    const first = await fixture.bus.receive('s', NOW);
    expect(ids(first)).toEqual(['e1', 'e3']);
    await fixture.bus.nack('s', receipts(first), { reason: 'no', delayMs: 50 });
    await fixture.publish('c');
    expect(await fixture.bus.receive('s', NOW)).toEqual([]);
    await fixture.clock.advance(50);
    expect(ids(await fixture.bus.receive('s', NOW))).toEqual(['e1', 'e3', 'e4']);
  });
});

describe('a delay', () => {
  it('is kept for every event, counted from its recording, also over a restart', async () => {
    const fixture = await createFixture();
    const settings = subscription('s', { delayMs: 5_000 });
    await fixture.bus.attach(settings);
    await fixture.publish('a');
    await fixture.clock.advance(3_000);
    await fixture.publish('b');
    await fixture.restart(settings);
    const waiting = fixture.bus.receive('s', { max: 100, waitMs: 60_000 });
    await fixture.clock.advance(1_999);
    expect(await fixture.bus.receive('s', NOW)).toEqual([]);
    await fixture.clock.advance(1);
    expect(ids(await waiting)).toEqual(['e1']);
    await fixture.clock.advance(3_000);
    expect(ids(await fixture.bus.receive('s', NOW))).toEqual(['e2']);
  });
});

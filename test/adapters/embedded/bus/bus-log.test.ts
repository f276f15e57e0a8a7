import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { subscriptionMatcher } from '../../../../core/events/index.ts';
import { createWorld, flush, ids, NOW, receipts, subscription, type World } from './bus-world.ts';

async function drain(world: World, id: string, max = 100): Promise<string[]> {
  const seen: string[] = [];
  for (;;) {
    const messages = await world.bus.receive(id, { max, waitMs: 0 });
    if (messages.length === 0) return seen;
    seen.push(...ids(messages));
    await world.bus.ack(id, receipts(messages));
  }
}
const entities = (count: number): string[] => Array.from({ length: count }, () => 'a');

describe('a subscription at the end of the log', () => {
  it('is told of what it wants and looks at nothing else', async () => {
    const world = await createWorld();
    await world.bus.attach(subscription('s', { topics: ['other.*'] }));
    expect(await world.bus.receive('s', NOW)).toEqual([]);
    await world.publish(...entities(9));
    expect((await world.bus.stats())[0]).toMatchObject({ backlog: 1 }); // e5 alone
    expect(await drain(world, 's')).toEqual(['e5']);
  });

  it('wakes only those who want the event', async () => {
    const world = await createWorld();
    await world.bus.attach(subscription('s', { topics: ['other.*'] }));
    await world.bus.attach(subscription('t', { topics: ['orders.*'] }));
    const reads: string[] = [];
    const waiting = ['s', 't'].map((id) =>
      world.bus.receive(id, { max: 1, waitMs: 60_000 }).then((messages) => reads.push(id, ...ids(messages))),
    );
    await world.publish('a');
    await waiting[1];
    expect(reads).toEqual(['t', 'e1']);
    await world.bus.close();
  });

  it('reads the log again when it was told more than it keeps', async () => {
    const world = await createWorld();
    await world.bus.attach(subscription('s'));
    expect(await world.bus.receive('s', NOW)).toEqual([]);
    await world.publish(...entities(2_100));
    expect(await drain(world, 's', 500)).toEqual(Array.from({ length: 2_100 }, (_, i) => `e${i + 1}`));
  });

  it('reads the log again when something was committed that nobody told of, though it waits at that moment', async () => {
    const world = await createWorld();
    await world.bus.attach(subscription('s'));
    for (let i = 0; i < 2; i++) {
      await world.publish('a');
      await drain(world, 's');
    }
    const waiting = world.bus.receive('s', { max: 100, waitMs: 60_000 });
    const { relay } = world;
    world.relay = () => undefined;
    await world.publish('a', 'a');
    world.relay = relay;
    await world.publish('a');
    expect(ids(await waiting)).toEqual(['e3', 'e4', 'e5']);
  });

  it('keeps where it is without writing that down at every event it does not want', async () => {
    const world = await createWorld();
    const settings = subscription('s', { topics: ['other.*'] });
    await world.bus.attach(settings);
    await world.bus.attach(subscription('t'));
    const cursor = async (): Promise<unknown> => (await world.store.get({ pk: 'main#cursor', sk: 's' }))?.value;
    await drain(world, 's');
    await world.publish(...entities(4));
    await drain(world, 't');
    await flush(world);
    expect(await cursor()).toBeUndefined();
    await world.publish(...entities(1_101));
    expect((await drain(world, 's')).slice(0, 2)).toEqual(['e5', 'e10']);
    await drain(world, 't');
    await flush(world);
    expect(await cursor()).toBe(1_106);
    await world.publish('a', 'a');
    await world.bus.pause('s');
    expect(await cursor()).toBe(1_108);
  });
});

it('what a subscription gets is what it wants, in the order of the log, whoever else is there and whatever happens', async () => {
  const interest = fc.record({
    topics: fc.constantFrom(['*'], ['orders.*'], ['other.topic'], ['none.such']),
    filter: fc.constantFrom(
      undefined,
      { detail: { entityId: ['a'] } },
      { 'detail-type': ['orders.new'] },
      { $or: [{ detail: { entityId: ['b'] } }, { 'detail-type': [{ prefix: 'other' }] }] },
      { detail: { payload: { n: [{ numeric: ['>', 4] }] } } },
    ),
  });
  const step = fc.oneof(
    fc.record({ publish: fc.array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 4 }) }),
    fc.record({ unannounced: fc.constantFrom('a', 'b') }),
    fc.record({ drain: fc.nat(4) }),
    fc.record({ pause: fc.nat(4) }),
    fc.record({ restart: fc.constant(true) }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(interest, { minLength: 1, maxLength: 5 }),
      fc.array(step, { maxLength: 25 }),
      async (interests, steps) => {
        const world = await createWorld();
        const { relay } = world;
        const all = interests.map(({ filter, ...rest }, i) =>
          subscription(`s${i}`, { ...rest, ...(filter && { filter }) }),
        );
        const got = new Map<string, string[]>(all.map(({ id }) => [id, []]));
        for (const one of all) await world.bus.attach(one);
        for (const doing of steps) {
          if ('publish' in doing) await world.publish(...doing.publish);
          if ('unannounced' in doing) {
            world.relay = () => undefined;
            await world.publish(doing.unannounced);
            world.relay = relay;
          }
          const at = 'drain' in doing ? doing.drain : 'pause' in doing ? doing.pause : 0;
          const one = all[at % all.length] ?? all[0];
          if ('drain' in doing && one) got.get(one.id)?.push(...(await drain(world, one.id, 2)));
          if ('pause' in doing && one) await world.bus.pause(one.id).then(() => world.bus.attach(one));
          if ('restart' in doing) await flush(world).then(() => world.restart(...all));
        }
        await world.publish('b'); // whoever missed something learns of it with the next event
        const log = new Map<string, string[]>(all.map(({ id }) => [id, []]));
        const reader = subscription('reader');
        await world.bus.attach(reader);
        const events = (await world.bus.receive('reader', { max: 1_000, waitMs: 0 })).map(({ event }) => event);
        for (const one of all) {
          got.get(one.id)?.push(...(await drain(world, one.id)));
          log.set(
            one.id,
            events.filter(subscriptionMatcher('main', one)).map(({ eventId }) => eventId),
          );
        }
        expect(got).toEqual(log);
      },
    ),
    { numRuns: 60 },
  );
});

describe('the trace of an event', () => {
  it('tells each try with its time, its end and the reason, also after a restart', async () => {
    const world = await createWorld();
    const settings = subscription('s', { retry: { maxAttempts: 3, baseMs: 1_000, maxMs: 1_000 } });
    await world.bus.attach(settings);
    await world.publish('a', 'b', 'c');
    const messages = await world.bus.receive('s', NOW);
    const [one, two, three] = messages.map(({ event }) => event);
    if (one === undefined || two === undefined || three === undefined) throw new Error('three events were published');
    const [first, second, third] = receipts(messages);
    const start = new Date(world.clock.now()).toISOString();
    await world.bus.nack('s', [first ?? '', second ?? ''], { reason: 'busy', delayMs: 1_000 });
    await world.bus.ack('s', [third ?? '']);
    await world.clock.advance(1_000);
    const again = await world.bus.receive('s', NOW);
    await world.bus.ack('s', [again[0]?.receipt ?? '']);
    const later = new Date(world.clock.now()).toISOString();
    const failed = { at: start, outcome: 'failed', reason: 'busy' };
    expect(await world.bus.trace(one)).toEqual([
      { subscription: 's', state: 'delivered', history: [failed, { at: later, outcome: 'delivered' }] },
    ]);
    expect(await world.bus.trace(two)).toEqual([
      { subscription: 's', state: 'retrying', attempts: 1, reason: 'busy', history: [failed] },
    ]);
    expect(await world.bus.trace(three)).toEqual([
      { subscription: 's', state: 'delivered', history: [{ at: start, outcome: 'delivered' }] },
    ]);
    await flush(world);
    await world.restart(settings);
    expect(await world.bus.trace(one)).toMatchObject([{ state: 'delivered', history: [failed, {}] }]);
    expect(await world.bus.trace(three)).toEqual([{ subscription: 's', state: 'delivered' }]);
  });

  it('tells no more than the newest ten', async () => {
    const world = await createWorld();
    await world.bus.attach(
      subscription('s', { retry: { maxAttempts: 14, baseMs: 1, maxMs: 1 }, breaker: { failures: 100 } }),
    );
    await world.publish('a');
    for (let i = 1; i <= 14; i++) {
      await world.bus.nack('s', receipts(await world.bus.receive('s', NOW)), { reason: `no ${i}` });
      await world.clock.advance(1);
    }
    const [letter] = await world.bus.deadLetters('s', { limit: 1 });
    if (letter === undefined) throw new Error('it should be a dead letter');
    const [state] = await world.bus.trace(letter.event);
    expect(state).toMatchObject({ state: 'dead-letter', attempts: 14, reason: 'no 14' });
    expect(state?.history?.map(({ reason }) => reason)).toEqual(Array.from({ length: 10 }, (_, i) => `no ${i + 5}`));
  });
});

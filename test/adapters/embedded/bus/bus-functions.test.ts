import { describe, expect, it } from 'vitest';
import type { Delivery, EventHandler } from '../../../../adapters/embedded/bus/consume.ts';
import type { DeliveredEvent } from '../../../../core/events/index.ts';
import { close, createWorld, flush, NOW, subscription, type World } from './bus-world.ts';

const target = { kind: 'function', name: 'total' };
const settle = (world: World): Promise<void> => world.clock.advance(0);
const statsOf = async (world: World): Promise<unknown> => (await world.bus.stats())[0];

/** A handler whose calls the test ends one by one. */
function held(): { handler: EventHandler; calls: { event: DeliveredEvent; delivery: Delivery; end: () => void }[] } {
  const calls: ReturnType<typeof held>['calls'] = [];
  const handler: EventHandler = (event, delivery) =>
    new Promise<void>((end) => void calls.push({ event, delivery, end: () => end() }));
  return { handler, calls };
}

describe('a function target', () => {
  it('is given every event, and acknowledges what it returns from', async () => {
    const seen: string[] = [];
    const world = await createWorld({ functions: { total: ({ eventId }) => void seen.push(eventId) } });
    await world.publish('a');
    await world.bus.attach(subscription('s', { target }));
    await world.publish('b', 'a');
    await settle(world);
    expect(seen).toEqual(['e1', 'e2', 'e3']);
    expect(await statsOf(world)).toMatchObject({ delivered: 3, inFlight: 0, backlog: 0 });
    await close(world);
  });

  it('is tried again when it throws, then its event is a dead letter; the others pass', async () => {
    const attempts: number[] = [];
    const handler: EventHandler = async ({ eventId }, { attempt }) => {
      if (eventId !== 'e1') return;
      attempts.push(attempt);
      throw new TypeError('no such account');
    };
    const world = await createWorld({ functions: { total: handler } });
    const retry = { maxAttempts: 3, baseMs: 100, maxMs: 100 };
    await world.bus.attach(subscription('s', { target, retry, breaker: { failures: 9 } }));
    await world.publish('a', 'b', 'a');
    await world.clock.advance(1_000);
    expect(attempts).toEqual([1, 2, 3]);
    expect(await world.bus.deadLetters('s', { limit: 9 })).toMatchObject([
      { attempts: 3, reason: 'TypeError: no such account', event: { eventId: 'e1' } },
    ]);
    expect(await statsOf(world)).toMatchObject({ delivered: 2, deadLetters: 1 });
    await close(world);
  });

  it('works on as many at the same time as it says, and on those of one entity one after the other', async () => {
    const { handler, calls } = held();
    const world = await createWorld({ functions: { total: handler } });
    await world.bus.attach(subscription('s', { target: { ...target, concurrency: 3 } }));
    await world.publish('a', 'a', 'b', 'c', 'd');
    await settle(world);
    const ids = (): string[] => calls.map(({ event }) => event.eventId);
    expect(ids()).toEqual(['e1', 'e3']); // e2 waits for e1 in the third place
    expect(await statsOf(world)).toMatchObject({ inFlight: 3 });
    calls[0]?.end();
    await settle(world);
    expect(ids()).toEqual(['e1', 'e3', 'e2', 'e4']);
    for (let i = 0; i < 5; i++) {
      calls[i]?.end();
      await settle(world);
    }
    expect(await statsOf(world)).toMatchObject({ delivered: 5 });
    await close(world);
  });

  it('is given events in advance while it is quick, and no longer when it is slow: a lease must not run out in line', async () => {
    const { handler, calls } = held();
    const world = await createWorld({ functions: { total: handler } });
    await world.bus.attach(subscription('s', { target: { ...target, concurrency: 1 } }));
    await world.publish('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
    await settle(world);
    const inFlight = async (): Promise<unknown> => (await world.bus.stats())[0]?.inFlight;
    const endAfter = async (ms: number): Promise<void> => {
      await world.clock.advance(ms);
      calls.at(-1)?.end();
      await settle(world);
    };
    expect(await inFlight()).toBe(1);
    await endAfter(0);
    expect(await inFlight()).toBe(2);
    await endAfter(5);
    expect(await inFlight()).toBe(4);
    expect(calls).toHaveLength(3); // handled one at a time all the same
    for (let i = 0; i < 4; i++) await endAfter(6);
    expect(await inFlight()).toBe(1);
    for (let i = 0; i < 2; i++) await endAfter(6);
    await close(world);
  });

  it('has its whole time for each event, also for one that waited in line behind others of its entity', async () => {
    const { handler, calls } = held();
    const world = await createWorld({ functions: { total: handler } });
    await world.publish('a', 'a', 'a');
    await world.bus.attach(subscription('s', { target: { ...target, concurrency: 3 }, ackTimeoutMs: 1_000 }));
    await settle(world);
    for (let i = 0; i < 3; i++) {
      await world.clock.advance(400);
      calls[i]?.end();
      await settle(world);
    }
    expect(calls.map(({ event, delivery }) => [event.eventId, delivery.attempt])).toEqual([
      ['e1', 1],
      ['e2', 1],
      ['e3', 1],
    ]);
    expect(await statsOf(world)).toMatchObject({ delivered: 3, failed: 0 });
    await close(world);
  });

  it('is not given twice what ran out of time in line', async () => {
    const { handler, calls } = held();
    const world = await createWorld({ functions: { total: handler } });
    await world.publish('a', 'a', 'a');
    const retry = { baseMs: 1, maxMs: 1 };
    await world.bus.attach(subscription('s', { target: { ...target, concurrency: 3 }, ackTimeoutMs: 1_000, retry }));
    await settle(world);
    for (let i = 0; i < 3; i++) {
      await world.clock.advance(900);
      calls[i]?.end();
      await settle(world);
    }
    await world.clock.advance(100);
    expect(calls.map(({ event }) => event.eventId)).toEqual(['e1', 'e2', 'e3']);
    await close(world);
  });

  it('that does not come to an end has failed, is told so, and does not hold up the others', async () => {
    const { handler, calls } = held();
    const world = await createWorld({ functions: { total: handler } });
    await world.bus.attach(
      subscription('s', { target: { ...target, concurrency: 1 }, ackTimeoutMs: 1_000, retry: { maxAttempts: 1 } }),
    );
    await world.publish('a', 'b');
    await world.clock.advance(1_000);
    expect(calls[0]?.delivery.signal.aborted).toBe(true);
    expect(calls.map(({ event }) => event.eventId)).toEqual(['e1', 'e2']);
    expect(await world.bus.deadLetters('s', { limit: 9 })).toMatchObject([
      { reason: expect.stringContaining('within 1000 ms') as string },
    ]);
    calls[1]?.end();
    await close(world);
  });

  it('that hangs or always throws holds up none of the others', async () => {
    const seen: string[] = [];
    const functions = {
      hangs: () => new Promise(() => undefined),
      throws: () => Promise.reject(new Error('down')),
      total: ({ eventId }: DeliveredEvent) => void seen.push(eventId),
    };
    const world = await createWorld({ functions });
    for (const name of Object.keys(functions))
      await world.bus.attach(subscription(name, { target: { kind: 'function', name }, order: 'entity' }));
    for (let i = 1; i <= 30; i++) {
      await world.publish('a');
      await settle(world);
      expect(seen).toHaveLength(i); // at once, though no time has passed
    }
    const stats = await world.bus.stats();
    expect(stats.find(({ subscription: id }) => id === 'hangs')).toMatchObject({ inFlight: 1, delivered: 0 });
    expect(stats.find(({ subscription: id }) => id === 'throws')).toMatchObject({ delivered: 0, retrying: 1 });
  });

  it('is no longer called once paused: what it is at is finished first; resumed, it goes on', async () => {
    const { handler, calls } = held();
    const world = await createWorld({ functions: { total: handler } });
    const settings = subscription('s', { target: { ...target, concurrency: 1 } });
    await world.bus.attach(settings);
    await world.publish('a', 'b');
    await settle(world);
    const paused = world.bus.pause('s');
    await settle(world);
    calls[0]?.end();
    await paused;
    await world.publish('c');
    await world.clock.advance(60_000);
    expect(calls).toHaveLength(1);
    await world.bus.attach(settings);
    await settle(world);
    expect(calls.map(({ event }) => event.eventId)).toEqual(['e1', 'e2']);
    calls[1]?.end();
    await settle(world);
    calls[2]?.end();
    await close(world);
    expect(calls).toHaveLength(3);
  });

  it('is given again after a crash what it was at', async () => {
    const { handler, calls } = held();
    const world = await createWorld({ functions: { total: handler } });
    const settings = subscription('s', { target });
    await world.bus.attach(settings);
    await world.publish('a', 'b');
    await settle(world);
    calls[1]?.end();
    await flush(world);
    await world.restart(settings);
    await settle(world);
    expect(calls.map(({ event }) => event.eventId)).toEqual(['e1', 'e2', 'e1', 'e2']);
  });

  it('gets a span of its own for each attempt, in the trace of the event', async () => {
    const seen: (string | undefined)[] = [];
    const handler: EventHandler = (_, { traceparent, attempt }) => {
      seen.push(traceparent);
      if (attempt === 1) throw new Error('again');
    };
    const world = await createWorld({ functions: { total: handler } });
    await world.bus.attach(subscription('s', { target, retry: { baseMs: 1, maxMs: 1 } }));
    const [trace, span] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];
    await world.publishWith('a', { traceparent: `00-${trace}-${span}-01` });
    await world.publishWith('a', { traceparent: 'not one' });
    await world.publish('a');
    await world.clock.advance(100);
    const spans = seen.filter((one) => one !== undefined);
    expect(spans).toHaveLength(2);
    for (const one of spans) expect(one).toMatch(new RegExp(`^00-${trace}-(?!${span})[0-9a-f]{16}-01$`));
    expect(new Set(spans).size).toBe(2);
    await close(world);
  });

  it('is refused by a name that the engine does not have; one that is gone is reported, and its events wait', async () => {
    const world = await createWorld({ functions: { total: () => undefined, audit: () => undefined } });
    const refused = world.bus.refusal(subscription('s', { target: { kind: 'function', name: 'toString' } }));
    expect(refused).toMatchObject({
      pointer: '/target/name',
      detail: expect.stringContaining('audit, total') as string,
    });
    expect(world.bus.refusal(subscription('s', { target }))).toBeUndefined();
    await world.bus.attach(subscription('gone', { target: { kind: 'function', name: 'former' } }));
    await world.publish('a');
    expect(world.errors).toMatchObject([{ message: expect.stringContaining('former') as string }]);
    expect(await world.bus.receive('gone', NOW)).toHaveLength(1);
  });
});

it('a stream target has no queue: whoever reads it keeps his own place', async () => {
  const world = await createWorld();
  await world.bus.attach(subscription('s', { target: { kind: 'stream' } }));
  await world.publish('a');
  expect(await world.bus.stats()).toEqual([]);
});

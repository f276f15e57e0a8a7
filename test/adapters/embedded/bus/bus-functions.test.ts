import { describe, expect, it } from 'vitest';
import type { Delivery, EventHandler } from '../../../../adapters/embedded/bus/consume.ts';
import type { DeliveredEvent } from '../../../../core/events/index.ts';
import { close, createFixture, flush, NOW, subscription, type Fixture } from './bus-fixture.ts';

const target = { kind: 'function', name: 'total' };
const settle = (fixture: Fixture): Promise<void> => fixture.clock.advance(0);
const statsOf = async (fixture: Fixture): Promise<unknown> => (await fixture.bus.stats())[0];

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
    const fixture = await createFixture({ functions: { total: ({ eventId }) => void seen.push(eventId) } });
    await fixture.publish('a');
    await fixture.bus.attach(subscription('s', { target }));
    await fixture.publish('b', 'a');
    await settle(fixture);
    expect(seen).toEqual(['e1', 'e2', 'e3']);
    expect(await statsOf(fixture)).toMatchObject({ delivered: 3, inFlight: 0, backlog: 0 });
    await close(fixture);
  });

  it('is tried again when it throws, then its event is a dead letter; the others pass', async () => {
    const attempts: number[] = [];
    const handler: EventHandler = async ({ eventId }, { attempt }) => {
      if (eventId !== 'e1') return;
      attempts.push(attempt);
      throw new TypeError('no such account');
    };
    const fixture = await createFixture({ functions: { total: handler } });
    const retry = { maxAttempts: 3, baseMs: 100, maxMs: 100 };
    await fixture.bus.attach(subscription('s', { target, retry, breaker: { failures: 9 } }));
    await fixture.publish('a', 'b', 'a');
    await fixture.clock.advance(1_000);
    expect(attempts).toEqual([1, 2, 3]);
    expect(await fixture.bus.deadLetters('s', { limit: 9 })).toMatchObject([
      { attempts: 3, reason: 'TypeError: no such account', event: { eventId: 'e1' } },
    ]);
    expect(await statsOf(fixture)).toMatchObject({ delivered: 2, deadLetters: 1 });
    await close(fixture);
  });

  it('works on as many at the same time as it says, and on those of one entity one after the other', async () => {
    const { handler, calls } = held();
    const fixture = await createFixture({ functions: { total: handler } });
    await fixture.bus.attach(subscription('s', { target: { ...target, concurrency: 3 } }));
    await fixture.publish('a', 'a', 'b', 'c', 'd');
    await settle(fixture);
    const ids = (): string[] => calls.map(({ event }) => event.eventId);
    expect(ids()).toEqual(['e1', 'e3']); // e2 waits for e1 in the third place
    expect(await statsOf(fixture)).toMatchObject({ inFlight: 3 });
    calls[0]?.end();
    await settle(fixture);
    expect(ids()).toEqual(['e1', 'e3', 'e2', 'e4']);
    for (let i = 0; i < 5; i++) {
      calls[i]?.end();
      await settle(fixture);
    }
    expect(await statsOf(fixture)).toMatchObject({ delivered: 5 });
    await close(fixture);
  });

  it('is given events in advance while it is quick, and no longer when it is slow: a lease must not run out in line', async () => {
    const { handler, calls } = held();
    const fixture = await createFixture({ functions: { total: handler } });
    await fixture.bus.attach(subscription('s', { target: { ...target, concurrency: 1 } }));
    await fixture.publish('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
    await settle(fixture);
    const inFlight = async (): Promise<unknown> => (await fixture.bus.stats())[0]?.inFlight;
    const endAfter = async (ms: number): Promise<void> => {
      await fixture.clock.advance(ms);
      calls.at(-1)?.end();
      await settle(fixture);
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
    await close(fixture);
  });

  it('has its whole time for each event, also for one that waited in line behind others of its entity', async () => {
    const { handler, calls } = held();
    const fixture = await createFixture({ functions: { total: handler } });
    await fixture.publish('a', 'a', 'a');
    await fixture.bus.attach(subscription('s', { target: { ...target, concurrency: 3 }, ackTimeoutMs: 1_000 }));
    await settle(fixture);
    for (let i = 0; i < 3; i++) {
      await fixture.clock.advance(400);
      calls[i]?.end();
      await settle(fixture);
    }
    expect(calls.map(({ event, delivery }) => [event.eventId, delivery.attempt])).toEqual([
      ['e1', 1],
      ['e2', 1],
      ['e3', 1],
    ]);
    expect(await statsOf(fixture)).toMatchObject({ delivered: 3, failed: 0 });
    await close(fixture);
  });

  it('is not given twice what ran out of time in line', async () => {
    const { handler, calls } = held();
    const fixture = await createFixture({ functions: { total: handler } });
    await fixture.publish('a', 'a', 'a');
    const retry = { baseMs: 1, maxMs: 1 };
    await fixture.bus.attach(subscription('s', { target: { ...target, concurrency: 3 }, ackTimeoutMs: 1_000, retry }));
    await settle(fixture);
    for (let i = 0; i < 3; i++) {
      await fixture.clock.advance(900);
      calls[i]?.end();
      await settle(fixture);
    }
    await fixture.clock.advance(100);
    expect(calls.map(({ event }) => event.eventId)).toEqual(['e1', 'e2', 'e3']);
    await close(fixture);
  });

  it('that does not come to an end has failed, is told so, and does not hold up the others', async () => {
    const { handler, calls } = held();
    const fixture = await createFixture({ functions: { total: handler } });
    await fixture.bus.attach(
      subscription('s', { target: { ...target, concurrency: 1 }, ackTimeoutMs: 1_000, retry: { maxAttempts: 1 } }),
    );
    await fixture.publish('a', 'b');
    await fixture.clock.advance(1_000);
    expect(calls[0]?.delivery.signal.aborted).toBe(true);
    expect(calls.map(({ event }) => event.eventId)).toEqual(['e1', 'e2']);
    expect(await fixture.bus.deadLetters('s', { limit: 9 })).toMatchObject([
      { reason: expect.stringContaining('within 1000 ms') as string },
    ]);
    calls[1]?.end();
    await close(fixture);
  });

  it('that hangs or always throws holds up none of the others', async () => {
    const seen: string[] = [];
    const functions = {
      hangs: () => new Promise(() => undefined),
      throws: () => Promise.reject(new Error('down')),
      total: ({ eventId }: DeliveredEvent) => void seen.push(eventId),
    };
    const fixture = await createFixture({ functions });
    for (const name of Object.keys(functions))
      await fixture.bus.attach(subscription(name, { target: { kind: 'function', name }, order: 'entity' }));
    for (let i = 1; i <= 30; i++) {
      await fixture.publish('a');
      await settle(fixture);
      expect(seen).toHaveLength(i); // at once, though no time has passed
    }
    const stats = await fixture.bus.stats();
    expect(stats.find(({ subscription: id }) => id === 'hangs')).toMatchObject({ inFlight: 1, delivered: 0 });
    expect(stats.find(({ subscription: id }) => id === 'throws')).toMatchObject({ delivered: 0, retrying: 1 });
  });

  it('is no longer called once paused: what it is at is finished first; resumed, it goes on', async () => {
    const { handler, calls } = held();
    const fixture = await createFixture({ functions: { total: handler } });
    const settings = subscription('s', { target: { ...target, concurrency: 1 } });
    await fixture.bus.attach(settings);
    await fixture.publish('a', 'b');
    await settle(fixture);
    const paused = fixture.bus.pause('s');
    await settle(fixture);
    calls[0]?.end();
    await paused;
    await fixture.publish('c');
    await fixture.clock.advance(60_000);
    expect(calls).toHaveLength(1);
    await fixture.bus.attach(settings);
    await settle(fixture);
    expect(calls.map(({ event }) => event.eventId)).toEqual(['e1', 'e2']);
    calls[1]?.end();
    await settle(fixture);
    calls[2]?.end();
    await close(fixture);
    expect(calls).toHaveLength(3);
  });

  it('is given again after a crash what it was at', async () => {
    const { handler, calls } = held();
    const fixture = await createFixture({ functions: { total: handler } });
    const settings = subscription('s', { target });
    await fixture.bus.attach(settings);
    await fixture.publish('a', 'b');
    await settle(fixture);
    calls[1]?.end();
    await flush(fixture);
    await fixture.restart(settings);
    await settle(fixture);
    expect(calls.map(({ event }) => event.eventId)).toEqual(['e1', 'e2', 'e1', 'e2']);
  });

  it('gets a span of its own for each attempt, in the trace of the event', async () => {
    const seen: (string | undefined)[] = [];
    const handler: EventHandler = (_, { traceparent, attempt }) => {
      seen.push(traceparent);
      if (attempt === 1) throw new Error('again');
    };
    const fixture = await createFixture({ functions: { total: handler } });
    await fixture.bus.attach(subscription('s', { target, retry: { baseMs: 1, maxMs: 1 } }));
    const [trace, span] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];
    await fixture.publishWith('a', { traceparent: `00-${trace}-${span}-01` });
    await fixture.publishWith('a', { traceparent: 'not one' });
    await fixture.publish('a');
    await fixture.clock.advance(100);
    const spans = seen.filter((one) => one !== undefined);
    expect(spans).toHaveLength(2);
    for (const one of spans) expect(one).toMatch(new RegExp(`^00-${trace}-(?!${span})[0-9a-f]{16}-01$`));
    expect(new Set(spans).size).toBe(2);
    await close(fixture);
  });

  it('is refused by a name that the engine does not have; one that is gone is reported, and its events wait', async () => {
    const fixture = await createFixture({ functions: { total: () => undefined, audit: () => undefined } });
    const refused = fixture.bus.refusal(subscription('s', { target: { kind: 'function', name: 'toString' } }));
    expect(refused).toMatchObject({
      pointer: '/target/name',
      detail: expect.stringContaining('audit, total') as string,
    });
    expect(fixture.bus.refusal(subscription('s', { target }))).toBeUndefined();
    await fixture.bus.attach(subscription('gone', { target: { kind: 'function', name: 'former' } }));
    await fixture.publish('a');
    expect(fixture.errors).toMatchObject([{ message: expect.stringContaining('former') as string }]);
    expect(await fixture.bus.receive('gone', NOW)).toHaveLength(1);
  });
});

it('a stream target has no queue: whoever reads it keeps his own place', async () => {
  const fixture = await createFixture();
  await fixture.bus.attach(subscription('s', { target: { kind: 'stream' } }));
  await fixture.publish('a');
  expect(await fixture.bus.stats()).toEqual([]);
});

import { describe, expect, it } from 'vitest';
import { createWorld, flush, ids, NOW, receipts, subscription, type World } from './bus-world.ts';

const breaker = { failures: 3, probeAfterMs: 10_000 };
const retry = { maxAttempts: 5, baseMs: 1, maxMs: 1 };

async function failAll(world: World, max = 100): Promise<number> {
  const messages = await world.bus.receive('s', { max, waitMs: 0 });
  await world.bus.nack('s', receipts(messages), { reason: 'down' });
  return messages.length;
}
const states = (world: World): string[] => world.breakers.map(({ from, to }) => `${from} → ${to}`);
const stateOf = async (world: World): Promise<string | undefined> =>
  (await world.bus.stats()).find(({ subscription: id }) => id === 's')?.breaker;

describe('a breaker', () => {
  it('opens after so many failures in a row and holds everything back, losing nothing', async () => {
    const world = await createWorld();
    await world.bus.attach(subscription('s', { breaker, retry }));
    await world.publish('a', 'b', 'c', 'd');
    expect(await failAll(world, 3)).toBe(3);
    expect(await stateOf(world)).toBe('open');
    expect(world.breakers).toEqual([
      { subscription: 's', module: 'm', from: 'closed', to: 'open', reason: 'down', at: world.clock.now() },
    ]);
    await world.publish('e');
    const waiting = world.bus.receive('s', { max: 100, waitMs: 9_999 });
    await world.clock.advance(9_999);
    expect(await waiting).toEqual([]);
    expect((await world.bus.stats())[0]).toMatchObject({ backlog: 2, retrying: 3, deadLetters: 0 });
  });

  it('tries one event from time to time, the freshest chance first, and closes when it is acknowledged', async () => {
    const world = await createWorld();
    await world.bus.attach(subscription('s', { breaker, retry }));
    await world.publish('a', 'b', 'c', 'd');
    await failAll(world, 3);
    await world.clock.advance(10_000);
    const probe = await world.bus.receive('s', NOW);
    expect(ids(probe)).toEqual(['e4']);
    expect(await world.bus.receive('s', NOW)).toEqual([]); // one at a time
    await world.bus.ack('s', receipts(probe));
    expect(await stateOf(world)).toBe('closed');
    expect(ids(await world.bus.receive('s', NOW))).toEqual(['e1', 'e2', 'e3']);
    expect(states(world)).toEqual(['closed → open', 'open → half-open', 'half-open → closed']);
  });

  it('opens again when the probe fails or runs out', async () => {
    const world = await createWorld();
    await world.bus.attach(subscription('s', { breaker, retry, ackTimeoutMs: 1_000 }));
    await world.publish('a', 'b', 'c', 'd');
    await failAll(world, 3);
    await world.clock.advance(10_000);
    expect(await failAll(world)).toBe(1);
    expect(await world.bus.receive('s', NOW)).toEqual([]);
    await world.clock.advance(10_000);
    expect(await world.bus.receive('s', NOW)).toHaveLength(1);
    await world.clock.advance(1_000);
    expect(await world.bus.receive('s', NOW)).toEqual([]);
    expect(states(world)).toEqual([
      ...['closed → open', 'open → half-open', 'half-open → open'],
      ...['open → half-open', 'half-open → open'],
    ]);
  });

  it('counts failures in a row only', async () => {
    const world = await createWorld();
    await world.bus.attach(subscription('s', { breaker, retry }));
    for (let i = 0; i < 4; i++) {
      await world.publish('a', 'b', 'c');
      const [one, two, three] = receipts(await world.bus.receive('s', { max: 3, waitMs: 0 }));
      await world.bus.nack('s', [one ?? '', two ?? ''], { reason: 'no', delayMs: 60_000 });
      await world.bus.ack('s', [three ?? '']);
    }
    expect(world.breakers).toEqual([]);
  });

  it('is closed by hand, by a redrive, and by starting anew', async () => {
    const world = await createWorld();
    const settings = subscription('s', { breaker, retry: { ...retry, maxAttempts: 1 } });
    await world.bus.attach(settings);
    await world.publish('a', 'b', 'c', 'd');
    await failAll(world, 3);
    const waiting = world.bus.receive('s', { max: 1, waitMs: 5_000 });
    await world.clock.advance(1);
    await world.bus.reset('s');
    expect(ids(await waiting)).toEqual(['e4']);
    expect(world.breakers.at(-1)).toMatchObject({ to: 'closed', reason: 'reset' });
    await failAll(world);
    expect(await world.bus.redrive('s')).toBe(3);
    expect(await stateOf(world)).toBe('closed');
    await failAll(world);
    expect(await stateOf(world)).toBe('open');
    await flush(world);
    await world.restart(settings);
    expect(await stateOf(world)).toBe('closed');
    await world.bus.reset('nobody'); // a paused subscription has none
  });

  it('is the subscription’s own: the others go on', async () => {
    const world = await createWorld();
    await world.bus.attach(subscription('s', { breaker, retry, order: 'entity' }));
    await world.bus.attach(subscription('healthy'));
    for (let i = 0; i < 20; i++) {
      await world.publish('a', 'b', 'c');
      await failAll(world);
      const messages = await world.bus.receive('healthy', NOW);
      expect(messages).toHaveLength(3);
      await world.bus.ack('healthy', receipts(messages));
    }
    expect(await stateOf(world)).toBe('open');
    const healthy = (await world.bus.stats()).find(({ subscription: id }) => id === 'healthy');
    expect(healthy).toMatchObject({ breaker: 'closed', delivered: 60, backlog: 0, latencyMs: { p50: 0, p95: 0 } });
  });
});

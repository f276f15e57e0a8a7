import { describe, expect, it } from 'vitest';
import { createFixture, flush, ids, NOW, receipts, subscription, type Fixture } from './bus-fixture.ts';

const breaker = { failures: 3, probeAfterMs: 10_000 };
const retry = { maxAttempts: 5, baseMs: 1, maxMs: 1 };

async function failAll(fixture: Fixture, max = 100): Promise<number> {
  const messages = await fixture.bus.receive('s', { max, waitMs: 0 });
  await fixture.bus.nack('s', receipts(messages), { reason: 'down' });
  return messages.length;
}
const states = (fixture: Fixture): string[] => fixture.breakers.map(({ from, to }) => `${from} → ${to}`);
const stateOf = async (fixture: Fixture): Promise<string | undefined> =>
  (await fixture.bus.stats()).find(({ subscription: id }) => id === 's')?.breaker;

describe('a breaker', () => {
  it('opens after so many failures in a row and holds everything back, losing nothing', async () => {
    const fixture = await createFixture();
    await fixture.bus.attach(subscription('s', { breaker, retry }));
    await fixture.publish('a', 'b', 'c', 'd');
    expect(await failAll(fixture, 3)).toBe(3);
    expect(await stateOf(fixture)).toBe('open');
    expect(fixture.breakers).toEqual([
      { subscription: 's', module: 'm', from: 'closed', to: 'open', reason: 'down', at: fixture.clock.now() },
    ]);
    await fixture.publish('e');
    const waiting = fixture.bus.receive('s', { max: 100, waitMs: 9_999 });
    await fixture.clock.advance(9_999);
    expect(await waiting).toEqual([]);
    expect((await fixture.bus.stats())[0]).toMatchObject({ backlog: 2, retrying: 3, deadLetters: 0 });
  });

  it('tries one event from time to time, the freshest chance first, and closes when it is acknowledged', async () => {
    const fixture = await createFixture();
    await fixture.bus.attach(subscription('s', { breaker, retry }));
    await fixture.publish('a', 'b', 'c', 'd');
    await failAll(fixture, 3);
    await fixture.clock.advance(10_000);
    const probe = await fixture.bus.receive('s', NOW);
    expect(ids(probe)).toEqual(['e4']);
    expect(await fixture.bus.receive('s', NOW)).toEqual([]); // one at a time
    await fixture.bus.ack('s', receipts(probe));
    expect(await stateOf(fixture)).toBe('closed');
    expect(ids(await fixture.bus.receive('s', NOW))).toEqual(['e1', 'e2', 'e3']);
    expect(states(fixture)).toEqual(['closed → open', 'open → half-open', 'half-open → closed']);
  });

  it('opens again when the probe fails or runs out', async () => {
    const fixture = await createFixture();
    await fixture.bus.attach(subscription('s', { breaker, retry, ackTimeoutMs: 1_000 }));
    await fixture.publish('a', 'b', 'c', 'd');
    await failAll(fixture, 3);
    await fixture.clock.advance(10_000);
    expect(await failAll(fixture)).toBe(1);
    expect(await fixture.bus.receive('s', NOW)).toEqual([]);
    await fixture.clock.advance(10_000);
    expect(await fixture.bus.receive('s', NOW)).toHaveLength(1);
    await fixture.clock.advance(1_000);
    expect(await fixture.bus.receive('s', NOW)).toEqual([]);
    expect(states(fixture)).toEqual([
      ...['closed → open', 'open → half-open', 'half-open → open'],
      ...['open → half-open', 'half-open → open'],
    ]);
  });

  it('counts failures in a row only', async () => {
    const fixture = await createFixture();
    await fixture.bus.attach(subscription('s', { breaker, retry }));
    for (let i = 0; i < 4; i++) {
      await fixture.publish('a', 'b', 'c');
      const [one, two, three] = receipts(await fixture.bus.receive('s', { max: 3, waitMs: 0 }));
      await fixture.bus.nack('s', [one ?? '', two ?? ''], { reason: 'no', delayMs: 60_000 });
      await fixture.bus.ack('s', [three ?? '']);
    }
    expect(fixture.breakers).toEqual([]);
  });

  it('is closed by hand, by a redrive, and by starting anew', async () => {
    const fixture = await createFixture();
    const settings = subscription('s', { breaker, retry: { ...retry, maxAttempts: 1 } });
    await fixture.bus.attach(settings);
    await fixture.publish('a', 'b', 'c', 'd');
    await failAll(fixture, 3);
    const waiting = fixture.bus.receive('s', { max: 1, waitMs: 5_000 });
    await fixture.clock.advance(1);
    await fixture.bus.reset('s');
    expect(ids(await waiting)).toEqual(['e4']);
    expect(fixture.breakers.at(-1)).toMatchObject({ to: 'closed', reason: 'reset' });
    await failAll(fixture);
    expect(await fixture.bus.redrive('s')).toBe(3);
    expect(await stateOf(fixture)).toBe('closed');
    await failAll(fixture);
    expect(await stateOf(fixture)).toBe('open');
    await flush(fixture);
    await fixture.restart(settings);
    expect(await stateOf(fixture)).toBe('closed');
    await fixture.bus.reset('nobody'); // a paused subscription has none
  });

  it('is the subscription’s own: the others go on', async () => {
    const fixture = await createFixture();
    await fixture.bus.attach(subscription('s', { breaker, retry, order: 'entity' }));
    await fixture.bus.attach(subscription('healthy'));
    for (let i = 0; i < 20; i++) {
      await fixture.publish('a', 'b', 'c');
      await failAll(fixture);
      const messages = await fixture.bus.receive('healthy', NOW);
      expect(messages).toHaveLength(3);
      await fixture.bus.ack('healthy', receipts(messages));
    }
    expect(await stateOf(fixture)).toBe('open');
    const healthy = (await fixture.bus.stats()).find(({ subscription: id }) => id === 'healthy');
    expect(healthy).toMatchObject({ breaker: 'closed', delivered: 60, backlog: 0, latencyMs: { p50: 0, p95: 0 } });
  });
});

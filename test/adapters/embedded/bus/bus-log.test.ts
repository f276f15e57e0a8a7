import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { subscriptionMatcher } from '../../../../core/events/index.ts';
import { createFixture, flush, ids, NOW, receipts, subscription, type Fixture } from './bus-fixture.ts';

async function drain(fixture: Fixture, id: string, max = 100): Promise<string[]> {
  const seen: string[] = [];
  for (;;) {
    const messages = await fixture.bus.receive(id, { max, waitMs: 0 });
    if (messages.length === 0) return seen;
    seen.push(...ids(messages));
    await fixture.bus.ack(id, receipts(messages));
  }
}
const entities = (count: number): string[] => Array.from({ length: count }, () => 'a');

describe('a subscription at the end of the log', () => {
  it('is told of what it wants and looks at nothing else', async () => {
    const fixture = await createFixture();
    await fixture.bus.attach(subscription('s', { topics: ['other.*'] }));
    expect(await fixture.bus.receive('s', NOW)).toEqual([]);
    await fixture.publish(...entities(9));
    expect((await fixture.bus.stats())[0]).toMatchObject({ backlog: 1 }); // e5 alone
    expect(await drain(fixture, 's')).toEqual(['e5']);
  });

  it('wakes only those who want the event', async () => {
    const fixture = await createFixture();
    await fixture.bus.attach(subscription('s', { topics: ['other.*'] }));
    await fixture.bus.attach(subscription('t', { topics: ['orders.*'] }));
    const reads: string[] = [];
    const waiting = ['s', 't'].map((id) =>
      fixture.bus.receive(id, { max: 1, waitMs: 60_000 }).then((messages) => reads.push(id, ...ids(messages))),
    );
    await fixture.publish('a');
    await waiting[1];
    expect(reads).toEqual(['t', 'e1']);
    await fixture.bus.close();
  });

  it('reads the log again when it was told more than it keeps', async () => {
    const fixture = await createFixture();
    await fixture.bus.attach(subscription('s'));
    expect(await fixture.bus.receive('s', NOW)).toEqual([]);
    await fixture.publish(...entities(2_100));
    expect(await drain(fixture, 's', 500)).toEqual(Array.from({ length: 2_100 }, (_, i) => `e${i + 1}`));
  });

  it('reads the log again when something was committed that nobody told of, though it waits at that moment', async () => {
    const fixture = await createFixture();
    await fixture.bus.attach(subscription('s'));
    for (let i = 0; i < 2; i++) {
      await fixture.publish('a');
      await drain(fixture, 's');
    }
    const waiting = fixture.bus.receive('s', { max: 100, waitMs: 60_000 });
    const { relay } = fixture;
    fixture.relay = () => undefined;
    await fixture.publish('a', 'a');
    fixture.relay = relay;
    await fixture.publish('a');
    expect(ids(await waiting)).toEqual(['e3', 'e4', 'e5']);
  });

  it('keeps where it is without writing that down at every event it does not want', async () => {
    const fixture = await createFixture();
    const settings = subscription('s', { topics: ['other.*'] });
    await fixture.bus.attach(settings);
    await fixture.bus.attach(subscription('t'));
    const cursor = async (): Promise<unknown> => (await fixture.store.get({ pk: 'main#cursor', sk: 's' }))?.value;
    await drain(fixture, 's');
    await fixture.publish(...entities(4));
    await drain(fixture, 't');
    await flush(fixture);
    expect(await cursor()).toBeUndefined();
    await fixture.publish(...entities(1_101));
    expect((await drain(fixture, 's')).slice(0, 2)).toEqual(['e5', 'e10']);
    await drain(fixture, 't');
    await flush(fixture);
    expect(await cursor()).toBe(1_106);
    await fixture.publish('a', 'a');
    await fixture.bus.pause('s');
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
        const fixture = await createFixture();
        const { relay } = fixture;
        const all = interests.map(({ filter, ...rest }, i) =>
          subscription(`s${i}`, { ...rest, ...(filter && { filter }) }),
        );
        const got = new Map<string, string[]>(all.map(({ id }) => [id, []]));
        for (const one of all) await fixture.bus.attach(one);
        for (const doing of steps) {
          if ('publish' in doing) await fixture.publish(...doing.publish);
          if ('unannounced' in doing) {
            fixture.relay = () => undefined;
            await fixture.publish(doing.unannounced);
            fixture.relay = relay;
          }
          const at = 'drain' in doing ? doing.drain : 'pause' in doing ? doing.pause : 0;
          const one = all[at % all.length] ?? all[0];
          if ('drain' in doing && one) got.get(one.id)?.push(...(await drain(fixture, one.id, 2)));
          if ('pause' in doing && one) await fixture.bus.pause(one.id).then(() => fixture.bus.attach(one));
          if ('restart' in doing) await flush(fixture).then(() => fixture.restart(...all));
        }
        await fixture.publish('b'); // whoever missed something learns of it with the next event
        const log = new Map<string, string[]>(all.map(({ id }) => [id, []]));
        const reader = subscription('reader');
        await fixture.bus.attach(reader);
        const events = (await fixture.bus.receive('reader', { max: 1_000, waitMs: 0 })).map(({ event }) => event);
        for (const one of all) {
          got.get(one.id)?.push(...(await drain(fixture, one.id)));
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
    const fixture = await createFixture();
    const settings = subscription('s', { retry: { maxAttempts: 3, baseMs: 1_000, maxMs: 1_000 } });
    await fixture.bus.attach(settings);
    await fixture.publish('a', 'b', 'c');
    const messages = await fixture.bus.receive('s', NOW);
    const [one, two, three] = messages.map(({ event }) => event);
    if (one === undefined || two === undefined || three === undefined) throw new Error('three events were published');
    const [first, second, third] = receipts(messages);
    const start = new Date(fixture.clock.now()).toISOString();
    await fixture.bus.nack('s', [first ?? '', second ?? ''], { reason: 'busy', delayMs: 1_000 });
    await fixture.bus.ack('s', [third ?? '']);
    await fixture.clock.advance(1_000);
    const again = await fixture.bus.receive('s', NOW);
    await fixture.bus.ack('s', [again[0]?.receipt ?? '']);
    const later = new Date(fixture.clock.now()).toISOString();
    const failed = { at: start, outcome: 'failed', reason: 'busy' };
    expect(await fixture.bus.trace(one)).toEqual([
      { subscription: 's', state: 'delivered', history: [failed, { at: later, outcome: 'delivered' }] },
    ]);
    expect(await fixture.bus.trace(two)).toEqual([
      { subscription: 's', state: 'retrying', attempts: 1, reason: 'busy', history: [failed] },
    ]);
    expect(await fixture.bus.trace(three)).toEqual([
      { subscription: 's', state: 'delivered', history: [{ at: start, outcome: 'delivered' }] },
    ]);
    await flush(fixture);
    await fixture.restart(settings);
    expect(await fixture.bus.trace(one)).toMatchObject([{ state: 'delivered', history: [failed, {}] }]);
    expect(await fixture.bus.trace(three)).toEqual([{ subscription: 's', state: 'delivered' }]);
  });

  it('tells no more than the newest ten', async () => {
    const fixture = await createFixture();
    await fixture.bus.attach(
      subscription('s', { retry: { maxAttempts: 14, baseMs: 1, maxMs: 1 }, breaker: { failures: 100 } }),
    );
    await fixture.publish('a');
    for (let i = 1; i <= 14; i++) {
      await fixture.bus.nack('s', receipts(await fixture.bus.receive('s', NOW)), { reason: `no ${i}` });
      await fixture.clock.advance(1);
    }
    const [letter] = await fixture.bus.deadLetters('s', { limit: 1 });
    if (letter === undefined) throw new Error('it should be a dead letter');
    const [state] = await fixture.bus.trace(letter.event);
    expect(state).toMatchObject({ state: 'dead-letter', attempts: 14, reason: 'no 14' });
    expect(state?.history?.map(({ reason }) => reason)).toEqual(Array.from({ length: 10 }, (_, i) => `no ${i + 5}`));
  });
});

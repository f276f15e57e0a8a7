import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFixture, flush, ids, NOW, receipts, subscription } from './bus-fixture.ts';

describe('delivery', () => {
  it('gives every wanted event once when all is acknowledged', async () => {
    const fixture = await createFixture();
    await fixture.bus.attach(subscription('s', { topics: ['orders.*'] }));
    await fixture.publish(...Array.from({ length: 7 }, (_, i) => `e:${i % 3}`));
    const messages = await fixture.bus.receive('s', NOW);
    expect(ids(messages)).toEqual(['e1', 'e2', 'e3', 'e4', 'e6', 'e7']);
    expect(messages[0]).toMatchObject({
      attempt: 1,
      event: { entityId: 'e:0', payload: { n: 1 }, ledger: { seq: 0 } },
    });
    expect(await fixture.bus.ack('s', receipts(messages))).toEqual({ stale: [] });
    expect(await fixture.bus.ack('s', receipts(messages))).toEqual({ stale: receipts(messages) });
    expect(await fixture.bus.receive('s', NOW)).toEqual([]);
  });

  it('wakes a waiting receiver, and lets it go when time is up or it gives up', async () => {
    const fixture = await createFixture();
    await fixture.bus.attach(subscription('s'));
    const waiting = fixture.bus.receive('s', { max: 1, waitMs: 60_000 });
    await fixture.publish('a');
    expect(ids(await waiting)).toEqual(['e1']);
    const inVain = fixture.bus.receive('s', { max: 1, waitMs: 1_000 });
    await fixture.clock.advance(1_000);
    expect(await inVain).toEqual([]);
    const gone = new AbortController();
    const aborted = fixture.bus.receive('s', { max: 1, waitMs: 60_000, signal: gone.signal });
    gone.abort();
    expect(await aborted).toEqual([]);
  });

  it('retries after the backoff and ends as a dead letter with reason and attempts; redrive starts over', async () => {
    const fixture = await createFixture();
    await fixture.bus.attach(subscription('s', { retry: { maxAttempts: 3, baseMs: 1_000, maxMs: 10_000 } }));
    await fixture.publish('a');
    for (let attempt = 1; attempt <= 3; attempt++) {
      const [message] = await fixture.bus.receive('s', NOW);
      expect(message?.attempt).toBe(attempt);
      await fixture.bus.nack('s', [message?.receipt ?? '', message?.receipt ?? ''], { reason: `no ${attempt}` });
      if (attempt < 3) expect((await fixture.bus.stats())[0]).toMatchObject({ retrying: 1, failed: attempt });
      await fixture.clock.advance(1_000 * 2 ** (attempt - 1));
    }
    expect(await fixture.bus.receive('s', NOW)).toEqual([]);
    const letters = await fixture.bus.deadLetters('s', { limit: 10 });
    expect(letters).toMatchObject([{ attempts: 3, reason: 'no 3', event: { eventId: 'e1' } }]);
    const position = letters[0]?.position ?? -1;
    const redriven = await Promise.all([fixture.bus.redrive('s', [position, position]), fixture.bus.redrive('s')]);
    expect(redriven).toEqual([1, 0]);
    expect((await fixture.bus.stats())[0]).toMatchObject({ deadLetters: 0, retrying: 1 });
    const again = await fixture.bus.receive('s', NOW);
    expect(again).toMatchObject([{ attempt: 1, event: { eventId: 'e1' } }]);
    await fixture.bus.ack('s', receipts(again));
    expect(await fixture.bus.deadLetters('s', { limit: 10 })).toEqual([]);
  });

  it('keeps an event with whoever extends its time, as often as they like, and for nobody else', async () => {
    const fixture = await createFixture();
    await fixture.bus.attach(subscription('s', { ackTimeoutMs: 1_000 }));
    await fixture.publish('a');
    const [message] = await fixture.bus.receive('s', NOW);
    const receipt = message?.receipt ?? '';
    for (let i = 0; i < 5; i++) {
      await fixture.clock.advance(900);
      const { extended, stale } = await fixture.bus.extend('s', [receipt, receipt, 'other']);
      expect(extended).toMatchObject([{ was: receipt, receipt }]);
      expect(Date.parse(extended[0]?.until ?? '')).toBe(fixture.clock.now() + 1_000);
      expect(stale).toEqual(['other']);
      expect(await fixture.bus.receive('s', NOW)).toEqual([]);
    }
    await fixture.clock.advance(1_001);
    expect(await fixture.bus.receive('s', NOW)).toEqual([]); // it has failed now, and waits for its retry
    await fixture.clock.advance(60_000);
    expect(await fixture.bus.receive('s', NOW)).toMatchObject([{ attempt: 2 }]);
    expect(await fixture.bus.extend('s', [receipt])).toEqual({ extended: [], stale: [receipt] });
    expect(await fixture.bus.extend('nobody', [receipt])).toEqual({ extended: [], stale: [receipt] });
  });

  it('waits as long as the refusal asks', async () => {
    const fixture = await createFixture();
    await fixture.bus.attach(subscription('s'));
    await fixture.publish('a');
    await fixture.bus.nack('s', receipts(await fixture.bus.receive('s', NOW)), { reason: 'later', delayMs: 5_000 });
    await fixture.clock.advance(4_999);
    expect(await fixture.bus.receive('s', NOW)).toEqual([]);
    await fixture.clock.advance(1);
    expect(ids(await fixture.bus.receive('s', NOW))).toEqual(['e1']);
  });

  it('counts a lease that ran out as a failure; its receipt is stale', async () => {
    const fixture = await createFixture();
    await fixture.bus.attach(
      subscription('s', { ackTimeoutMs: 1_000, retry: { maxAttempts: 2, baseMs: 1, maxMs: 1 } }),
    );
    await fixture.publish('a');
    const first = await fixture.bus.receive('s', NOW);
    await fixture.clock.advance(1_000);
    const second = await fixture.bus.receive('s', NOW);
    expect(second).toMatchObject([{ attempt: 2 }]);
    expect(await fixture.bus.ack('s', receipts(first))).toEqual({ stale: receipts(first) });
    expect(await fixture.bus.nack('s', receipts(first), { reason: 'late' })).toEqual({ stale: receipts(first) });
    await fixture.clock.advance(1_000);
    expect(await fixture.bus.receive('s', NOW)).toEqual([]);
    expect(await fixture.bus.deadLetters('s', { limit: 1 })).toMatchObject([
      { attempts: 2, reason: expect.stringContaining('1000 ms') as string },
    ]);
  });

  it('lets no subscriber wait for another', async () => {
    const fixture = await createFixture();
    await fixture.bus.attach(subscription('slow', { order: 'entity' }));
    await fixture.bus.attach(subscription('fast'));
    for (let i = 0; i < 50; i++) {
      await fixture.publish('a');
      const messages = await fixture.bus.receive('fast', NOW);
      expect(messages).toHaveLength(1);
      await fixture.bus.ack('fast', receipts(messages));
      if (i === 0) await fixture.bus.receive('slow', NOW); // and never answers
    }
    expect((await fixture.bus.stats()).find(({ subscription: id }) => id === 'fast')).toMatchObject({
      delivered: 50,
      backlog: 0,
    });
  });

  it.each([
    ['earliest', 0, ['e1', 'e2', 'e3']],
    ['a position', 2, ['e2', 'e3']], // position 0 is the session key's certificate
    ['latest', 3, ['e3']],
  ])('starts at %s', async (_, from, expected) => {
    const fixture = await createFixture();
    await fixture.publish('a', 'a');
    await fixture.bus.attach(subscription('s', {}, from));
    await fixture.publish('b');
    expect(ids(await fixture.bus.receive('s', NOW))).toEqual(expected);
  });

  it('delivers what was recorded but never announced', async () => {
    const fixture = await createFixture();
    const settings = subscription('s');
    await fixture.bus.attach(settings);
    await fixture.publish('a');
    fixture.relay = () => undefined; // the process dies between committing and relaying
    await fixture.publish('b');
    await fixture.restart(settings);
    expect(ids(await fixture.bus.receive('s', NOW))).toEqual(['e1', 'e2']);
    const other = await createFixture();
    await other.bus.attach(settings);
    const { relay } = other;
    other.relay = () => undefined;
    await other.publish('a');
    other.relay = relay;
    await other.publish('b'); // a gap in what is announced is read from the log
    expect(ids(await other.bus.receive('s', NOW))).toEqual(['e1', 'e2']);
  });
});

describe('pause and restart', () => {
  it('lose nothing and repeat nothing that is settled', async () => {
    const fixture = await createFixture();
    const settings = subscription('s');
    await fixture.bus.attach(settings);
    await fixture.publish('a', 'b', 'c');
    const messages = await fixture.bus.receive('s', NOW);
    await fixture.bus.ack('s', receipts(messages.slice(0, 1)));
    await fixture.bus.pause('s');
    await fixture.publish('d');
    expect(await fixture.bus.receive('s', NOW)).toEqual([]);
    await fixture.bus.attach(settings);
    const resumed = await fixture.bus.receive('s', NOW);
    expect(ids(resumed)).toEqual(['e2', 'e3', 'e4']);
    await fixture.bus.ack('s', receipts(resumed.slice(0, 2)));
    await flush(fixture);
    await fixture.restart(settings);
    expect(ids(await fixture.bus.receive('s', NOW))).toEqual(['e4']);
  });

  it('deliver a retry once, with its attempts, though the cursor had not passed it', async () => {
    const fixture = await createFixture();
    const settings = subscription('s');
    await fixture.bus.attach(settings);
    await fixture.publish('a', 'b');
    const [, second] = await fixture.bus.receive('s', NOW);
    await fixture.bus.nack('s', [second?.receipt ?? ''], { reason: 'no', delayMs: 10 });
    await flush(fixture); // the first is still out: the cursor stays before it
    await fixture.restart(settings);
    const messages = await fixture.bus.receive('s', NOW);
    expect(messages.map(({ event, attempt }) => [event.eventId, attempt]).sort()).toEqual([
      ['e1', 1],
      ['e2', 2],
    ]);
  });

  it('keep a dead letter that was redriven at once', async () => {
    const fixture = await createFixture();
    const settings = subscription('s', { retry: { maxAttempts: 2, baseMs: 1, maxMs: 1 } });
    await fixture.bus.attach(settings);
    await fixture.publish('a');
    for (let i = 0; i < 2; i++) {
      await fixture.bus.nack('s', receipts(await fixture.bus.receive('s', NOW)), { reason: 'no' });
      if (i === 0) await flush(fixture);
    }
    expect(await fixture.bus.redrive('s')).toBe(1);
    await flush(fixture);
    await fixture.restart(settings);
    expect(ids(await fixture.bus.receive('s', NOW))).toEqual(['e1']);
  });

  it('forget a detached subscription altogether', async () => {
    const fixture = await createFixture();
    const settings = subscription('s');
    await fixture.bus.attach(settings);
    await fixture.publish('a', 'b');
    const [one, two] = await fixture.bus.receive('s', NOW);
    await fixture.bus.ack('s', [one?.receipt ?? '']);
    await fixture.bus.nack('s', [two?.receipt ?? ''], { reason: 'no' });
    await flush(fixture);
    await fixture.bus.detach('s');
    await fixture.bus.attach(settings);
    expect(await fixture.bus.receive('s', NOW)).toMatchObject([{ attempt: 1 }, { attempt: 1 }]);
  });

  it('write settled positions again when the store failed', async () => {
    const fixture = await createFixture();
    const settings = subscription('s');
    await fixture.bus.attach(settings);
    await fixture.publish('a');
    fixture.store.faults.before = (what) => {
      if (what === 'write') throw new Error('the disk is gone');
    };
    await fixture.bus.ack('s', receipts(await fixture.bus.receive('s', NOW)));
    await flush(fixture);
    expect(fixture.errors.length).toBeGreaterThan(0);
    delete fixture.store.faults.before;
    await flush(fixture); // nothing else happens, and still it is written
    await fixture.restart(settings);
    expect(await fixture.bus.receive('s', NOW)).toEqual([]);
  });

  it('keep a delivery out when its failure could not be written, so that it can be refused again', async () => {
    const fixture = await createFixture();
    await fixture.bus.attach(subscription('s', { retry: { maxAttempts: 1 } }));
    await fixture.publish('a');
    const messages = await fixture.bus.receive('s', NOW);
    fixture.store.faults.before = () => {
      throw new Error('the disk is gone');
    };
    await expect(fixture.bus.nack('s', receipts(messages), { reason: 'no' })).rejects.toThrow('the disk is gone');
    delete fixture.store.faults.before;
    expect(await fixture.bus.nack('s', receipts(messages), { reason: 'no' })).toEqual({ stale: [] });
    expect(await fixture.bus.deadLetters('s', { limit: 1 })).toHaveLength(1);
  });

  it('count an acknowledgement that crosses a failure being written as too late', async () => {
    const fixture = await createFixture();
    await fixture.bus.attach(subscription('s', { order: 'entity' }));
    await fixture.publish('a', 'a', 'a');
    const messages = await fixture.bus.receive('s', NOW);
    const refused = fixture.bus.nack('s', receipts(messages), { reason: 'no', delayMs: 0 });
    await Promise.resolve();
    await Promise.resolve();
    const late = await fixture.bus.ack('s', receipts(messages));
    await refused;
    const again = await fixture.bus.receive('s', NOW);
    expect(again).toHaveLength(1); // never two of an entity at a time
    expect(late.stale.length === 1 ? ids(again) : ['e1']).toEqual(['e1']);
  });
});

it('in order: whatever is refused, times out or dies, an entity’s events are acknowledged in the order of its chain', async () => {
  const fate = fc.constantFrom('ack', 'nack', 'nack', 'timeout', 'restart');
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 15 }),
      fc.array(fate, { maxLength: 40 }),
      fc.integer({ min: 1, max: 4 }),
      async (entities, fates, max) => {
        const fixture = await createFixture();
        const settings = subscription('s', {
          order: 'entity',
          ackTimeoutMs: 100,
          retry: { maxAttempts: 100, baseMs: 50, maxMs: 100 },
          breaker: { failures: 3, probeAfterMs: 100 },
        });
        await fixture.bus.attach(settings);
        await fixture.publish(...entities);
        let drawn = 0;
        const acknowledged = new Map<string, number[]>();
        for (let step = 0; step < 400; step++) {
          const messages = await fixture.bus.receive('s', { max, waitMs: 0 });
          expect(new Set(messages.map(({ event }) => event.entityId)).size).toBe(messages.length);
          for (const { receipt, event } of messages) {
            const next = fates[drawn++] ?? 'ack';
            if (next === 'nack') await fixture.bus.nack('s', [receipt], { reason: 'no' });
            if (next === 'restart') await fixture.restart(settings);
            if (next !== 'ack' || (await fixture.bus.ack('s', [receipt])).stale.length > 0) continue;
            acknowledged.set(event.entityId, [...(acknowledged.get(event.entityId) ?? []), event.ledger.seq]);
          }
          await fixture.clock.advance(60);
        }
        for (const entity of new Set(entities)) {
          const seqs = acknowledged.get(entity) ?? [];
          const firsts = [...new Set(seqs)]; // after a restart an event may come again
          expect(firsts).toEqual(entities.filter((one) => one === entity).map((_, i) => i));
          if (!fates.includes('restart')) expect(seqs).toEqual(firsts);
        }
      },
    ),
    { numRuns: 25 },
  );
});

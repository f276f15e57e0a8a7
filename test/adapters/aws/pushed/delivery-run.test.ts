/** Events sent to a Lambda function: each at least once, tried again as the subscription says, whatever dies in between. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { later } from '../../../../core/brands/index.ts';
import { NOT_READABLE } from '../../../../core/events/index.ts';
import { LEASE_MS } from '../../../../adapters/aws/pushed/delivery-run.ts';
import { createPushedFixture, refused, threw } from './pushed-fixture.ts';

const QUICK = {
  retry: { maxAttempts: 3, baseMs: 1_000, maxMs: 1_000 },
  breaker: { failures: 100, probeAfterMs: 1_000 },
};

describe('a function', () => {
  it('is called once with each event that is wanted, in the order of the log, and with nothing else', async () => {
    const fixture = createPushedFixture();
    const subscription = await fixture.subscribe({ target: { kind: 'function', name: 'total', concurrency: 1 } });
    const [first] = [await fixture.publish('a'), await fixture.publish('b'), await fixture.publish('a', 'other.new')];
    await fixture.serve();
    await fixture.serve();
    expect(fixture.told()).toEqual(['event-1:1', 'event-2:1']);
    expect(fixture.calls[0]).toMatchObject({ subscription: 's', attempt: 1, event: first });
    expect(fixture.calls[0]?.event.ledger).toMatchObject({
      position: expect.any(Number) as number,
      hash: first.ledger.hash,
    });
    expect(await fixture.state(subscription)).toEqual({ cursor: await fixture.log.size(), pending: [] });
    expect(fixture.woken).toEqual([]);
  });

  it('that throws is called again as its subscription says; then the event is a dead letter, which can be redriven', async () => {
    const fixture = createPushedFixture(async () => threw('no such account'));
    const subscription = await fixture.subscribe(QUICK);
    const event = await fixture.publish('a');
    await fixture.serve();
    expect(fixture.told()).toEqual(['event-1:1', 'event-1:2', 'event-1:3']);
    const letters = await fixture.letters.list('s', { limit: 10 });
    expect(letters).toMatchObject([{ attempts: 3, reason: 'Error: no such account', event: { eventId: 'event-1' } }]);
    expect((await fixture.state(subscription))?.pending).toEqual([]);
    expect(fixture.settled.map(({ isDead }) => isDead)).toEqual([false, false, true]);

    fixture.answering.lambda = async () => ({});
    const taken = await fixture.letters.take('s', { positions: undefined, together: 50 }, (events, more) =>
      fixture.items.request(subscription, { newId: 'r', request: { kind: 'redrive', events }, more }),
    );
    expect(taken).toBe(1);
    expect(await fixture.letters.count('s')).toBe(0);
    await fixture.serve();
    await fixture.serve();
    expect(fixture.told().slice(3)).toEqual(['event-1:1']);
    const place = { chain: 'a', seq: event.ledger.seq };
    const noted = await fixture.notes.read(subscription, place);
    expect(noted.map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'failed']);
  });

  it('killed between the call and the write: the event comes again, and none is lost', async () => {
    const fixture = createPushedFixture();
    const subscription = await fixture.subscribe();
    await fixture.publish('a');
    await fixture.publish('b');
    fixture.dynamo.fault = () => (fixture.calls.length === 0 ? undefined : { kind: 'lose-request' });
    await expect(fixture.serve()).rejects.toThrow();
    expect(fixture.told()).toEqual(['event-1:1', 'event-2:1']);
    fixture.dynamo.fault = () => undefined;
    await fixture.serve(); // too early: whoever died might be at work
    expect(fixture.told()).toHaveLength(2);
    await fixture.clock.advance(LEASE_MS + 1);
    await fixture.serve();
    expect(fixture.told().slice(2)).toEqual(['event-1:1', 'event-2:1']);
    expect((await fixture.state(subscription))?.pending).toEqual([]);
  });

  it('is worked for by one run at a time; an event that comes meanwhile is delivered by the one at work', async () => {
    const fixture = createPushedFixture();
    await fixture.subscribe();
    await fixture.publish('a');
    fixture.answering.lambda = async () => {
      if (fixture.calls.length > 1) return {};
      await fixture.publish('b');
      await fixture.serve();
      return {};
    };
    await fixture.serve();
    expect(fixture.told()).toEqual(['event-1:1', 'event-2:1']);
    expect(fixture.lost).toEqual([]);
    expect((await fixture.items.indexed('s'))?.asked).toBeUndefined();
  });

  it('is not forgotten when an event comes after the last look at the log, while the run still has it', async () => {
    const fixture = createPushedFixture();
    await fixture.subscribe();
    await fixture.publish('a');
    const save = fixture.items.save.bind(fixture.items);
    let isLate = true;
    fixture.items.save = async (subscription, kept, more) => {
      if (isLate && kept.state.run === undefined) {
        isLate = false;
        await fixture.publish('b');
        await fixture.serve(); // finds it taken
        expect(fixture.calls).toHaveLength(1);
      }
      return save(subscription, kept, more);
    };
    await fixture.serve();
    expect(fixture.told()).toEqual(['event-1:1', 'event-2:1']);
  });

  it('that failed: this is written down before anything else is sent', async () => {
    const fixture = createPushedFixture();
    const target = { kind: 'function', name: 'total', concurrency: 1 } as const;
    const subscription = await fixture.subscribe({ ...QUICK, target });
    await fixture.publish('a');
    await fixture.publish('b');
    let written: unknown;
    fixture.answering.lambda = async ({ event, attempt }) => {
      if (event.eventId === 'event-1' && attempt === 1) return threw('no');
      written ??= (await fixture.state(subscription))?.pending.map(({ attempts }) => attempts);
      return {};
    };
    await fixture.serve();
    expect(written).toContain(1);
  });

  it('is taken over from a run that stalled, which then writes nothing', async () => {
    const fixture = createPushedFixture();
    const subscription = await fixture.subscribe({ retry: { maxAttempts: 1 } });
    await fixture.publish('a');
    fixture.answering.lambda = async () => {
      const now = later(fixture.clock.now(), 2 * LEASE_MS); // as if this one had been frozen so long
      await fixture.items.claim(subscription, { id: 'other', until: later(now, LEASE_MS) }, now);
      return threw('late');
    };
    await fixture.serve();
    expect(fixture.lost).toHaveLength(1);
    expect((await fixture.state(subscription))?.run?.id).toBe('other');
    expect(await fixture.letters.count('s')).toBe(0);
    fixture.answering.lambda = async () => ({});
    await fixture.clock.advance(4 * LEASE_MS);
    await fixture.serve();
    expect(fixture.told(), 'what the other one had is sent by the next').toEqual(['event-1:1', 'event-1:1']);
    expect(await fixture.state(subscription)).toEqual({ cursor: await fixture.log.size(), pending: [] });
  });

  it.each(['TooManyRequestsException', 'ServiceException', 'ResourceConflictException', 'Http503'])(
    'that Lambda cannot run now (%s) has not failed: it is called again after a moment',
    async (name) => {
      const fixture = createPushedFixture();
      await fixture.subscribe({ ...QUICK, retry: { maxAttempts: 1 } });
      await fixture.publish('a');
      fixture.answering.lambda = async () => {
        if (fixture.calls.length === 1) throw refused(name);
        return {};
      };
      await fixture.serve();
      expect(fixture.woken).toEqual([{ ids: ['s'], afterMs: expect.any(Number) as number }]);
      expect(fixture.woken[0]?.afterMs).toBeGreaterThan(3_000);
      await fixture.clock.advance(5_000);
      await fixture.serve();
      expect(fixture.told()).toEqual(['event-1:1', 'event-1:1']);
      expect(await fixture.letters.count('s')).toBe(0);
    },
  );

  it.each(['ResourceNotFoundException', 'AccessDeniedException', 'InvalidRuntimeException'])(
    'that nobody may or can call (%s) has failed',
    async (name) => {
      const fixture = createPushedFixture(() => Promise.reject(refused(name)));
      await fixture.subscribe({ ...QUICK, retry: { maxAttempts: 2, baseMs: 1 } });
      await fixture.publish('a');
      await fixture.serve();
      expect(await fixture.letters.list('s', { limit: 1 })).toMatchObject([{ attempts: 2, reason: new RegExp(name) }]);
    },
  );

  it('that takes longer than its subscription says has failed', async () => {
    const fixture = createPushedFixture((_call, signal) => {
      const { promise, reject } = Promise.withResolvers<never>();
      signal.addEventListener('abort', () => reject(signal.reason as Error));
      return promise;
    });
    fixture.clock.sleep = async () => nextTurn(); // the timeout is of real time
    await fixture.subscribe({ ...QUICK, ackTimeoutMs: 100, retry: { maxAttempts: 1 } });
    await fixture.publish('a');
    await fixture.serve();
    expect(await fixture.letters.list('s', { limit: 1 })).toMatchObject([
      { reason: 'it did not finish within 100 ms' },
    ]);
  });

  it('that is not deployed any more: its events wait', async () => {
    const fixture = createPushedFixture();
    const subscription = await fixture.subscribe({ target: { kind: 'function', name: 'gone' } });
    await fixture.publish('a');
    await fixture.serve();
    expect(fixture.calls).toEqual([]);
    expect((await fixture.state(subscription))?.pending).toMatchObject([{ attempts: 0 }]);
  });

  it('with order: a later event of an entity waits for the earlier one, other entities do not', async () => {
    const fixture = createPushedFixture(async ({ event, attempt }) =>
      event.eventId === 'event-1' && attempt < 3 ? threw('not yet') : {},
    );
    await fixture.subscribe({ ...QUICK, order: 'entity' });
    for (const entity of ['a', 'a', 'b', 'a']) await fixture.publish(entity);
    await fixture.serve();
    const told = fixture.told();
    expect(told.filter((one) => !one.startsWith('event-3'))).toEqual([
      ...['event-1:1', 'event-1:2', 'event-1:3', 'event-2:1', 'event-4:1'],
    ]);
    expect(told.indexOf('event-3:1')).toBeLessThan(told.indexOf('event-1:2'));
  });

  it('is never called with two events of one entity at the same time, and with several entities it is', async () => {
    const now = new Map<string, number>();
    let most = 0;
    const fixture = createPushedFixture(async ({ event: { entityId } }) => {
      now.set(entityId, (now.get(entityId) ?? 0) + 1);
      expect(now.get(entityId)).toBe(1);
      most = Math.max(most, [...now.values()].filter((n) => n > 0).length);
      for (let i = 0; i < 5; i++) await nextTurn();
      now.set(entityId, 0);
      return {};
    });
    await fixture.subscribe();
    for (let i = 0; i < 30; i++) await fixture.publish(`e${i % 3}`);
    await fixture.serve();
    expect(fixture.calls).toHaveLength(30);
    expect(most).toBe(3);
  });

  it('gets an event not before its delay is over, and is woken then', async () => {
    const fixture = createPushedFixture();
    await fixture.subscribe({ delayMs: 30_000 });
    await fixture.publish('a');
    await fixture.serve();
    expect(fixture.calls).toEqual([]);
    expect(fixture.woken).toEqual([{ ids: ['s'], afterMs: 30_000 }]);
    await fixture.clock.advance(30_000);
    await fixture.serve();
    expect(fixture.told()).toEqual(['event-1:1']);
  });

  it('gets nothing while its subscription is paused, and no event that its module must not read', async () => {
    const fixture = createPushedFixture();
    const subscription = await fixture.subscribe({}, { status: 'paused' });
    const event = await fixture.publish('a');
    await fixture.serve();
    expect(fixture.calls).toEqual([]);
    await fixture.subscribe();
    await fixture.serve({ mayRead: () => false });
    expect(fixture.calls).toEqual([]);
    expect(await fixture.notes.read(subscription, { chain: 'a', seq: event.ledger.seq })).toMatchObject([
      { outcome: 'skipped', reason: NOT_READABLE },
    ]);
  });

  it('is paused within a second: what is on its way ends, nothing else begins', async () => {
    const fixture = createPushedFixture();
    const target = { kind: 'function', name: 'total', concurrency: 1 } as const;
    await fixture.subscribe({ target });
    for (let i = 0; i < 20; i++) await fixture.publish('a');
    fixture.answering.lambda = async () => {
      if (fixture.calls.length === 3) await fixture.subscribe({ target }, { status: 'paused' });
      await fixture.clock.advance(500);
      return {};
    };
    await fixture.serve();
    expect(fixture.calls.length).toBeLessThanOrEqual(6);
    await fixture.subscribe({ target });
    await fixture.serve();
    expect(new Set(fixture.told()).size).toBe(20);
    expect(fixture.calls).toHaveLength(20);
  });

  it('whose breaker is open is asked with one event, and goes on when that one is taken', async () => {
    const fixture = createPushedFixture(async () => threw('down'));
    const subscription = await fixture.subscribe({ retry: { maxAttempts: 50, baseMs: 1, maxMs: 1 } });
    for (let i = 0; i < 5; i++) await fixture.publish(`e${i}`);
    await fixture.serve();
    expect(fixture.breakers.map(({ to }) => to)).toEqual(['open']);
    const before = fixture.calls.length;
    await fixture.clock.advance(30_000);
    await fixture.serve();
    expect(fixture.calls).toHaveLength(before + 1);
    fixture.answering.lambda = async () => ({});
    await fixture.clock.advance(30_000);
    await fixture.serve();
    expect((await fixture.state(subscription))?.pending).toEqual([]);
    expect(fixture.breakers.at(-1)?.to).toBe('closed');
  });

  it('gets all of a long history, over several runs, each once', async () => {
    const fixture = createPushedFixture();
    await fixture.subscribe({ order: 'entity' });
    for (let i = 0; i < 1_200; i++) await fixture.publish(`e${i % 7}`);
    await fixture.serve();
    expect(fixture.calls).toHaveLength(1_200);
    expect(new Set(fixture.told()).size).toBe(1_200);
  });
});

describe('what is delivered costs', () => {
  /** Calls of DynamoDB, those that write beside. */
  const counted = ({ dynamo }: ReturnType<typeof createPushedFixture>) => {
    const { requests } = dynamo;
    const writes = requests.filter(({ operation }) => /Put|Write|Update|Delete/.test(operation));
    return { calls: requests.length, writes: writes.length };
  };

  it('two writes where an event comes alone, as docs/costs.md says', async () => {
    const fixture = createPushedFixture();
    await fixture.subscribe();
    await fixture.publish('a');
    await fixture.serve();
    await fixture.publish('a');
    fixture.dynamo.requests.length = 0;
    await fixture.serve();
    expect(fixture.calls).toHaveLength(2);
    expect(counted(fixture)).toEqual({ calls: 7, writes: 2 });
  });

  it('a fraction of a write where a thousand come together', async () => {
    const fixture = createPushedFixture();
    await fixture.subscribe({ target: { kind: 'function', name: 'total', concurrency: 100 } });
    for (let i = 0; i < 1_000; i++) await fixture.publish(`e${i}`);
    fixture.dynamo.requests.length = 0;
    await fixture.serve();
    expect(fixture.calls).toHaveLength(1_000);
    expect(counted(fixture).writes).toBeLessThan(20);
  });
});

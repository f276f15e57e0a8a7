/** Actions on a subscription at the same moment: pause and resume, removal and what is still being written, a long search and the clock. */
import { describe, expect, it } from 'vitest';
import type { DeliveryFacts } from '../../../../core/events/index.ts';
import type { AppendedEntry } from '../../../../core/ledger/index.ts';
import { close, createFixture, flush, ids, NOW, receipts, subscription } from './bus-fixture.ts';

const FACTS: DeliveryFacts = { entity: { id: 'a', document: null, version: 0 }, changeSets: [], permissions: [] };
const conditional = { mode: 'conditional', when: { permissions: [{ exists: false }] } };

/** Facts that are read when the test says so. */
function heldFacts(): { readFacts: () => Promise<DeliveryFacts>; hold: () => void; release: () => void } {
  let gate = Promise.withResolvers<null>();
  gate.resolve(null);
  return {
    readFacts: () => gate.promise.then(() => FACTS),
    hold: () => void (gate = Promise.withResolvers<null>()),
    release: () => gate.resolve(null),
  };
}

describe('actions on a subscription at the same moment', () => {
  it('delivers on when it is resumed while its pause still waits for a function', async () => {
    const ends: (() => void)[] = [];
    const total = (): Promise<void> => new Promise((end) => void ends.push(end));
    const fixture = await createFixture({ functions: { total } });
    const one = subscription('s', { target: { kind: 'function', name: 'total' } });
    await fixture.bus.attach(one);
    await fixture.publish('a');
    await fixture.clock.advance(0);
    const pausing = fixture.bus.pause('s');
    await fixture.clock.advance(0);
    const resuming = fixture.bus.attach(one);
    ends[0]?.();
    await Promise.all([pausing, resuming]);
    await fixture.publish('b');
    await fixture.clock.advance(0);
    expect(ends).toHaveLength(2);
    ends[1]?.();
    await close(fixture);
  });

  it('leaves nothing behind when it is removed while a failure waits to be written down', async () => {
    const { readFacts, hold, release } = heldFacts();
    const fixture = await createFixture({ readFacts });
    await fixture.bus.attach(subscription('s', conditional));
    await fixture.publish('a', 'b');
    const [first] = await fixture.bus.receive('s', { max: 1, waitMs: 0 });
    hold();
    const receiving = fixture.bus.receive('s', NOW);
    const failing = fixture.bus.nack('s', [first?.receipt ?? ''], { reason: 'no' });
    const removing = fixture.bus.detach('s');
    await fixture.clock.advance(0);
    release();
    await Promise.all([receiving, failing, removing]);
    await flush(fixture);
    for (const pk of ['main#retry#s', 'main#dead#s', 'main#note#s', 'main#cursor'])
      expect(await fixture.store.list(pk, { limit: 9 })).toEqual([]);
  });

  it('does not give a removed subscription its place back with a write that is tried again', async () => {
    const fixture = await createFixture();
    const one = subscription('s');
    await fixture.bus.attach(one);
    await fixture.publish('a', 'b');
    const write = fixture.store.write.bind(fixture.store);
    fixture.store.write = () => Promise.reject(new Error('disk full'));
    await fixture.bus.ack('s', receipts(await fixture.bus.receive('s', NOW)));
    await flush(fixture);
    fixture.store.write = write;
    expect(fixture.errors).toContainEqual(new Error('disk full'));
    await fixture.bus.detach('s');
    await flush(fixture);
    await fixture.bus.attach(one);
    expect(ids(await fixture.bus.receive('s', NOW))).toEqual(['e1', 'e2']);
  });

  it('does not go on through a long history when it is paused', async () => {
    const { readFacts, hold, release } = heldFacts();
    let reads = 0;
    const counted = (): Promise<DeliveryFacts> => {
      reads += 1;
      return readFacts();
    };
    const fixture = await createFixture({ readFacts: counted });
    await fixture.bus.attach(subscription('s', { mode: 'conditional', when: { permissions: ['reads'] } }));
    await fixture.publish(...Array.from({ length: 20 }, () => 'a'));
    hold();
    const receiving = fixture.bus.receive('s', { max: 1, waitMs: 0 });
    const pausing = fixture.bus.pause('s');
    await fixture.clock.advance(0);
    release();
    expect(await receiving).toEqual([]);
    await pausing;
    expect(reads).toBeLessThan(20);
  });

  it('gives the whole time to acknowledge, however long it looked for the event', async () => {
    const fixture = await createFixture({
      readFacts: async () => {
        await fixture.clock.advance(60_000);
        return FACTS;
      },
    });
    await fixture.bus.attach(subscription('s', { ...conditional, ackTimeoutMs: 30_000 }));
    await fixture.publish('a');
    const messages = await fixture.bus.receive('s', NOW);
    expect(messages).toHaveLength(1);
    expect(await fixture.bus.receive('s', NOW)).toEqual([]);
    expect(await fixture.bus.ack('s', receipts(messages))).toEqual({ stale: [] });
  });

  it('tells that the breaker is closed when it is paused or removed while open', async () => {
    const fixture = await createFixture();
    const one = subscription('s', { breaker: { failures: 1 } });
    for (const end of ['pause', 'detach'] as const) {
      await fixture.bus.attach(one);
      await fixture.publish('a');
      await fixture.bus.nack('s', receipts(await fixture.bus.receive('s', { max: 1, waitMs: 0 })), { reason: 'no' });
      await fixture.bus[end]('s');
    }
    expect(fixture.breakers.map(({ to }) => to)).toEqual(['open', 'closed', 'open', 'closed']);
  });

  it('shows every dead letter page by page, also behind entries that were damaged since', async () => {
    const fixture = await createFixture();
    await fixture.bus.attach(subscription('s', { retry: { maxAttempts: 1 }, breaker: { failures: 9 } }));
    await fixture.publish('a', 'b', 'c');
    await fixture.bus.nack('s', receipts(await fixture.bus.receive('s', NOW)), { reason: 'no' });
    await fixture.restart();
    const readLog = fixture.store.readLog.bind(fixture.store);
    fixture.store.readLog = async (from, limit) =>
      (await readLog(from, limit)).map((entry) =>
        entry.position === 1 ? { ...entry, note: new Uint8Array() } : entry,
      );
    const page = await fixture.bus.deadLetters('s', { limit: 1 });
    expect(page.map(({ event }) => event.eventId)).toEqual(['e2']);
  });

  it.each(Array.from({ length: 16 }, (_, turns) => turns))(
    'is not slept through when an event comes %i turns after somebody began to wait for it',
    async (turns) => {
      const fixture = await createFixture();
      const coming: AppendedEntry[] = [];
      fixture.relay = (entries) => void coming.push(...entries);
      await fixture.bus.attach(subscription('s'));
      await fixture.bus.receive('s', NOW);
      await fixture.publish('a');
      let got: string[] = [];
      const waiting = fixture.bus.receive('s', { max: 1, waitMs: 10_000 }).then((messages) => (got = ids(messages)));
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      fixture.bus.relay(coming);
      await fixture.clock.advance(0);
      expect(got).toEqual(['e1']);
      await waiting;
    },
  );

  it('writes down what is acknowledged while something else is being written', async () => {
    const fixture = await createFixture();
    const one = subscription('s');
    await fixture.bus.attach(one);
    await fixture.publish('a', 'b');
    const [first, second] = receipts(await fixture.bus.receive('s', NOW));
    const write = fixture.store.write.bind(fixture.store);
    const disk = Promise.withResolvers<null>();
    fixture.store.write = async (writes) => {
      await disk.promise;
      return write(writes);
    };
    await fixture.bus.ack('s', [first ?? '']);
    await flush(fixture);
    await fixture.bus.ack('s', [second ?? '']);
    disk.resolve(null);
    await flush(fixture);
    await fixture.restart(one);
    expect(await fixture.bus.receive('s', NOW)).toEqual([]);
  });
});

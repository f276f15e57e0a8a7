/** Acts on a subscription that meet: pause and resume, removal and what is still being written, a long look and the clock. */
import { describe, expect, it } from 'vitest';
import type { DeliveryFacts } from '../../../../core/events/index.ts';
import type { AppendedEntry } from '../../../../core/ledger/index.ts';
import { close, createWorld, flush, ids, NOW, receipts, subscription } from './bus-world.ts';

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

describe('acts on a subscription that meet', () => {
  it('delivers on when it is resumed while its pause still waits for a function', async () => {
    const ends: (() => void)[] = [];
    const total = (): Promise<void> => new Promise((end) => void ends.push(end));
    const world = await createWorld({ functions: { total } });
    const one = subscription('s', { target: { kind: 'function', name: 'total' } });
    await world.bus.attach(one);
    await world.publish('a');
    await world.clock.advance(0);
    const pausing = world.bus.pause('s');
    await world.clock.advance(0);
    const resuming = world.bus.attach(one);
    ends[0]?.();
    await Promise.all([pausing, resuming]);
    await world.publish('b');
    await world.clock.advance(0);
    expect(ends).toHaveLength(2);
    ends[1]?.();
    await close(world);
  });

  it('leaves nothing behind when it is removed while a failure waits to be written down', async () => {
    const { readFacts, hold, release } = heldFacts();
    const world = await createWorld({ readFacts });
    await world.bus.attach(subscription('s', conditional));
    await world.publish('a', 'b');
    const [first] = await world.bus.receive('s', { max: 1, waitMs: 0 });
    hold();
    const looking = world.bus.receive('s', NOW);
    const failing = world.bus.nack('s', [first?.receipt ?? ''], { reason: 'no' });
    const removing = world.bus.detach('s');
    await world.clock.advance(0);
    release();
    await Promise.all([looking, failing, removing]);
    await flush(world);
    for (const pk of ['main#retry#s', 'main#dead#s', 'main#note#s', 'main#cursor'])
      expect(await world.store.list(pk, { limit: 9 })).toEqual([]);
  });

  it('does not give a removed subscription its place back with a write that is tried again', async () => {
    const world = await createWorld();
    const one = subscription('s');
    await world.bus.attach(one);
    await world.publish('a', 'b');
    const write = world.store.write.bind(world.store);
    world.store.write = () => Promise.reject(new Error('disk full'));
    await world.bus.ack('s', receipts(await world.bus.receive('s', NOW)));
    await flush(world);
    world.store.write = write;
    expect(world.errors).toContainEqual(new Error('disk full'));
    await world.bus.detach('s');
    await flush(world);
    await world.bus.attach(one);
    expect(ids(await world.bus.receive('s', NOW))).toEqual(['e1', 'e2']);
  });

  it('does not go on through a long history when it is paused', async () => {
    const { readFacts, hold, release } = heldFacts();
    let looked = 0;
    const counted = (): Promise<DeliveryFacts> => {
      looked += 1;
      return readFacts();
    };
    const world = await createWorld({ readFacts: counted });
    await world.bus.attach(subscription('s', { mode: 'conditional', when: { permissions: ['reads'] } }));
    await world.publish(...Array.from({ length: 20 }, () => 'a'));
    hold();
    const looking = world.bus.receive('s', { max: 1, waitMs: 0 });
    const pausing = world.bus.pause('s');
    await world.clock.advance(0);
    release();
    expect(await looking).toEqual([]);
    await pausing;
    expect(looked).toBeLessThan(20);
  });

  it('gives the whole time to acknowledge, however long it looked for the event', async () => {
    const world = await createWorld({
      readFacts: async () => {
        await world.clock.advance(60_000);
        return FACTS;
      },
    });
    await world.bus.attach(subscription('s', { ...conditional, ackTimeoutMs: 30_000 }));
    await world.publish('a');
    const messages = await world.bus.receive('s', NOW);
    expect(messages).toHaveLength(1);
    expect(await world.bus.receive('s', NOW)).toEqual([]);
    expect(await world.bus.ack('s', receipts(messages))).toEqual({ stale: [] });
  });

  it('tells that the breaker is closed when it is paused or removed while open', async () => {
    const world = await createWorld();
    const one = subscription('s', { breaker: { failures: 1 } });
    for (const end of ['pause', 'detach'] as const) {
      await world.bus.attach(one);
      await world.publish('a');
      await world.bus.nack('s', receipts(await world.bus.receive('s', { max: 1, waitMs: 0 })), { reason: 'no' });
      await world.bus[end]('s');
    }
    expect(world.breakers.map(({ to }) => to)).toEqual(['open', 'closed', 'open', 'closed']);
  });

  it('shows every dead letter page by page, also behind entries that were damaged since', async () => {
    const world = await createWorld();
    await world.bus.attach(subscription('s', { retry: { maxAttempts: 1 }, breaker: { failures: 9 } }));
    await world.publish('a', 'b', 'c');
    await world.bus.nack('s', receipts(await world.bus.receive('s', NOW)), { reason: 'no' });
    await world.restart();
    const readLog = world.store.readLog.bind(world.store);
    world.store.readLog = async (from, limit) =>
      (await readLog(from, limit)).map((entry) =>
        entry.position === 1 ? { ...entry, note: new Uint8Array() } : entry,
      );
    const page = await world.bus.deadLetters('s', { limit: 1 });
    expect(page.map(({ event }) => event.eventId)).toEqual(['e2']);
  });

  it.each(Array.from({ length: 16 }, (_, turns) => turns))(
    'is not slept through when an event comes %i turns after somebody began to wait for it',
    async (turns) => {
      const world = await createWorld();
      const coming: AppendedEntry[] = [];
      world.relay = (entries) => void coming.push(...entries);
      await world.bus.attach(subscription('s'));
      await world.bus.receive('s', NOW);
      await world.publish('a');
      let got: string[] = [];
      const waiting = world.bus.receive('s', { max: 1, waitMs: 10_000 }).then((messages) => (got = ids(messages)));
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      world.bus.relay(coming);
      await world.clock.advance(0);
      expect(got).toEqual(['e1']);
      await waiting;
    },
  );

  it('writes down what is acknowledged while something else is being written', async () => {
    const world = await createWorld();
    const one = subscription('s');
    await world.bus.attach(one);
    await world.publish('a', 'b');
    const [first, second] = receipts(await world.bus.receive('s', NOW));
    const write = world.store.write.bind(world.store);
    const disk = Promise.withResolvers<null>();
    world.store.write = async (writes) => {
      await disk.promise;
      return write(writes);
    };
    await world.bus.ack('s', [first ?? '']);
    await flush(world);
    await world.bus.ack('s', [second ?? '']);
    disk.resolve(null);
    await flush(world);
    await world.restart(one);
    expect(await world.bus.receive('s', NOW)).toEqual([]);
  });
});

/**
 * The outbox: what was acknowledged reaches EventBridge, whatever breaks between. Every write on the way is broken before it
 * is applied and after, the process is killed between any two, and the sweeper must make up for it.
 */
import { describe, expect, it } from 'vitest';
import { EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { mockClient } from 'aws-sdk-client-mock';
import type { IsoInstant, ChainHash } from '../../../../core/brands/index.ts';
import { putEvents } from '../../../../adapters/aws/bus/put-events.ts';
import { placeKey, type RecordedPlace } from '../../../../adapters/aws/relay/relay-marks.ts';
import { Relay } from '../../../../adapters/aws/relay/relay.ts';
import { sweepOutbox, type SweepReport } from '../../../../adapters/aws/relay/sweep-outbox.ts';
import {
  CountingIds,
  ImpatientClock,
  localSealer,
  memoryRootSigner,
  MemoryStore,
} from '../../../../adapters/memory/index.ts';
import type { DeliveredEvent } from '../../../../core/events/index.ts';
import { createAppender } from '../../../../core/ledger/index.ts';
import { checked } from '../../../support/checked.ts';

const LATER_MS = 120_000;

type Answer = { ErrorCode?: string; EventId?: string };

/** EventBridge that keeps what it took, and fails as it is told to. */
class FakeEventBridge {
  readonly calls: PutEventsRequestEntry[][] = [];
  readonly taken: DeliveredEvent[] = [];
  /** decides about an entry; undefined: taken */
  refuse: (event: DeliveredEvent, call: number) => string | undefined = () => undefined;
  before: () => void = () => undefined;
  after: () => void = () => undefined;
  readonly client = new EventBridgeClient({ region: 'us-east-1' });

  constructor() {
    mockClient(this.client)
      .on(PutEventsCommand)
      .callsFake(({ Entries }: { Entries: PutEventsRequestEntry[] }) => {
        this.before();
        this.calls.push(Entries);
        const answers = Entries.map((entry): Answer => {
          const event = JSON.parse(entry.Detail ?? '') as DeliveredEvent;
          const ErrorCode = this.refuse(event, this.calls.length);
          if (ErrorCode === undefined) this.taken.push(event);
          return ErrorCode === undefined ? { EventId: 'x' } : { ErrorCode };
        });
        this.after();
        return { FailedEntryCount: answers.filter((one) => one.ErrorCode !== undefined).length, Entries: answers };
      });
  }
}

class Marks {
  readonly places = new Set<string>();
  before: () => void = () => undefined;
  after: () => void = () => undefined;

  async write(places: readonly RecordedPlace[]): Promise<void> {
    this.before();
    for (const place of places) this.places.add(placeKey(place));
    this.after();
  }

  async read(): Promise<ReadonlySet<string>> {
    return this.places;
  }
}

function createFixture() {
  const [store, clock, ids, errors] = [
    new MemoryStore({ exclusive: false }),
    new ImpatientClock(),
    new CountingIds(),
    [],
  ];
  const [bridge, marks] = [new FakeEventBridge(), new Marks()];
  const onError = (error: unknown): void => void (errors as unknown[]).push(error);
  const common = { client: bridge.client, busPrefix: 'nervous', ledger: 'main', clock, ids };
  const relay = new Relay({ ...common, marks, onError });
  const told = { relay: true };
  const appender = createAppender({
    ...{ ledger: 'main', origin: 'test/main', store, sealer: localSealer, clock, ids },
    rootSigner: memoryRootSigner('test/main'),
    onCommit: (entries) => {
      if (told.relay) relay.add(entries);
    },
  });
  let published = 0;
  return {
    ...{ store, clock, errors: errors as unknown[], bridge, marks, told },
    /** @returns the id, or undefined: it was not acknowledged */
    publish: async (entity = 'e', payload = {}, metadata?: object): Promise<string | undefined> => {
      const idem = `event-${++published}`;
      const data = { topic: 'orders.new', version: 1, source: 'shop', payload, ...(metadata && { metadata }) };
      const draft = { type: 'event', actor: { kind: 'module', id: 'shop' }, idem, data } as never;
      const result = await appender
        .append({ entries: [{ chain: entity, draft, idemKey: idem }] })
        .catch(() => undefined);
      await relay.flush();
      return result === undefined ? undefined : idem;
    },
    sweep: async (): Promise<SweepReport> => {
      await clock.advance(LATER_MS);
      return sweepOutbox({ ...common, marks, items: store, entries: store, onError }, Infinity);
    },
    takenIds: () => bridge.taken.map(({ eventId }) => eventId),
  };
}

describe('relay', () => {
  it('hands over events in the shape filters are written against, marks them, and never knows a log index', async () => {
    const fixture = createFixture();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await fixture.publish('e', { n: 1 }, { traceparent });
    expect(fixture.bridge.calls).toHaveLength(1);
    expect(fixture.bridge.calls[0]?.[0]).toMatchObject({
      EventBusName: 'nervous-orders',
      Source: 'nervous.main.shop',
      DetailType: 'orders.new',
      TraceHeader: 'Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=b7ad6b7169203331;Sampled=1',
    });
    expect(fixture.bridge.taken[0]).toMatchObject({
      eventId: 'event-1',
      payload: { n: 1 },
      ledger: { entity: 'e', seq: 0 },
    });
    expect(fixture.bridge.taken[0]?.ledger).not.toHaveProperty('position');
    expect([...fixture.marks.places]).toEqual(['e#0']);
    expect(await fixture.sweep()).toEqual({ relayed: 0, lagSeconds: 0, stuck: 0, reachedEnd: true });
  });

  it('keeps within 10 entries and 256 KiB a call', async () => {
    const bridge = new FakeEventBridge();
    const deps = {
      client: bridge.client,
      busPrefix: 'n',
      ledger: 'main',
      clock: new ImpatientClock(),
      ids: new CountingIds(),
    };
    const event = (text: string, seq: number): DeliveredEvent => ({
      ...{
        eventId: `e${seq}`,
        topic: 'orders.new',
        version: 1,
        timestamp: checked<IsoInstant>('2026-11-21T09:00:00.000Z'),
        entityId: 'e',
      },
      ...{ source: 'shop', payload: { text }, ledger: { entity: 'e', seq, hash: checked<ChainHash>(`${seq}`) } },
    });
    await putEvents(
      deps,
      Array.from({ length: 23 }, (_, i) => event('', i)),
    );
    expect(bridge.calls.map((call) => call.length)).toEqual([10, 10, 3]);
    bridge.calls.length = 0;
    await putEvents(
      deps,
      Array.from({ length: 9 }, (_, i) => event('é'.repeat(30_000), i)),
    );
    expect(bridge.calls.map((call) => call.length)).toEqual([4, 4, 1]);
  });

  it('tries refused entries again, alone, and gives up on what does not pass', async () => {
    const fixture = createFixture();
    fixture.bridge.refuse = (_, call) => (call < 3 ? 'ThrottlingException' : undefined);
    await fixture.publish();
    expect(fixture.bridge.calls).toHaveLength(3);
    expect(fixture.marks.places.size).toBe(1);
    fixture.bridge.refuse = () => 'MalformedDetail';
    await fixture.publish();
    expect(fixture.bridge.calls).toHaveLength(4);
    expect(fixture.marks.places.size).toBe(1);
    expect(String(fixture.errors[0])).toMatch(/"event-2" was not relayed, the sweeper will: MalformedDetail/);
  });
});

describe('the outbox sweeper', () => {
  it('V9: steps over what can be handed to nobody, keeps it where auditors look, and relays what is behind it', async () => {
    const fixture = createFixture();
    fixture.told.relay = false;
    await fixture.publish('e', 'nonsense');
    await fixture.publish('e');
    await fixture.clock.advance(LATER_MS);
    expect(await fixture.sweep()).toMatchObject({ relayed: 1, reachedEnd: true });
    expect(fixture.takenIds()).toEqual(['event-2']);
    const [kept, ...others] = await fixture.store.list('main#quarantine', { limit: 10 });
    expect(others).toEqual([]);
    expect(kept?.value).toMatchObject({
      event: { entity: 'e', seq: 0 },
      reason: expect.stringContaining('payload') as string,
    });
  });

  it('leaves young events alone and takes up where it was', async () => {
    const fixture = createFixture();
    fixture.told.relay = false;
    await fixture.publish();
    await fixture.clock.advance(-LATER_MS + 30_000); // the sweep below is 30 s after
    expect(await fixture.sweep()).toMatchObject({ relayed: 0, reachedEnd: true });
    expect(await fixture.sweep()).toMatchObject({ relayed: 1, lagSeconds: 150 });
    expect(await fixture.sweep()).toMatchObject({ relayed: 0, lagSeconds: 0 });
    expect(fixture.takenIds()).toEqual(['event-1']);
  });

  it('relays hundreds of events of a dead process, and stops when time is up', async () => {
    const fixture = createFixture();
    fixture.told.relay = false;
    for (let i = 0; i < 250; i++) await fixture.publish(`e${i % 7}`);
    expect(await fixture.sweep()).toMatchObject({ relayed: 250, reachedEnd: true });
    expect(new Set(fixture.takenIds()).size).toBe(250);
  });

  it('passes over nothing while EventBridge takes nothing', async () => {
    const fixture = createFixture();
    fixture.told.relay = false;
    await fixture.publish();
    fixture.bridge.before = () => {
      throw Object.assign(new Error('no'), { name: 'ServiceUnavailable' });
    };
    await expect(fixture.sweep()).rejects.toThrow(/EventBridge takes no events/);
    fixture.bridge.before = () => undefined;
    expect(await fixture.sweep()).toMatchObject({ relayed: 1 });
  });

  it('holds up no event for one that cannot be relayed, and keeps trying that one', async () => {
    const fixture = createFixture();
    fixture.bridge.refuse = ({ eventId }) => (eventId === 'event-2' ? 'ResourceNotFoundException' : undefined);
    fixture.told.relay = false;
    for (let i = 0; i < 3; i++) await fixture.publish();
    expect(await fixture.sweep()).toMatchObject({ relayed: 2, stuck: 1, reachedEnd: true });
    expect(await fixture.sweep()).toMatchObject({ relayed: 0, stuck: 1 });
    fixture.bridge.refuse = () => undefined;
    expect(await fixture.sweep()).toMatchObject({ relayed: 1, stuck: 0 });
    expect(await fixture.sweep()).toMatchObject({ relayed: 0, stuck: 0, lagSeconds: 0 });
    expect(fixture.takenIds().sort()).toEqual(['event-1', 'event-2', 'event-3']);
  });
});

describe('fault table of publish → relay → mark', () => {
  const once = (fail: () => void): (() => void) => {
    let left = 1;
    return () => {
      if (left-- > 0) fail();
    };
  };
  const broken = (): never => {
    throw Object.assign(new Error('broken'), { name: 'TimeoutError' });
  };
  type Fixture = ReturnType<typeof createFixture>;
  /** what breaks → whether the event comes twice at most */
  const faults: readonly (readonly [string, (fixture: Fixture) => void])[] = [
    ['entry not persisted', (fixture) => void (fixture.store.faults.before = once(broken))],
    ['entry persisted, but the write failed', (fixture) => void (fixture.store.faults.after = once(broken))],
    ['killed after the entry', (fixture) => void (fixture.told.relay = false)],
    ['PutEvents not taken', (fixture) => void (fixture.bridge.before = once(broken))],
    ['PutEvents taken, but the call failed', (fixture) => void (fixture.bridge.after = once(broken))],
    ['killed after PutEvents; mark not persisted', (fixture) => void (fixture.marks.before = once(broken))],
    ['mark persisted, but the write failed', (fixture) => void (fixture.marks.after = once(broken))],
  ];

  it.each(faults)('%s: nothing acknowledged is lost', async (_, breakIt) => {
    const fixture = createFixture();
    await fixture.publish('other');
    breakIt(fixture);
    const id = await fixture.publish();
    fixture.told.relay = true;
    const next = await fixture.publish();
    await fixture.sweep();
    const relayed = fixture.takenIds();
    for (const acknowledged of [id, next].filter((one) => one !== undefined)) expect(relayed).toContain(acknowledged);
    const recorded = fixture.store.log.filter(({ chain }) => chain === 'e').length;
    expect(new Set(relayed.filter((one) => one !== 'event-1')).size).toBe(recorded);
    expect(relayed.length).toBeLessThanOrEqual(recorded + 2); // doubled at most once
    expect(await fixture.sweep()).toMatchObject({ relayed: 0 });
  });

  it('a sweeper that dies before it moves its cursor relays again at most what it had relayed unmarked', async () => {
    const fixture = createFixture();
    fixture.told.relay = false;
    await fixture.publish();
    fixture.store.faults.before = once(broken); // the cursor
    await expect(fixture.sweep()).rejects.toThrow('broken');
    await fixture.sweep();
    expect(fixture.takenIds()).toEqual(['event-1']);
  });
});

/** A bus over a ledger in memory, with a clock that stands still: subscriptions are attached to it as core stores them. */
import type { IsoInstant } from '../../../../core/brands/index.ts';
import { InProcessBus, type InProcessBusOptions } from '../../../../adapters/embedded/bus/in-process-bus.ts';
import {
  CountingIds,
  FakeClock,
  localSealer,
  memoryRootSigner,
  MemoryStore,
} from '../../../../adapters/memory/index.ts';
import {
  parseSubscriptionInput,
  type BreakerChange,
  type ReceivedMessage,
  type Subscription,
} from '../../../../core/events/index.ts';
import { createAppender, type AppendedEntry, type Appender } from '../../../../core/ledger/index.ts';
import { checked } from '../../../support/checked.ts';

export const NOW = { max: 100, waitMs: 0 };
const rootSigner = memoryRootSigner('ledger.test/main');

export interface Fixture {
  readonly store: MemoryStore;
  readonly clock: FakeClock;
  readonly errors: unknown[];
  readonly breakers: BreakerChange[];
  bus: InProcessBus;
  /** what the appender tells; a test may cut the line */
  relay: (entries: readonly AppendedEntry[]) => void;
  /** One event for each entity, numbered from 1 on: `e1` is the first; every fifth has another topic. */
  readonly publish: (...entities: string[]) => Promise<void>;
  readonly publishWith: (entity: string, metadata: Draft['data']) => Promise<void>;
  /** the process dies and starts again: memory is lost, the store stays */
  readonly restart: (...subscriptions: Subscription[]) => Promise<void>;
}

type Draft = Parameters<Appender['append']>[0]['entries'][number]['draft'];

export async function createFixture(
  options: Partial<Pick<InProcessBusOptions, 'functions' | 'mayRead' | 'readFacts' | 'webhooks' | 'onWebhook'>> = {},
): Promise<Fixture> {
  const [store, clock, ids, errors] = [new MemoryStore(), new FakeClock(), new CountingIds(), new Array<unknown>()];
  const breakers: BreakerChange[] = [];
  const openBus = async (): Promise<InProcessBus> => {
    const bus = new InProcessBus({
      ...{ ledger: 'main', entries: store, items: store, clock, ids, onError: (error) => void errors.push(error) },
      mayRead: () => true,
      ...options,
      onBreaker: (change) => void breakers.push(change),
    });
    await bus.open();
    return bus;
  };
  let published = 0;
  const append = (chain: string, metadata?: Draft['data']): Promise<unknown> =>
    appender.append({ entries: [{ chain, draft: draft(++published, metadata) }] });
  const fixture: Fixture = {
    ...{ store, clock, errors, breakers, bus: await openBus(), relay: (entries) => fixture.bus.relay(entries) },
    publish: async (...entities) => {
      for (const chain of entities) await append(chain);
    },
    publishWith: async (chain, metadata) => {
      await append(chain, metadata);
    },
    restart: async (...subscriptions) => {
      fixture.bus = await openBus();
      for (const subscription of subscriptions) await fixture.bus.attach(subscription);
    },
  };
  const appender: Appender = createAppender({
    ...{ ledger: 'main', origin: 'ledger.test/main', store, sealer: localSealer, rootSigner, clock, ids },
    onCommit: (entries) => fixture.relay(entries),
  });
  return fixture;
}

function draft(n: number, metadata?: Draft['data']): Draft {
  const topic = n % 5 === 0 ? 'other.topic' : 'orders.new';
  const data = { topic, version: 1, source: 'shop', payload: { n }, ...(metadata === undefined ? {} : { metadata }) };
  return { type: 'event', actor: { kind: 'module', id: 'shop' }, idem: `e${n}`, data };
}

export function subscription(id: string, input: Record<string, unknown> = {}, from = 0): Subscription {
  const parsed = parseSubscriptionInput({ topics: ['*'], startAt: 'earliest', ...input });
  const { filter, ...settings } = parsed;
  const rest = {
    module: 'm',
    status: 'active' as const,
    createdAt: checked<IsoInstant>('2026-11-21T09:00:00.000Z'),
    from,
  };
  return { ...settings, ...(filter && { filter }), ...rest, id };
}

export const ids = (messages: readonly ReceivedMessage[]): string[] => messages.map(({ event }) => event.eventId);
export const receipts = (messages: readonly ReceivedMessage[]): string[] => messages.map(({ receipt }) => receipt);
export const flush = (fixture: Fixture): Promise<void> => fixture.clock.advance(100);
/** What is not written down yet is written after a moment. */
export const close = async (fixture: Fixture): Promise<void> => {
  const closed = fixture.bus.close();
  await flush(fixture);
  await closed;
};

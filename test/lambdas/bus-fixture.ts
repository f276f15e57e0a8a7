/** A ledger in memory with published events, for the bus functions' tests. */
import type { IsoInstant, ChainHash } from '../../core/brands/index.ts';
import {
  CountingIds,
  ImpatientClock,
  localSealer,
  memoryRootSigner,
  MemoryStore,
} from '../../adapters/memory/index.ts';
import {
  parseSubscriptionInput,
  type DeliveredEvent,
  type Subscription,
  type SubscriptionInput,
} from '../../core/events/index.ts';
import { createAppender, type ItemWrite } from '../../core/ledger/index.ts';
import { checked } from '../support/checked.ts';

export function createBusFixture() {
  const [store, clock, ids] = [new MemoryStore({ exclusive: false }), new ImpatientClock(), new CountingIds()];
  const appender = createAppender({
    ...{ ledger: 'main', origin: 'test/main', store, sealer: localSealer, clock, ids },
    rootSigner: memoryRootSigner('test/main'),
  });
  let published = 0;
  return {
    ...{ store, clock, ids },
    positions: {
      positionOf: async (chain: string, seq: number): Promise<number | undefined> =>
        store.log.find((entry) => entry.chain === chain && entry.seq === seq)?.position,
    },
    publish: async (entity = 'e', topic = 'orders.new'): Promise<DeliveredEvent> => {
      const idem = `event-${++published}`;
      const data = { topic, version: 1, source: 'shop', payload: {} };
      const draft = { type: 'event', actor: { kind: 'module', id: 'shop' }, idem, data } as const;
      const result = await appender.append({ entries: [{ chain: entity, draft, idemKey: idem }] });
      const { seq = 0, hash = '', at = '' } = result.kind === 'appended' ? (result.entries[0] ?? {}) : {};
      return {
        ...data,
        eventId: idem,
        timestamp: checked<IsoInstant>(at),
        entityId: entity,
        ledger: { entity, seq, hash: checked<ChainHash>(hash) },
      };
    },
  };
}

export function subscriptionFor(id: string, input: SubscriptionInput): Subscription {
  const { filter, ...settings } = parseSubscriptionInput(input);
  return {
    ...{
      ...settings,
      id,
      module: 'm',
      status: 'active',
      createdAt: checked<IsoInstant>('2026-11-21T09:00:00.000Z'),
      from: 0,
    },
    ...(filter === undefined ? {} : { filter }),
  };
}

/** As core stores it. */
export function storedSubscription(id: string, input: SubscriptionInput, more: Partial<Subscription> = {}): ItemWrite {
  const value = { ...subscriptionFor(id, input), ...more } as never;
  return { kind: 'put', key: { pk: 'main#subscription', sk: id }, value, expect: 'any' };
}

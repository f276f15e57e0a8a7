/** A feed over a store in memory, with publishers, a clock that moves when told, and a count of what is read. */
import * as z from 'zod';
import { CountingIds, FakeClock, localSealer, memoryRootSigner, MemoryStore } from '../../../adapters/memory/index.ts';
import { createCatalog, createPublish, type EventInput } from '../../../core/events/index.ts';
import { createAppender, type LoggedEntry } from '../../../core/ledger/index.ts';
import { createPolicy, type Principal } from '../../../core/policy/index.ts';
import { createFeed, createLogIndex, type Feed, type FeedBatch } from '../../../core/system/index.ts';
import { config } from '../../api/test-system.ts';

const TOPICS = {
  'transactions.new': { description: 'money moved', versions: { 1: z.object({}) } },
  'budget.updated': { description: 'a budget changed', versions: { 1: z.object({}) } },
};

export interface FeedFixture {
  readonly feed: Feed;
  readonly clock: FakeClock;
  readonly store: MemoryStore;
  /** where each read of the log began */
  readonly reads: number[];
  readonly as: (id: string) => Principal;
  /** Records events as `ann`, who may publish everything; resolves when the feed was told. */
  publish(...events: Partial<EventInput>[]): Promise<void>;
}

export interface FeedFixtureOptions {
  readonly exclusive?: boolean;
  readonly incarnations?: readonly number[];
  readonly perPrincipal?: number;
  readonly clock?: FakeClock;
}

export function feedFixture(options: FeedFixtureOptions = {}): FeedFixture {
  const { exclusive = true, incarnations = [], perPrincipal = 100, clock = new FakeClock() } = options;
  const { ledger, origin, roster, modules } = config;
  const rights = { publishes: ['*'], subscribes: [], reads: [], proposes: [], reveals: [], overrides: [] };
  const policy = createPolicy(
    { ...roster, roles: { ...roster.roles, owner: { ...roster.roles['owner'], ...rights } } },
    modules,
  );
  const as = (id: string): Principal => policy.principal(id) as Principal;
  const store = new MemoryStore({ exclusive });
  const reads: number[] = [];
  const entries = Object.create(store, {
    readLog: {
      value: (from: number, limit: number): Promise<readonly LoggedEntry[]> => {
        reads.push(from);
        return store.readLog(from, limit);
      },
    },
  }) as MemoryStore;
  const index = createLogIndex({ ledger, entries, items: store, clock });
  const { feed, wake } = createFeed({ entries, policy, clock, incarnations, streams: { perPrincipal }, index });
  const ids = new CountingIds();
  const appender = createAppender({
    ...{ ledger, origin, store, sealer: localSealer, rootSigner: memoryRootSigner(origin), clock, ids },
    onCommit: exclusive ? wake : () => {}, // another process would not tell
  });
  const publish = createPublish({ appender, catalog: createCatalog(TOPICS), policy, ids });
  return {
    ...{ feed, clock, store, reads, as },
    publish: async (...events) => {
      const full = events.map((event) => ({ topic: 'transactions.new', entityId: 'account:1', payload: {}, ...event }));
      for (let i = 0; i < full.length; i += 100) {
        const results = await publish(as('ann'), full.slice(i, i + 100));
        const refused = results.find(({ status }) => status !== 'accepted');
        if (refused !== undefined) throw new Error(JSON.stringify(refused));
      }
    },
  };
}

/** Everything that a stream has given, as it gives it, until it ends. */
export function collect(batches: AsyncIterable<FeedBatch>): {
  readonly batches: FeedBatch[];
  readonly ids: () => string[];
  readonly done: Promise<void>;
} {
  const seen: FeedBatch[] = [];
  const done = (async (): Promise<void> => {
    for await (const batch of batches) seen.push(batch);
  })();
  return { batches: seen, done, ids: () => seen.flatMap(({ items }) => items.map(({ event }) => event.eventId)) };
}

/**
 * A façade for tests of the HTTP contract: real publishing, subscriptions, change-sets, policy and catalog over a store in
 * memory; what delivers, reads and verifies is played, and every call of the façade is written down.
 */
import { z } from 'zod';
import {
  CountingIds,
  FakeClock,
  localSealer,
  memoryRootSigner,
  MemoryLog,
  MemoryStore,
  type FaultHooks,
} from '../../adapters/memory/index.ts';
import type { IsoInstant } from '../../core/brands/index.ts';
import { toHex } from '../../core/canonical/index.ts';
import { createChangeAudience, createChanges, createPolicyUseCases } from '../../core/changes/index.ts';
import {
  createCatalog,
  createGuards,
  createIngress,
  createPublish,
  createQuarantine,
  createReveal,
  createSubscriptions,
  createVault,
  createWebhooks,
  deliveredEvent,
  EventError,
  SYSTEM_TOPICS,
  type LoggedEvent,
  type EventBus,
  type EventData,
  type FieldKeys,
  type ReceivedMessage,
} from '../../core/events/index.ts';
import {
  createAppender,
  createGatedAppender,
  parseEntry,
  revokeKey,
  type LoggedEntry,
  type VerificationReport,
} from '../../core/ledger/index.ts';
import { BUDGET_NAMES, budgetsSchema, type BudgetLimits } from '../../core/guard/index.ts';
import { createWork } from '../../core/work/index.ts';
import { createPolicy, PolicyError, type AccessPolicy, type Principal } from '../../core/policy/index.ts';
import {
  createAccessJournal,
  createEntryPoint,
  createMapView,
  createFeed,
  createPublicLog,
  defineConfig,
  Metrics,
  SystemError,
  type EntryView,
  type NervousSystem,
  type Passage,
} from '../../core/system/index.ts';
import { checked } from '../support/checked.ts';
import { timeOfMoment } from '../../core/values/index.ts';
import { documentAt } from '../../core/system/verify/document-at.ts';
import { createAccesses } from '../../core/system/feed/list-accesses.ts';
import { createOpenStreams } from '../../core/system/feed/open-streams.ts';
import { createNoticeAudience } from '../../core/system/notices/notice-audience.ts';
import { createNoticePreferences } from '../../core/system/notices/notice-preferences.ts';
import { createNoticeStore } from '../../core/system/notices/notice-store.ts';
import { createNotices } from '../../core/system/notices/notices.ts';
import { fixedGovernance } from '../support/fixed-governance.ts';

const rights = { publishes: ['transactions.*'], subscribes: ['*'], reads: ['*'], proposes: ['account:*'] };

export const config = defineConfig({
  ledger: 'main',
  origin: 'ledger.test/main',
  topics: {
    'transactions.new': {
      description: 'money moved',
      versions: { 1: z.strictObject({ amount: z.string().regex(/^-?\d+\.\d\d$/) }) },
    },
    'budget.updated': { description: 'a budget changed', versions: { 1: z.strictObject({}) } },
  },
  modules: { ledgerist: rights, outsider: {} },
  roster: {
    roles: {
      ...{ owner: rights, risk: rights, auditor: {}, oncall: { overrides: ['account:*'] } },
      secure: { reveals: ['account:*'], claims: ['*'], steals: ['*'] },
    },
    people: [
      { personId: 'ann', name: 'Ann', accounts: ['ann'], roles: ['owner'] },
      { personId: 'rita', name: 'Rita', accounts: ['rita'], roles: ['risk'] },
      { personId: 'aud', name: 'Aud', accounts: ['aud'], roles: ['auditor'] },
      { personId: 'olga', name: 'Olga', accounts: ['olga'], roles: ['owner', 'oncall'] },
      { personId: 'sec', name: 'Sec', accounts: ['sec'], roles: ['owner', 'secure', 'auditor'] },
    ],
    agents: [{ id: 'advisor', owner: 'ann', logic: 'advisor@1', rights }],
  },
  risk: {
    version: '1',
    rules: [{ name: 'all', when: { reversible: [true] }, level: 'L2', roles: ['owner', 'risk'], approvals: 2 }],
  },
  operations: {},
});

/** Tests of the contract ask for more than anybody in his right mind. */
const PLENTY = budgetsSchema.parse({
  ...Object.fromEntries(BUDGET_NAMES.map((name) => [name, 'unlimited'])),
  heavyAtOnce: { perPrincipal: 100, all: 100 },
});

const OK: VerificationReport = {
  verdict: 'OK',
  entries: 3,
  chains: 2,
  checked: ['links'],
  notChecked: ['the Merkle log'],
};

export interface TestSystem {
  readonly system: NervousSystem;
  readonly store: MemoryStore;
  readonly clock: FakeClock;
  /** through the entry point, in order */
  readonly passages: readonly Passage[];
  readonly metrics: Metrics;
  readonly log: MemoryLog;
  /** `publish`, `subscriptions.ack`, … with the arguments after the principal */
  readonly calls: { readonly name: string; readonly args: readonly unknown[] }[];
  /** what the subscription's queue holds; received in this order */
  readonly queue: ReceivedMessage[];
  readonly as: (id: string) => Principal;
}

export async function createTestSystem(
  faults: FaultHooks = {},
  budgets: BudgetLimits = PLENTY,
  access?: AccessPolicy,
): Promise<TestSystem> {
  const store = new MemoryStore({ faults });
  const log = new MemoryLog();
  const parts = partsOf(store);
  const calls: TestSystem['calls'] = [];
  const queue: ReceivedMessage[] = [];
  const policy = createPolicy(config.roster, config.modules);
  const governance = fixedGovernance(policy, config.risk, config.modules);
  const { appender, clock, ids, catalog, ledger } = parts;
  const shared = { ledger, items: store, entries: store, policy, clock, ids };
  const vault = createVault({ ledger, items: store, keys: plainKeys, randomBytes: (length) => ids.bytes(length) });
  const guards = createGuards({
    ...{ ...shared, appender, catalog, protection: config.protection, isAlone: true },
    onError: (error) => {
      throw error;
    },
  });
  const metrics = new Metrics(clock);
  const passages: Passage[] = [];
  const system: NervousSystem = {
    ...{ config, policy, catalog },
    publish: createPublish({
      appender,
      catalog,
      policy,
      ids,
      vault,
      guard: guards,
      claims: { ledger, entries: store },
    }),
    work: createWork({ ...shared, appender }),
    guards,
    reveal: createReveal({ appender, entries: store, policy, ids, vault }),
    ingest: createIngress({
      ...{ ledger, rules: config.ingress, policy },
      publish: createPublish({ appender, catalog, policy, ids }),
      quarantine: createQuarantine(shared),
    }),
    quarantined: async (principal, options) => {
      if (!policy.isAuditor(principal)) throw new PolicyError({ code: 'FORBIDDEN', message: 'auditors only' });
      return createQuarantine(shared).list(options);
    },
    changes: createChanges({ ...shared, appender, governance }),
    governing: createPolicyUseCases({ ...shared, appender, governance }),
    refreshPolicy: () => governance.refresh(),
    revokeKey: async (principal, key, reason) => {
      if (!policy.isAuditor(principal)) throw new PolicyError({ code: 'FORBIDDEN', message: 'auditors only' });
      const actor = { kind: principal.kind, id: principal.id };
      return revokeKey({ appender: createGatedAppender(appender), entries: store }, { key, reason, actor });
    },
    subscriptions: createSubscriptions({ ...shared, catalog, bus: playedBus(queue), perPrincipal: 100 }),
    webhooks: createWebhooks({
      ...{ ...shared, appender, secrets: undefined, bus: undefined, root: memoryRootSigner('ledger.test/main') },
      subscriptions: createSubscriptions({ ...shared, catalog, bus: playedBus(queue), perPrincipal: 100 }),
    }),
    ...reading(store, policy),
    notices: createNotices({
      store: createNoticeStore(ledger, store),
      audience: createNoticeAudience(createChangeAudience({ ...shared, governance }), policy),
      ...{ clock, streams: createOpenStreams(100), pollMs: 10_000 },
      preferences: createNoticePreferences({ entries: store, policy, appender, ids, vault, allowed: new Set() }),
    }).notices,
    map: createMapView({ entries: store, policy, config, subscriptions: () => system.subscriptions.all() }),
    log: createPublicLog({ entries: store, files: log.logFiles, policy }),
    initialize: async () => {},
    accesses: createAccesses({ entries: store, policy, clock }),
    execute: createEntryPoint({
      journal: createAccessJournal({
        ...{ appender, ids, clock, onError: () => undefined },
        policy: () => access,
      }),
      ...{ policy, clock, budgets, metrics },
      policyVersion: () => 7,
      onPassage: (passage) => passages.push(passage),
    }),
    validate: async () => ({
      ok: true,
      performanceCheck: { ok: true, detail: 'fast' },
      checks: [{ name: 'store', ok: true, detail: 'answers' }],
    }),
    monitor: async () => ({
      ...{ ledger, origin: config.origin, entries: await store.size() },
      operations: {
        ...{ total: 4, succeeded: 2, refused: 1, failed: 1, successRate: 0.5 },
        byUseCase: { publishEvents: { succeeded: 2, refused: 1, failed: 1 } },
      },
      responseTimeMs: { p50: 1.25, p95: 3 },
      countedSince: '2026-01-01T00:00:00.000Z',
      systemThroughput: { operationsPerSecond: 2, eventsPerSecond: 1.5 },
      connectionHealth: { ok: true, openBreakers: 0, connections: { open: 1, limit: 10 } },
      alarms: {
        error_rate_high: { raised: false, detail: 'none' },
        performance_degraded: { raised: false, detail: 'none' },
      },
      published: { accepted: 3, duplicate: 1, rejected: 0 },
      subscriptions: ['ledgerist', 'outsider'].map((module) => ({
        ...{ subscription: `of-${module}`, module, delivered: 1, failed: 0, backlog: 0, inFlight: 0 },
        ...{ retrying: 0, deadLetters: 0 },
      })),
      approvalQueue: {
        ...{ length: 1, oldestAgeMs: 12, escalated: 0, reminders: 0 },
        byLevel: { L2: { length: 1, oldestAgeMs: 12 } },
      },
      reviewQueue: { length: 1, overdue: 0 },
    }),
  };
  const as = (id: string): Principal => {
    const principal = policy.principal(id);
    if (principal === undefined) throw new Error(`no principal "${id}"`);
    return principal;
  };
  return { system: recorded(system, calls), passages, metrics, store, clock, log, calls, queue, as };
}

/** Wraps nothing: what tests look at is who may see what. */
const plainKeys: FieldKeys = { wrap: async (key) => key, unwrap: async (wrapped) => wrapped };

function partsOf(store: MemoryStore): {
  ledger: string;
  clock: FakeClock;
  ids: CountingIds;
  appender: ReturnType<typeof createAppender>;
  catalog: ReturnType<typeof createCatalog>;
} {
  const { ledger, origin } = config;
  const clock = new FakeClock();
  const ids = new CountingIds();
  const rootSigner = memoryRootSigner(origin);
  const appender = createAppender({ ledger, origin, store, sealer: localSealer, rootSigner, clock, ids });
  return { ledger, clock, ids, appender, catalog: createCatalog({ ...config.topics, ...SYSTEM_TOPICS }) };
}

/** Every method call of the façade and of its parts is noted before it is made. */
function recorded(system: NervousSystem, calls: TestSystem['calls']): NervousSystem {
  const note = <T extends object>(part: T, prefix: string): T =>
    new Proxy(part, {
      get: (target, name, receiver): unknown => {
        const value: unknown = Reflect.get(target, name, receiver);
        if (typeof value === 'function' && name !== 'execute')
          return (...args: unknown[]): unknown => {
            calls.push({ name: `${prefix}${String(name)}`, args: args.slice(1) });
            return (value as (...args: unknown[]) => unknown).apply(target, args);
          };
        const isPart = ['subscriptions', 'guards', 'changes', 'entities', 'feed'].includes(String(name));
        return isPart ? note(value as object, `${String(name)}.`) : value;
      },
    });
  return note(system, '');
}

function playedBus(queue: ReceivedMessage[]): EventBus {
  return {
    relay: () => {},
    attach: async () => {},
    change: async () => {},
    pause: async () => {},
    detach: async () => {},
    receive: async (_id, { max, waitMs, signal }) => {
      if (queue.length === 0 && waitMs > 0) await aborted(signal);
      return queue.slice(0, max);
    },
    ack: async (_id, receipts) => ({ stale: receipts.filter((one) => !queue.some(({ receipt }) => receipt === one)) }),
    extend: async (_id, receipts) => {
      const isOut = (one: string): boolean => queue.some(({ receipt }) => receipt === one);
      const until = checked<IsoInstant>('2026-01-01T00:00:00.000Z');
      const extended = receipts.filter(isOut).map((was) => ({ was, receipt: `${was}+`, until }));
      return { extended, stale: receipts.filter((one) => !isOut(one)) };
    },
    nack: async (_id, receipts) => ({ stale: receipts.filter((one) => !queue.some(({ receipt }) => receipt === one)) }),
    deadLetters: async (_id, { after = -1, limit }) =>
      queue
        .map(({ event }) => event as LoggedEvent)
        .filter(({ ledger }) => ledger.position > after)
        .slice(0, limit)
        .map((event) => ({
          ...{ position: event.ledger.position, attempts: 5, reason: 'Error: no', diedAt: event.timestamp, event },
        })),
    redrive: async (_id, positions) => positions?.length ?? queue.length,
    trace: async () => [],
    stats: async () => [],
  };
}

function reading(
  store: MemoryStore,
  policy: NervousSystem['policy'],
): Pick<NervousSystem, 'entities' | 'feed' | 'trace' | 'verifyAll'> {
  const events = (): LoggedEvent[] => store.log.flatMap((entry) => eventOf(entry));
  const { feed } = createFeed({ entries: store, policy, clock: new FakeClock(), streams: { perPrincipal: 2 } });
  const chainOf = (principal: Principal, entityId: string): readonly EntryView[] => {
    policy.require(principal, 'reads', entityId);
    const entries = store.log.filter(({ chain }) => chain === entityId).map(viewOf);
    if (entries.length === 0)
      throw new SystemError({ code: 'ENTITY_NOT_FOUND', message: `nothing was recorded for "${entityId}"` });
    return entries;
  };
  return {
    entities: {
      get: async (principal, entityId) => {
        const { seq, hash, body } = chainOf(principal, entityId).at(-1) as EntryView;
        return { entityId, head: { seq, hash, at: body.at }, version: 0 };
      },
      at: async (principal, entityId, { at }) => {
        const headSeq = chainOf(principal, entityId).length - 1;
        const place = 'seq' in at ? at : { time: timeOfMoment(at, new FakeClock().now()) };
        return documentAt(
          { ledger: config.ledger, origin: config.origin, entries: store },
          { entityId, headSeq, at: place },
        );
      },
      entries: async (principal, entityId, { from, limit }) =>
        chainOf(principal, entityId)
          .filter(({ seq }) => seq >= from)
          .slice(0, limit),
      verify: async (principal, entityId) => ({ ...OK, entries: chainOf(principal, entityId).length }),
    },
    feed: {
      read: async (_principal, { after = '0', limit, waitMs, signal }) => {
        if (!/^\d+$/.test(after)) throw new SystemError({ code: 'CURSOR_INVALID', message: 'not a cursor' });
        const page = events().slice(Number(after), Number(after) + limit);
        if (page.length === 0 && waitMs > 0) await aborted(signal);
        const items = page.map((event, i) => ({ event, cursor: String(Number(after) + i + 1) }));
        return { items, cursor: String(Number(after) + page.length) };
      },
      follow: (...args) => feed.follow(...args),
    },
    trace: async (_principal, eventId, source) => {
      const found = events().filter((event) => event.eventId === eventId && (source ?? event.source) === event.source);
      if (found.length > 1) throw new EventError({ code: 'EVENT_AMBIGUOUS', message: 'name the source' });
      const [event] = found;
      if (event === undefined) throw new EventError({ code: 'EVENT_NOT_FOUND', message: `no event "${eventId}"` });
      const deliveries = [{ subscription: 'totals', state: 'delivered' } as const];
      return { event, acceptedAt: event.timestamp, deliveries };
    },
    verifyAll: async (principal, options = {}) => {
      if (!policy.isAuditor(principal)) throw new PolicyError({ code: 'FORBIDDEN', message: 'auditors only' });
      return { ...OK, checked: options.signatures === false ? ['links'] : ['links', 'signatures'] };
    },
  };
}

function viewOf(entry: LoggedEntry): EntryView {
  const parsed = parseEntry(entry.note);
  if (parsed.kind !== 'entry') throw new Error(parsed.reason);
  const { seq, position, hash, note } = entry;
  return { seq, position, hash: toHex(hash), body: parsed.body, note: new TextDecoder().decode(note) };
}

function eventOf(entry: LoggedEntry): LoggedEvent[] {
  const { body, seq, hash } = viewOf(entry);
  if (body.type !== 'event') return [];
  const placed = { entity: entry.chain, seq, hash, position: entry.position };
  return [deliveredEvent({ idem: body.idem, at: body.at, data: body.data as unknown as EventData }, placed)];
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) resolve();
    else signal?.addEventListener('abort', () => resolve(), { once: true });
  });
}

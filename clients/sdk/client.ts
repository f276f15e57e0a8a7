/**
 * The typed client of the HTTP API, the same for every engine. Types flow from the configuration; what is safe to repeat is
 * retried, and made safe where the client can do it (event ids, idempotency keys and nonces are chosen before the first try).
 */
import type {
  BatchResult,
  CatalogView,
  DeadLetterPage,
  EntryPage,
  EventResult,
  PublishedEvent,
  QuarantinePage,
  SubscriptionList,
  VerifyInput,
} from '../../api/index.ts';
import type {
  ChangePage,
  ChangeState,
  ChangeView,
  DecideResult,
  DecisionInput,
  ProposalInput,
  ProposeResult,
  RevisionInput,
} from '../../core/changes/index.ts';
import type { Subscription, SubscriptionInput } from '../../core/events/index.ts';
import type { VerificationReport } from '../../core/ledger/index.ts';
import type {
  EntityView,
  EventTrace,
  MonitorReport,
  NervousConfig,
  ValidationReport,
} from '../../core/system/index.ts';
import { ApiProblem } from './problems.ts';
import { readFeed, type FeedItem, type FeedQuery } from './feed.ts';
import { runSubscription, type RunningSubscription } from './subscriber.ts';
import { createTransport, type Transport, type TransportOptions } from './transport.ts';
import type { PublishInput, TopicGlob, TopicsMatching, TypedEvent } from './typed-events.ts';

export interface SubscribeOptions<Glob extends string = string> extends Omit<SubscriptionInput, 'topics'> {
  /** with an id the subscription and its position outlive the process; without one each call makes a new one */
  readonly id?: string;
  readonly topics: readonly Glob[];
}

export interface RunOptions {
  /** aborted: as stop() */
  readonly signal?: AbortSignal;
  /** messages held at once, 1-1000, default 100 */
  readonly batchSize?: number;
  /** s one poll waits for messages, 0-20, default 20 */
  readonly waitSeconds?: number;
}

export interface ChangeSetQuery {
  readonly status?: ChangeState;
  readonly entity?: string;
  /** only what the caller could still decide on */
  readonly for?: 'me';
  readonly after?: string;
  readonly limit?: number;
}

/** Every method throws ApiProblem when it is refused and Unreachable when nobody answers. */
export interface Client<C extends NervousConfig = NervousConfig> {
  /** Resolves when the event is recorded durably. */
  publish(event: PublishInput<C>): Promise<PublishedEvent>;
  /** 1-100 events, one result each, in their order. */
  publishBatch(
    events: readonly PublishInput<C>[],
    options?: { readonly atomic?: boolean },
  ): Promise<readonly EventResult[]>;
  /** Makes the subscription (or finds it) and calls the handler for every event: done when it resolves, again when it throws. */
  subscribe<const Glob extends TopicGlob<C>>(
    options: SubscribeOptions<Glob>,
    handler: (event: TypedEvent<C, TopicsMatching<C, Glob>>) => unknown,
    run?: RunOptions,
  ): Promise<RunningSubscription>;
  feed(query?: FeedQuery): AsyncGenerator<FeedItem<TypedEvent<C>>, void, undefined>;
  trace(eventId: string, options?: { readonly source?: string }): Promise<EventTrace>;

  propose(proposal: ProposalInput, options?: { readonly idempotencyKey?: string }): Promise<ProposeResult>;
  changeSet(id: string): Promise<ChangeView>;
  changeSets(query?: ChangeSetQuery): Promise<ChangePage>;
  revise(id: string, revision: RevisionInput): Promise<ChangeView>;
  /** Decides on exactly the view that was looked at; if anything in it has changed since, the decision is refused. */
  decide(
    change: ChangeView,
    decision: DecisionInput['decision'],
    options?: { readonly reason?: string },
  ): Promise<DecideResult>;
  withdraw(id: string, options?: { readonly reason?: string }): Promise<ChangeView>;
  abort(id: string, reason: string): Promise<ChangeView>;

  entity(id: string): Promise<EntityView>;
  entries(id: string, page?: { readonly from?: number; readonly limit?: number }): Promise<EntryPage>;
  verifyEntity(id: string): Promise<VerificationReport>;
  /** What arrived from outside and could not be taken. Auditors. */
  quarantine(page?: { readonly after?: string; readonly limit?: number }): Promise<QuarantinePage>;
  /** The whole ledger, or what `mode` says. Auditors. */
  verifyAll(options?: VerifyInput): Promise<VerificationReport>;

  subscriptions(): Promise<readonly Subscription[]>;
  unsubscribe(id: string): Promise<void>;
  /** Nothing is delivered until it is resumed, and nothing is lost meanwhile. */
  pause(id: string): Promise<Subscription>;
  resume(id: string): Promise<Subscription>;
  deadLetters(id: string, page?: { readonly after?: number; readonly limit?: number }): Promise<DeadLetterPage>;
  /** @returns how many are due again */
  redrive(id: string, positions?: readonly number[]): Promise<number>;

  health(): Promise<{ readonly status: 'ok' }>;
  state(): Promise<MonitorReport>;
  /** Also when something does not work: the report says what. */
  dependencies(): Promise<ValidationReport>;
  catalog(): Promise<CatalogView>;
}

const DEFAULT_BATCH = 100;
const DEFAULT_WAIT_SECONDS = 20;
/** s verification of a large ledger may take before it counts as unanswered */
const VERIFY_SECONDS = 600;

export function createClient<C extends NervousConfig = NervousConfig>(options: TransportOptions): Client<C> {
  const call = createTransport(options);
  // The catalog's types exist at compile time only; what travels is the same for every configuration.
  return { ...events(call), ...changes(call), ...ledger(call), ...deliveries(call), ...service(call) } as Client<C>;
}

type Group<K extends keyof Client> = Pick<Client, K>;

function events(call: Transport): Group<'publish' | 'publishBatch' | 'subscribe' | 'feed' | 'trace'> {
  const path = '/v1/events';
  return {
    publish: (event) => call({ method: 'POST', path, body: withEventId(event), idempotent: true }),
    publishBatch: async (batch, options = {}) => {
      const body = { events: batch.map(withEventId), ...options };
      return (await call<BatchResult>({ method: 'POST', path, body, idempotent: true })).results;
    },
    subscribe: async (options, handler, run = {}) => {
      const body = { ...options, id: options.id ?? `sdk-${crypto.randomUUID()}` };
      const { id } = await call<Subscription>({ method: 'POST', path: '/v1/subscriptions', body, idempotent: true });
      const { batchSize = DEFAULT_BATCH, waitSeconds = DEFAULT_WAIT_SECONDS, signal } = run;
      return runSubscription({ transport: call, id, handler, batchSize, waitSeconds, signal });
    },
    feed: (query = {}) => readFeed(call, query),
    trace: (eventId, options = {}) =>
      call({ method: 'GET', path: `${path}/${segment(eventId)}`, query: { ...options } }),
  };
}

function changes(
  call: Transport,
): Group<'propose' | 'changeSet' | 'changeSets' | 'revise' | 'decide' | 'withdraw' | 'abort'> {
  const path = '/v1/change-sets';
  const at = (id: string, verb = ''): string => `${path}/${encodeURIComponent(id)}${verb}`;
  return {
    propose: (body, { idempotencyKey = crypto.randomUUID() } = {}) =>
      call({ method: 'POST', path, body, idempotencyKey, idempotent: true }),
    changeSet: (id) => call({ method: 'GET', path: at(id) }),
    changeSets: (query = {}) => call({ method: 'GET', path, query: { ...query } }),
    revise: (id, body) => call({ method: 'POST', path: at(id, '/revisions'), body }),
    decide: async (change, decision, options = {}) => {
      const { id, revision, contentHash, assessmentHash } = change;
      if (assessmentHash === undefined) throw notDecidable(change);
      const body = { revision, contentHash, assessmentHash, decision, nonce: crypto.randomUUID(), ...options };
      return call({ method: 'POST', path: at(id, '/decisions'), body, idempotent: true });
    },
    withdraw: (id, body = {}) => call({ method: 'POST', path: at(id, '/withdraw'), body }),
    abort: (id, reason) => call({ method: 'POST', path: at(id, '/abort'), body: { reason } }),
  };
}

function ledger(call: Transport): Group<'entity' | 'entries' | 'quarantine' | 'verifyEntity' | 'verifyAll'> {
  const at = (id: string, rest = ''): string => `/v1/entities/${segment(id)}${rest}`;
  return {
    entity: (id) => call({ method: 'GET', path: at(id) }),
    entries: (id, page = {}) => call({ method: 'GET', path: at(id, '/entries'), query: { ...page } }),
    verifyEntity: (id) => call({ method: 'GET', path: at(id, '/verify'), waitSeconds: VERIFY_SECONDS }),
    quarantine: (page = {}) => call({ method: 'GET', path: '/v1/quarantine', query: { ...page } }),
    verifyAll: (body = {}) =>
      call({ method: 'POST', path: '/v1/verify', body, idempotent: true, waitSeconds: VERIFY_SECONDS }),
  };
}

function deliveries(
  call: Transport,
): Group<'subscriptions' | 'unsubscribe' | 'pause' | 'resume' | 'deadLetters' | 'redrive'> {
  const path = '/v1/subscriptions';
  const at = (id: string, verb = ''): string => `${path}/${encodeURIComponent(id)}${verb}`;
  return {
    subscriptions: async () => (await call<SubscriptionList>({ method: 'GET', path })).subscriptions,
    unsubscribe: (id) => call({ method: 'DELETE', path: at(id) }),
    pause: (id) => call({ method: 'POST', path: at(id, '/pause'), idempotent: true }),
    resume: (id) => call({ method: 'POST', path: at(id, '/resume'), idempotent: true }),
    deadLetters: (id, page = {}) => call({ method: 'GET', path: at(id, '/dead-letters'), query: { ...page } }),
    redrive: async (id, positions) => {
      const body = positions === undefined ? {} : { positions };
      const request = { method: 'POST', path: at(id, '/redrive'), body, idempotent: true } as const;
      return (await call<{ redriven: number }>(request)).redriven;
    },
  };
}

function service(call: Transport): Group<'health' | 'state' | 'dependencies' | 'catalog'> {
  return {
    health: () => call({ method: 'GET', path: '/health' }),
    state: () => call({ method: 'GET', path: '/state' }),
    dependencies: () => call({ method: 'GET', path: '/dependencies', accepts: 503 }),
    catalog: () => call({ method: 'GET', path: '/v1/catalog' }),
  };
}

/** An id chosen before the first try makes every later try the same event. */
function withEventId<Event extends { readonly eventId?: string | undefined }>(event: Event): Event {
  return event.eventId === undefined ? { ...event, eventId: crypto.randomUUID() } : event;
}

function notDecidable({ id, state, blocked }: ChangeView): ApiProblem {
  const why = blocked === undefined ? `it is ${state}` : blocked.message;
  const detail = `change-set ${id} cannot be decided on: ${why}`;
  return new ApiProblem({ status: 409, code: 'CHANGE_STATE_CONFLICT', detail, errors: [] });
}

/** An id as one segment of a path. Its slashes are encoded twice: API Gateway decodes once before it looks at a path. */
function segment(id: string): string {
  return encodeURIComponent(id).replaceAll('%2F', '%252F');
}

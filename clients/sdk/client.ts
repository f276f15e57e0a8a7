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
  GuardList,
  PublishedEvent,
  QuarantinePage,
  SubscriptionList,
  VerifyInput,
} from '../../api/index.ts';
import type {
  ActResult,
  ChangePage,
  ChangeView,
  DecideResult,
  DecisionInput,
  Delegation,
  DelegationInput,
  Delegations,
  DryRun,
  PolicyView,
  ProposalInput,
  ProposeResult,
  ResolutionInput,
  ReviewInput,
  RevisionInput,
  RevocationInput,
} from '../../core/changes/index.ts';
import type { GuardState, Revealed, Subscription } from '../../core/events/index.ts';
import type { VerificationReport } from '../../core/ledger/index.ts';
import type {
  EntityView,
  EventTrace,
  MapReport,
  MonitorReport,
  NervousConfig,
  ValidationReport,
} from '../../core/system/index.ts';
import type { JsonObject } from '../../core/canonical/index.ts';
import { assertDisplayedChange } from './displayed-change.ts';
import { realClock, type ClientClock } from './clock.ts';
import type { ChangeSetQuery, RunOptions, SubscribeOptions } from './options.ts';
import { ApiProblem } from './problems.ts';
import { pathSegment } from './gaps.ts';
import { readFeed, type FeedItem, type FeedQuery } from './feed.ts';
import { runSubscription, type Delivery, type RunningSubscription } from './subscriber.ts';
import { readStream, type StreamItem, type StreamQuery } from './stream.ts';
import {
  createStreamOpener,
  createTransport,
  type OpenStream,
  type Transport,
  type TransportOptions,
} from './transport.ts';
import type { PublishInput, TopicGlob, TopicsMatching, TypedEvent } from './typed-events.ts';

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
    handler: (event: TypedEvent<C, TopicsMatching<C, Glob>>, delivery: Delivery) => unknown,
    run?: RunOptions,
  ): Promise<RunningSubscription>;
  /** Events in commit order, page by page; ends at the end of the log with `live: false`. */
  feed(query?: FeedQuery): AsyncGenerator<FeedItem<TypedEvent<C>>, void, undefined>;
  /** The same as they come: what there is, then what comes. Each item's cursor resumes exactly behind it. */
  stream(query?: StreamQuery): AsyncGenerator<StreamItem<TypedEvent<C>>, void, undefined>;
  trace(eventId: string, options?: { readonly source?: string }): Promise<EventTrace>;

  /** Dry run: how risky it would be and why, who would have to approve, what would change. Records nothing. */
  assess(proposal: ProposalInput): Promise<DryRun>;
  propose(proposal: ProposalInput, options?: { readonly idempotencyKey?: string }): Promise<ProposeResult>;
  changeSet(id: string): Promise<ChangeView>;
  changeSets(query?: ChangeSetQuery): Promise<ChangePage>;
  revise(id: string, revision: RevisionInput): Promise<ChangeView>;
  /**
   * Decides on exactly the view that was looked at; if anything in it has changed since, the decision is refused.
   * @throws NotAsShown before anything is sent, when an approval would bind to something else than the view shows
   */
  decide(
    change: ChangeView,
    decision: DecisionInput['decision'],
    options?: {
      readonly reason?: string;
      /** personId of who delegated their vote to the caller */
      readonly onBehalfOf?: string;
    },
  ): Promise<DecideResult>;
  /** Takes the caller's own vote back: the one named by its hash, else the one that stands. */
  revoke(id: string, options?: RevocationInput): Promise<ActResult>;
  /** Break-glass on exactly the view that was looked at. */
  override(change: ChangeView, why: { readonly ticket: string; readonly reason: string }): Promise<ActResult>;
  /** What ran without the usual approval is reviewed by people who had no part in it. */
  review(id: string, review: ReviewInput): Promise<ActResult>;
  /** What became of a failed rollback: two people who agree end it. */
  resolve(id: string, resolution: ResolutionInput): Promise<ActResult>;
  /** A new change-set that takes an executed one back. */
  revert(id: string, rationale: string, options?: { readonly idempotencyKey?: string }): Promise<ProposeResult>;
  withdraw(id: string, options?: { readonly reason?: string }): Promise<ChangeView>;
  abort(id: string, reason: string): Promise<ChangeView>;

  /** Roster and risk rules in force. People. */
  policy(): Promise<PolicyView>;
  /** Lets another person cast the caller's vote, for at most 30 days. */
  delegate(delegation: DelegationInput): Promise<Delegation>;
  endDelegation(id: string): Promise<Delegation>;
  /** What the caller gave and was given, ended ones included. */
  delegations(): Promise<Delegations>;

  entity(id: string): Promise<EntityView>;
  entries(id: string, page?: { readonly from?: number; readonly limit?: number }): Promise<EntryPage>;
  verifyEntity(id: string): Promise<VerificationReport>;
  /** What the confidential fields of an entry hold. Journaled: an entry on the same chain says who saw them. */
  reveal(id: string, seq: number): Promise<Revealed>;
  /** A proof (C2SP tlog-proof) that the entry is in the log, checkable with the public root key alone. */
  proof(id: string, seq: number): Promise<Uint8Array>;
  /** The newest signed checkpoint of the published log (a C2SP signed note). */
  checkpoint(): Promise<Uint8Array>;
  /** A file of the published log, by its path there (`tile/entries/000.p/7`). Bundles of entries: auditors. */
  logFile(path: string): Promise<Uint8Array>;
  /** What arrived from outside and could not be taken. Auditors. */
  quarantine(page?: { readonly after?: string; readonly limit?: number }): Promise<QuarantinePage>;
  /** The whole ledger, or what `mode` says. Auditors. */
  verifyAll(options?: VerifyInput): Promise<VerificationReport>;

  /** Makes a subscription without pulling it here: for a function or stream target, or for another process. */
  createSubscription<const Glob extends TopicGlob<C>>(options: SubscribeOptions<Glob>): Promise<Subscription>;
  subscriptions(): Promise<readonly Subscription[]>;
  subscription(id: string): Promise<Subscription>;
  unsubscribe(id: string): Promise<void>;
  /** Nothing is delivered until it is resumed, and nothing is lost meanwhile. */
  pause(id: string): Promise<Subscription>;
  resume(id: string): Promise<Subscription>;
  deadLetters(id: string, page?: { readonly after?: number; readonly limit?: number }): Promise<DeadLetterPage>;
  /** All dead letters, those at these positions, or those whose event matches a pattern. @returns how many are due again */
  redrive(id: string, choice?: readonly number[] | { readonly pattern: JsonObject }): Promise<number>;
  /** Closes the breaker: deliveries go on at once. */
  resetBreaker(id: string): Promise<Subscription>;

  /** Topics, and whether protection stopped them. */
  guards(): Promise<readonly GuardState[]>;
  /** Opens a stopped topic. Auditors, security. */
  resetGuard(topic: string, reason?: string): Promise<GuardState>;

  health(): Promise<{ readonly status: 'ok' }>;
  state(): Promise<MonitorReport>;
  /** Also when something does not work: the report says what. */
  dependencies(): Promise<ValidationReport>;
  catalog(): Promise<CatalogView>;
  /** Who publishes and subscribes to what. For who may read everything. */
  map(options?: { readonly observe?: number }): Promise<MapReport>;
}

const DEFAULT_BATCH = 100;
const DEFAULT_WAIT_SECONDS = 20;
/** s verification of a large ledger may take before it counts as unanswered */
const VERIFY_SECONDS = 600;

export function createClient<C extends NervousConfig = NervousConfig>(options: TransportOptions): Client<C> {
  const call = createTransport(options);
  // The catalog's types exist at compile time only; what travels is the same for every configuration.
  return {
    ...events(call, createStreamOpener(options), options.clock ?? realClock),
    ...changes(call),
    ...governance(call),
    ...ledger(call),
    ...deliveries(call),
    ...guards(call),
    ...service(call),
  } as Client<C>;
}

type Group<K extends keyof Client> = Pick<Client, K>;

function events(
  call: Transport,
  open: OpenStream,
  clock: ClientClock,
): Group<'publish' | 'publishBatch' | 'subscribe' | 'feed' | 'stream' | 'trace'> {
  const path = '/v1/events';
  return {
    publish: (event) => call({ method: 'POST', path, body: withEventId(event), idempotent: true }),
    publishBatch: async (batch, options = {}) => {
      const body = { events: batch.map(withEventId), ...options };
      return (await call<BatchResult>({ method: 'POST', path, body, idempotent: true })).results;
    },
    subscribe: async (options, handler, run = {}) => {
      const subscription = await makeSubscription(call, options);
      const { batchSize = DEFAULT_BATCH, waitSeconds = DEFAULT_WAIT_SECONDS, ...others } = run;
      return runSubscription({ transport: call, clock, subscription, handler, batchSize, waitSeconds, ...others });
    },
    feed: (query = {}) => readFeed(call, query),
    stream: (query = {}) => readStream(open, query),
    trace: (eventId, options = {}) =>
      call({ method: 'GET', path: `${path}/${pathSegment(eventId)}`, query: { ...options } }),
  };
}

function changes(
  call: Transport,
): Group<
  | ('propose' | 'assess' | 'changeSet' | 'changeSets' | 'revise' | 'decide' | 'withdraw' | 'abort')
  | ('revoke' | 'override' | 'review' | 'resolve' | 'revert')
> {
  const path = '/v1/change-sets';
  const at = (id: string, verb = ''): string => `${path}/${encodeURIComponent(id)}${verb}`;
  return {
    assess: (body) => call({ method: 'POST', path: `${path}/assess`, body, idempotent: true }),
    propose: (body, { idempotencyKey = crypto.randomUUID() } = {}) =>
      call({ method: 'POST', path, body, idempotencyKey, idempotent: true }),
    changeSet: (id) => call({ method: 'GET', path: at(id) }),
    changeSets: (query = {}) => call({ method: 'GET', path, query: { ...query } }),
    revise: (id, body) => call({ method: 'POST', path: at(id, '/revisions'), body }),
    decide: async (change, decision, options = {}) => {
      const body = { ...bindingTo(change), decision, ...options };
      if (decision === 'approve') assertDisplayedChange(change);
      return call({ method: 'POST', path: at(change.id, '/decisions'), body, idempotent: true });
    },
    revoke: (id, body = {}) =>
      call({ method: 'POST', path: at(id, '/revoke'), body, idempotent: body.vote !== undefined }),
    override: async (change, why) => {
      const body = { ...bindingTo(change), ...why };
      assertDisplayedChange(change);
      return call({ method: 'POST', path: at(change.id, '/override'), body, idempotent: true });
    },
    review: (id, body) => call({ method: 'POST', path: at(id, '/review'), body, idempotent: true }),
    resolve: (id, body) => call({ method: 'POST', path: at(id, '/resolve'), body, idempotent: true }),
    revert: (id, rationale, { idempotencyKey = crypto.randomUUID() } = {}) =>
      call({ method: 'POST', path: at(id, '/revert'), body: { rationale }, idempotencyKey, idempotent: true }),
    withdraw: (id, body = {}) => call({ method: 'POST', path: at(id, '/withdraw'), body }),
    abort: (id, reason) => call({ method: 'POST', path: at(id, '/abort'), body: { reason } }),
  };
}

function governance(call: Transport): Group<'policy' | 'delegate' | 'endDelegation' | 'delegations'> {
  const path = '/v1/delegations';
  return {
    policy: () => call({ method: 'GET', path: '/v1/policy' }),
    delegate: (body) => call({ method: 'POST', path, body }),
    endDelegation: (id) => call({ method: 'DELETE', path: `${path}/${encodeURIComponent(id)}`, idempotent: true }),
    delegations: () => call({ method: 'GET', path }),
  };
}

function ledger(
  call: Transport,
): Group<
  ('entity' | 'entries' | 'quarantine' | 'verifyEntity' | 'verifyAll') | ('reveal' | 'proof' | 'checkpoint' | 'logFile')
> {
  const at = (id: string, rest = ''): string => `/v1/entities/${pathSegment(id)}${rest}`;
  return {
    entity: (id) => call({ method: 'GET', path: at(id) }),
    entries: (id, page = {}) => call({ method: 'GET', path: at(id, '/entries'), query: { ...page } }),
    verifyEntity: (id) => call({ method: 'GET', path: at(id, '/verify'), waitSeconds: VERIFY_SECONDS }),
    reveal: (id, seq) => call({ method: 'POST', path: at(id, '/reveal'), body: { seq } }),
    proof: (entity, seq) => call({ method: 'GET', path: '/v1/proof', query: { entity, seq }, bytes: true }),
    checkpoint: () => call({ method: 'GET', path: '/v1/checkpoint', bytes: true }),
    logFile: (path) => call({ method: 'GET', path: `/v1/${path}`, bytes: true }),
    quarantine: (page = {}) => call({ method: 'GET', path: '/v1/quarantine', query: { ...page } }),
    verifyAll: (body = {}) =>
      call({ method: 'POST', path: '/v1/verify', body, idempotent: true, waitSeconds: VERIFY_SECONDS }),
  };
}

function deliveries(
  call: Transport,
): Group<
  | 'createSubscription'
  | 'subscriptions'
  | 'subscription'
  | 'unsubscribe'
  | 'pause'
  | 'resume'
  | 'deadLetters'
  | 'redrive'
  | 'resetBreaker'
> {
  const path = '/v1/subscriptions';
  const at = (id: string, verb = ''): string => `${path}/${encodeURIComponent(id)}${verb}`;
  return {
    createSubscription: (options) => makeSubscription(call, options),
    subscriptions: async () => (await call<SubscriptionList>({ method: 'GET', path })).subscriptions,
    subscription: (id) => call({ method: 'GET', path: at(id) }),
    unsubscribe: (id) => call({ method: 'DELETE', path: at(id) }),
    pause: (id) => call({ method: 'POST', path: at(id, '/pause'), idempotent: true }),
    resume: (id) => call({ method: 'POST', path: at(id, '/resume'), idempotent: true }),
    deadLetters: (id, page = {}) => call({ method: 'GET', path: at(id, '/dead-letters'), query: { ...page } }),
    redrive: async (id, choice) => {
      const body = Array.isArray(choice) ? { positions: choice } : (choice ?? {});
      const request = { method: 'POST', path: at(id, '/redrive'), body, idempotent: true } as const;
      return (await call<{ redriven: number }>(request)).redriven;
    },
    resetBreaker: (id) => call({ method: 'POST', path: at(id, '/reset'), idempotent: true }),
  };
}

function guards(call: Transport): Group<'guards' | 'resetGuard'> {
  const path = '/v1/guards';
  return {
    guards: async () => (await call<GuardList>({ method: 'GET', path })).guards,
    resetGuard: (topic, reason) => {
      const body = reason === undefined ? {} : { reason };
      return call({ method: 'POST', path: `${path}/${encodeURIComponent(topic)}/reset`, body, idempotent: true });
    },
  };
}

function service(call: Transport): Group<'health' | 'state' | 'dependencies' | 'catalog' | 'map'> {
  return {
    health: () => call({ method: 'GET', path: '/health' }),
    state: () => call({ method: 'GET', path: '/state' }),
    dependencies: () => call({ method: 'GET', path: '/dependencies', accepts: 503 }),
    catalog: () => call({ method: 'GET', path: '/v1/catalog' }),
    map: (options = {}) => call({ method: 'GET', path: '/v1/map', query: { ...options } }),
  };
}

/** An id chosen before the first try makes every later try the same subscription. */
function makeSubscription(call: Transport, options: SubscribeOptions): Promise<Subscription> {
  const body = { ...options, id: options.id ?? `sdk-${crypto.randomUUID()}` };
  return call({ method: 'POST', path: '/v1/subscriptions', body, idempotent: true });
}

/** An id chosen before the first try makes every later try the same event. */
function withEventId<Event extends { readonly eventId?: string | undefined }>(event: Event): Event {
  return event.eventId === undefined ? { ...event, eventId: crypto.randomUUID() } : event;
}

/** What a decision on this view binds to, once. */
function bindingTo(change: ChangeView): Pick<DecisionInput, 'revision' | 'contentHash' | 'assessmentHash' | 'nonce'> {
  const { revision, contentHash, assessmentHash } = change;
  if (assessmentHash === undefined) throw notDecidable(change);
  return { revision, contentHash, assessmentHash, nonce: crypto.randomUUID() };
}

function notDecidable({ id, state, blocked }: ChangeView): ApiProblem {
  const why = blocked === undefined ? `it is ${state}` : blocked.message;
  const detail = `change-set ${id} cannot be decided on: ${why}`;
  return new ApiProblem({ status: 409, code: 'CHANGE_STATE_CONFLICT', detail, errors: [] });
}

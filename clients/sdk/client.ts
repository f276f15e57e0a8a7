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
import { subscriptionTag, type GuardState, type Revealed, type Subscription } from '../../core/events/index.ts';
import type { KeyRecord, VerificationReport } from '../../core/ledger/index.ts';
import type {
  EntityAt,
  EntityView,
  EventTrace,
  MapReport,
  MonitorReport,
  NervousConfig,
  ValidationReport,
} from '../../core/system/index.ts';
import type { JsonObject } from '../../core/canonical/index.ts';
import { createAccessClient, type AccessClient } from './access-client.ts';
import { assertDisplayedChange } from './displayed-change.ts';
import { assertionOf, bindingTo, type DecisionSigner } from './sign-decision.ts';
import { realClock, type ClientClock } from './connection/clock.ts';
import { ifDocument } from './connection/if-document.ts';
import { pathSegment, revocationOf } from './connection/paths.ts';
import type { ChangeSetQuery, ProposeOptions, RunOptions, SubscribeOptions, SubscriptionPatch } from './options.ts';
import { readFeed, type FeedItem, type FeedQuery } from './reading/feed.ts';
import { runSubscription, type Delivery, type RunningSubscription } from './reading/subscriber.ts';
import { createNoticeClient, type NoticeClient } from './reading/notices.ts';
import { readStream, type StreamItem, type StreamQuery } from './reading/stream.ts';
import {
  createStreamOpener,
  createTransport,
  once,
  type OpenStream,
  type Transport,
  type TransportOptions,
} from './connection/transport.ts';
import { createWebhookClient, type WebhookClient } from './webhooks/webhooks.ts';
import { createWorkClient, type WorkClient } from './work-client.ts';
import type { PublishInput, TopicGlob, TopicsMatching, TypedEvent } from './typed-events.ts';

/** Every method throws ApiProblem when the service refuses it, and Unreachable when no service answers. */
export interface Client<C extends NervousConfig = NervousConfig> extends AccessClient {
  /** Publishes one event. Resolves when the event is recorded durably. */
  publish(event: PublishInput<C>): Promise<PublishedEvent>;
  /** Publishes 1-100 events. @returns one result for each, in their order */
  publishBatch(
    events: readonly PublishInput<C>[],
    options?: { readonly atomic?: boolean },
  ): Promise<readonly EventResult[]>;
  /** Makes or finds the subscription and calls the handler for every event. An event is done when the handler resolves, and comes again when it throws. */
  subscribe<const Glob extends TopicGlob<C>>(
    options: SubscribeOptions<Glob>,
    handler: (event: TypedEvent<C, TopicsMatching<C, Glob>>, delivery: Delivery) => unknown,
    run?: RunOptions,
  ): Promise<RunningSubscription>;
  /** Reads events in commit order, page by page. With `live: false` it stops at the end of the log. */
  feed(query?: FeedQuery): AsyncGenerator<FeedItem<TypedEvent<C>>, void, undefined>;
  /** Reads the recorded events, then new ones as they come. The cursor of an item resumes exactly behind it. */
  stream(query?: StreamQuery): AsyncGenerator<StreamItem<TypedEvent<C>>, void, undefined>;
  trace(eventId: string, options?: { readonly source?: string }): Promise<EventTrace>;

  /** Dry run: tells how risky the proposal would be and why, who would have to approve, and what would change. Records nothing. */
  assess(proposal: ProposalInput): Promise<DryRun>;
  propose(proposal: ProposalInput, options?: ProposeOptions): Promise<ProposeResult>;
  changeSet(id: string): Promise<ChangeView>;
  changeSets(query?: ChangeSetQuery): Promise<ChangePage>;
  revise(id: string, revision: RevisionInput, options?: ProposeOptions): Promise<ChangeView>;
  /**
   * Decides on exactly this view. The service refuses the decision if anything in the view has changed since.
   * @throws NotAsShown before it sends anything, when an approval would bind to something other than the view shows
   */
  decide(
    change: ChangeView,
    decision: DecisionInput['decision'],
    options?: {
      readonly reason?: string;
      /** personId of the person who delegated their vote to the caller */
      readonly onBehalfOf?: string;
      /** needed where the view's `risk.assertion` says so */
      readonly signer?: DecisionSigner;
    },
  ): Promise<DecideResult>;
  /** Takes the caller's own vote back: the vote with this hash, or otherwise the caller's standing vote. */
  revoke(id: string, options?: RevocationInput): Promise<ActResult>;
  /** Break-glass: overrides soft rules on exactly this view. */
  override(
    change: ChangeView,
    why: { readonly ticket: string; readonly reason: string; readonly signer?: DecisionSigner },
  ): Promise<ActResult>;
  /** Reviews a change-set that ran without the usual approval. Only people who had no part in it may do so. */
  review(id: string, review: ReviewInput): Promise<ActResult>;
  /** States the outcome of a failed rollback, which ends when two people agree. */
  resolve(id: string, resolution: ResolutionInput): Promise<ActResult>;
  /** Proposes a new change-set that takes an executed one back. */
  revert(id: string, rationale: string, options?: { readonly idempotencyKey?: string }): Promise<ProposeResult>;
  withdraw(id: string, options?: { readonly reason?: string }): Promise<ChangeView>;
  abort(id: string, reason: string): Promise<ChangeView>;

  /** Reads the roster and the risk rules in force. For people. */
  policy(): Promise<PolicyView>;
  /** Lets another person cast the caller's vote, for at most 30 days. */
  delegate(delegation: DelegationInput): Promise<Delegation>;
  endDelegation(id: string): Promise<Delegation>;
  /** Lists the delegations that the caller gave and received, including ended ones. */
  delegations(): Promise<Delegations>;
  /** Revokes a session key (`keys/<16 hex>`): verification believes nothing that it signs from now on. For auditors. */
  revokeKey(key: string, reason: string): Promise<KeyRecord>;

  entity(id: string): Promise<EntityView>;
  /** Reads the entity as it was: when this entry was the newest, or at a time (RFC 3339, or `7d`). */
  entityAt(id: string, at: number | string): Promise<EntityAt>;
  entries(id: string, page?: { readonly from?: number; readonly limit?: number }): Promise<EntryPage>;
  verifyEntity(id: string): Promise<VerificationReport>;
  /** Reads the confidential fields of an entry. An entry on the same chain records who saw them. */
  reveal(id: string, seq: number): Promise<Revealed>;
  /** Reads a proof (C2SP tlog-proof) that the entry is in the log. The public root key is enough to check it. */
  proof(id: string, seq: number): Promise<Uint8Array>;
  /** Reads the newest signed checkpoint of the published log (a C2SP signed note). */
  checkpoint(): Promise<Uint8Array>;
  /** Reads a file of the published log by its path (`tile/entries/000.p/7`). Only auditors may read bundles of entries. */
  logFile(path: string): Promise<Uint8Array>;
  /** Lists the events that arrived from outside and could not be recorded. For auditors. */
  quarantine(page?: { readonly after?: string; readonly limit?: number }): Promise<QuarantinePage>;
  /** Verifies the whole ledger, or the part that `mode` names. For auditors. */
  verifyAll(options?: VerifyInput): Promise<VerificationReport>;

  /** Your own notices: what you should know of. For people. */
  readonly notices: NoticeClient;

  /** Claims pieces of work, so that nobody does them twice. docs/work.md */
  readonly work: WorkClient;

  /** Looks after webhooks; `createSubscription` makes them, `pause` and `resume` stop and enable them. */
  readonly webhooks: WebhookClient;

  /** Makes a subscription without pulling it here: for a function or stream target, or for another process. */
  createSubscription<const Glob extends TopicGlob<C>>(options: SubscribeOptions<Glob>): Promise<Subscription>;
  subscriptions(): Promise<readonly Subscription[]>;
  subscription(id: string): Promise<Subscription>;
  /** Changes settings by a JSON Merge Patch: `null` is the default again. @param ifIs only if it still is this; default: whatever it is */
  changeSubscription(id: string, patch: SubscriptionPatch, ifIs?: Subscription): Promise<Subscription>;
  unsubscribe(id: string): Promise<void>;
  /** Pauses deliveries until the subscription is resumed. Nothing is lost meanwhile. */
  pause(id: string): Promise<Subscription>;
  resume(id: string): Promise<Subscription>;
  deadLetters(id: string, page?: { readonly after?: number; readonly limit?: number }): Promise<DeadLetterPage>;
  /** Delivers dead letters again: all, those at these positions, or those whose event matches a pattern. @returns how many are due again */
  redrive(id: string, choice?: readonly number[] | { readonly pattern: JsonObject }): Promise<number>;
  /** Closes the breaker of a subscription, so that deliveries continue at once. */
  resetBreaker(id: string): Promise<Subscription>;

  /** Lists topics, and whether protection stopped them. */
  guards(): Promise<readonly GuardState[]>;
  /** Opens a stopped topic. For auditors and people with the role `security`. */
  resetGuard(topic: string, reason?: string): Promise<GuardState>;

  health(): Promise<{ readonly status: 'ok' }>;
  state(): Promise<MonitorReport>;
  /** Answers also when something does not work; the report says what. */
  dependencies(): Promise<ValidationReport>;
  catalog(): Promise<CatalogView>;
  /** Shows who publishes and subscribes to what. For those who may read everything. */
  map(options?: { readonly observe?: number }): Promise<MapReport>;
}

const DEFAULT_BATCH = 100;
const DEFAULT_WAIT_SECONDS = 20;
/** Seconds that verification of a large ledger may take before the client gives up. */
const VERIFY_SECONDS = 600;

export function createClient<C extends NervousConfig = NervousConfig>(options: TransportOptions): Client<C> {
  const call = createTransport(options);
  // The catalog's types exist at compile time only; what travels is the same for every configuration.
  return {
    ...events(call, createStreamOpener(options), options.clock ?? realClock),
    ...changes(call),
    ...{ ...governance(call), ...ledger(call), ...deliveries(call), ...createAccessClient(call) },
    notices: createNoticeClient(call, createStreamOpener(options)),
    ...{ work: createWorkClient(call), webhooks: createWebhookClient(call) },
    ...{ ...guards(call), ...service(call) },
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
    propose: (body, { idempotencyKey = crypto.randomUUID(), ifIs } = {}) =>
      call({ method: 'POST', path, body, headers: ifDocument(ifIs), idempotencyKey, idempotent: true }),
    changeSet: (id) => call({ method: 'GET', path: at(id) }),
    changeSets: (query = {}) => call({ method: 'GET', path, query: { ...query } }),
    revise: (id, body, { ifIs, ...key } = {}) =>
      call({ method: 'POST', path: at(id, '/revisions'), body, headers: ifDocument(ifIs), ...once(), ...key }),
    decide: async (change, decision, { signer, ...options } = {}) => {
      const bound = bindingTo(change);
      if (decision === 'approve') assertDisplayedChange(change);
      const signed = await assertionOf(call, signer, { change, bound, decision, onBehalfOf: options.onBehalfOf });
      const body = { ...bound, decision, ...options, ...signed };
      return call({ method: 'POST', path: at(change.id, '/decisions'), body, idempotent: true });
    },
    revoke: (id, body = {}) =>
      call({ method: 'POST', path: at(id, '/revoke'), body, idempotent: body.vote !== undefined }),
    override: async (change, { signer, ...why }) => {
      const bound = bindingTo(change);
      assertDisplayedChange(change);
      const body = { ...bound, ...why, ...(await assertionOf(call, signer, { change, bound, decision: 'override' })) };
      return call({ method: 'POST', path: at(change.id, '/override'), body, idempotent: true });
    },
    review: (id, body) => call({ method: 'POST', path: at(id, '/review'), body, idempotent: true }),
    resolve: (id, body) => call({ method: 'POST', path: at(id, '/resolve'), body, idempotent: true }),
    revert: (id, rationale, { idempotencyKey = crypto.randomUUID() } = {}) =>
      call({ method: 'POST', path: at(id, '/revert'), body: { rationale }, idempotencyKey, idempotent: true }),
    withdraw: (id, body = {}) => call({ method: 'POST', path: at(id, '/withdraw'), body, ...once() }),
    abort: (id, reason) => call({ method: 'POST', path: at(id, '/abort'), body: { reason }, ...once() }),
  };
}

function governance(call: Transport): Group<'policy' | 'delegate' | 'endDelegation' | 'delegations' | 'revokeKey'> {
  const path = '/v1/delegations';
  return {
    policy: () => call({ method: 'GET', path: '/v1/policy' }),
    delegate: (body) => call({ method: 'POST', path, body, ...once() }),
    endDelegation: (id) => call({ method: 'DELETE', path: `${path}/${encodeURIComponent(id)}`, idempotent: true }),
    delegations: () => call({ method: 'GET', path }),
    revokeKey: (key, reason) => call({ method: 'POST', path: revocationOf(key), body: { reason }, idempotent: true }),
  };
}

function ledger(
  call: Transport,
): Group<
  | ('entity' | 'entityAt' | 'entries' | 'quarantine' | 'verifyEntity' | 'verifyAll')
  | ('reveal' | 'proof' | 'checkpoint' | 'logFile')
> {
  const at = (id: string, rest = ''): string => `/v1/entities/${pathSegment(id)}${rest}`;
  return {
    entity: (id) => call({ method: 'GET', path: at(id) }),
    entityAt: (id, when) => call({ method: 'GET', path: at(id, '/history'), query: { at: when } }),
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
  | ('createSubscription' | 'subscriptions' | 'subscription' | 'changeSubscription' | 'unsubscribe')
  | ('pause' | 'resume' | 'deadLetters' | 'redrive' | 'resetBreaker')
> {
  const path = '/v1/subscriptions';
  const at = (id: string, verb = ''): string => `${path}/${encodeURIComponent(id)}${verb}`;
  return {
    createSubscription: (options) => makeSubscription(call, options),
    subscriptions: async () => (await call<SubscriptionList>({ method: 'GET', path })).subscriptions,
    subscription: (id) => call({ method: 'GET', path: at(id) }),
    changeSubscription: (id, body, ifIs) => {
      const headers = { 'if-match': ifIs === undefined ? '*' : subscriptionTag(ifIs) };
      return call({ method: 'PATCH', path: at(id), body, headers });
    },
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

export { createBreakerRecord, failingTopics, type BreakerRecordDependencies } from './subscriptions/breaker-record.ts';
export { caused, type CausedMetadata } from './envelope/caused.ts';
export { AWS_TOPIC, createCatalog, nearestName, topicProblems, topicsSchema, type Catalog } from './catalog/catalog.ts';
export { catalogEntries, type CatalogEntry } from './catalog/catalog-entries.ts';
export {
  diffCatalogs,
  parseCatalogDocument,
  severityOf,
  type CatalogChange,
  type CatalogDocument,
} from './catalog/catalog-diff.ts';
export { importChain, IMPORT_RECORDED, importTopics, PROVEN_BY_IMPORT } from './catalog/import-topics.ts';
export { subscriptionTag } from './subscriptions/subscription-tag.ts';
export { afterFailure, failureReason, type AfterFailure } from './subscriptions/delivery.ts';
export { deliveredEvent, eventBridgeShape, type DeliveredEvent, type LoggedEvent } from './envelope/delivered-event.ts';
export {
  eventIdemKey,
  eventInputSchema,
  moduleChain,
  parseEventInput,
  type EventData,
  type EventInput,
} from './envelope/envelope.ts';
export { EventError, type EventErrorCode, type GuardErrorCode } from './catalog/errors.ts';
export type { Guard, GuardedEvent, SharedCounts } from './protection/guard.ts';
export { createGuards, type Guards, type GuardsDependencies, type GuardState } from './protection/guards.ts';
export { GUARD_SOURCE, ledgerTopics, isSystemTopic, SYSTEM_TOPICS } from './catalog/system-topics.ts';
export type { TopicStop } from './protection/topic-stops.ts';
export type { GuardStats } from './protection/guard-evaluator.ts';
export { ingressSchema, type IngressRule } from './publishing/ingress-config.ts';
export { createIngress, type Ingest, type IngressResult } from './publishing/ingress.ts';
export {
  createRuleIndex,
  matchPattern,
  parsePattern,
  PatternError,
  type Pattern,
  type PatternErrorCode,
  type RuleIndex,
} from './pattern/index.ts';
export {
  createPublish,
  MAX_EVENTS_PER_PUBLISH,
  type Publish,
  type PublishProblem,
  type PublishResult,
} from './publishing/publish.ts';
export { createQuarantine, type Quarantine, type Quarantined } from './publishing/quarantine.ts';
export {
  appendedEvent,
  keepGap,
  readEvent,
  recordedEvent,
  type Gap,
  type RecordedEvent,
} from './publishing/recorded-event.ts';
export { busRules, topicDomain, topicDomains, type BusRule } from './subscriptions/rule-pattern.ts';
export {
  isPushed,
  isWebhook,
  parseSubscriptionInput,
  startsAtMs,
  subscriptionInputSchema,
  targetOf,
  type FunctionSubscription,
  type PushedSubscription,
  type RetryPolicy,
  type Subscription,
  type SubscriptionInput,
  type SubscriptionTarget,
  type WebhookSubscription,
} from './subscriptions/subscription.ts';
export { deliveryAttemptSchema, subscriptionCodec, webhookAttemptCodec } from './subscriptions/stored.ts';
export { subscriptionMatcher, subscriptionPattern } from './subscriptions/subscription-matcher.ts';
export {
  compileCondition,
  CONDITION_FALSE,
  NOT_READABLE,
  NOT_WANTED,
  type DeliveryFacts,
  type MayRead,
  type ReadFacts,
} from './subscriptions/condition.ts';
export { hasRights } from './subscriptions/subscription-rights.ts';
export { eventIdSchema } from './envelope/event-id.ts';
export { deliveryTraceparent } from './envelope/trace-context.ts';
export type { RedriveChoice } from './subscriptions/redrive.ts';
export {
  createSubscriptionQueries,
  createSubscriptions,
  type StreamFilter,
  type SubscriptionQueries,
  type Subscriptions,
  type SubscriptionsDependencies,
} from './subscriptions/subscriptions.ts';
export type {
  BreakerChange,
  BreakerState,
  DeadLetter,
  Extended,
  DeliveryAttempt,
  DeliveryState,
  DeliveryReports,
  EventBus,
  EventRelay,
  ReceivedMessage,
  SubscriptionStats,
  SubscriptionBus,
  WebhookAttempt,
  WebhookBus,
  WebhookChange,
} from './subscriptions/ports.ts';
export type { Severity } from './catalog/schema-diff.ts';
export { isAttributeName, isAttributeValue, type CloudEvent } from './envelope/cloud-event-attributes.ts';
export type { TopicDeclaration, Topics } from './catalog/topic-declaration.ts';
export { fromCloudEvent } from './envelope/from-cloud-event.ts';
export { toCloudEvent } from './envelope/to-cloud-event.ts';
export { payloadSchema, topicSchema, type SchemaDialect, type TopicVersion } from './catalog/topic-schema.ts';
export { createReveal, type Reveal, type Revealed } from './confidential/reveal.ts';
export { sensitive, sensitivePaths } from './catalog/sensitive.ts';
export {
  createVault,
  eraseField,
  wrappedKeys,
  type FieldKeys,
  type Vault,
  type WrappedKey,
} from './confidential/vault.ts';
export {
  createWebhookRecord,
  createWebhooks,
  recordWebhookChange,
  type Webhooks,
  type WebhookSecret,
  type WebhookVerification,
} from './subscriptions/webhooks.ts';
export { createWebhookStanding, type WebhookStanding } from './subscriptions/webhook-standing.ts';
export { dispatcherOf, pushedState } from './subscriptions/pushed.ts';
export { Dispatcher, type DispatchRules, type Outcome, type Sending, type Settled } from './dispatch/dispatcher.ts';
export { claimRun, dispatchCodec, MAX_PENDING, type DispatchState } from './dispatch/dispatch-state.ts';
export { addressProblem, checkWebhookUrl, type WebhookAllowance } from './webhooks/webhook-address.ts';
export { certifiedWebhookKey } from './webhooks/webhook-certificate.ts';
export { judgeAnswer, type WebhookAnswer } from './webhooks/webhook-answer.ts';
export {
  WEBHOOK_TEST_TYPE,
  WEBHOOK_VERIFY_TYPE,
  webhookMessage,
  type WebhookMessage,
} from './webhooks/webhook-message.ts';
export {
  createWebhookSecrets,
  secretPlace,
  wrappedWebhookKeys,
  type CertifiedWebhookKey,
  type WebhookSecrets,
} from './webhooks/webhook-secrets.ts';
export {
  signWebhook,
  verifyWebhookSignature,
  type SigningKeys,
  type WebhookToVerify,
  type WebhookTrust,
} from './webhooks/webhook-signature.ts';

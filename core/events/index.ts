export { createBreakerRecord, failingTopics, type BreakerRecordDependencies } from './breaker-record.ts';
export { caused, type CausedMetadata } from './caused.ts';
export {
  AWS_TOPIC,
  createCatalog,
  nearestName,
  topicProblems,
  topicsSchema,
  type Catalog,
  type CatalogEntry,
} from './catalog.ts';
export {
  diffCatalogs,
  parseCatalogDocument,
  severityOf,
  type CatalogChange,
  type CatalogDocument,
} from './catalog-diff.ts';
export { afterFailure, failureReason, type AfterFailure } from './delivery.ts';
export {
  deliveredEvent,
  eventBridgeShape,
  eventIdemKey,
  eventInputSchema,
  moduleChain,
  parseEventInput,
  type DeliveredEvent,
  type LoggedEvent,
  type EventData,
  type EventInput,
} from './envelope.ts';
export { EventError, type EventErrorCode, type GuardErrorCode } from './errors.ts';
export type { Guard, GuardedEvent, SharedCounts } from './guard.ts';
export { createGuards, type Guards, type GuardsDependencies, type GuardState } from './guards.ts';
export { GUARD_SOURCE, ledgerTopics, SYSTEM_TOPICS } from './system-topics.ts';
export type { Stop } from './stops.ts';
export type { GuardStats } from './watch.ts';
export { ingressSchema, type IngressRule } from './ingress-config.ts';
export { createIngress, type Ingest, type IngressResult } from './ingress.ts';
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
} from './publish.ts';
export { createQuarantine, type Quarantine, type Quarantined } from './quarantine.ts';
export { appendedEvent, keepGap, readEvent, recordedEvent, type Gap, type RecordedEvent } from './recorded-event.ts';
export { busRules, topicDomain, topicDomains, type BusRule } from './rule-pattern.ts';
export {
  parseSubscriptionInput,
  startsAtMs,
  subscriptionInputSchema,
  targetOf,
  type RetryPolicy,
  type Subscription,
  type SubscriptionInput,
  type SubscriptionTarget,
} from './subscription.ts';
export { subscriptionMatcher, subscriptionPattern } from './subscription-matcher.ts';
export {
  compileCondition,
  CONDITION_FALSE,
  NOT_READABLE,
  type DeliveryFacts,
  type MayRead,
  type ReadFacts,
} from './condition.ts';
export { deliveryTraceparent } from './trace-context.ts';
export type { RedriveChoice } from './redrive.ts';
export {
  createSubscriptions,
  type StreamFilter,
  type Subscriptions,
  type SubscriptionsDependencies,
} from './subscriptions.ts';
export type {
  BreakerChange,
  BreakerState,
  DeadLetter,
  DeliveryAttempt,
  DeliveryState,
  EventBus,
  ReceivedMessage,
  SubscriptionStats,
} from './ports.ts';
export type { Severity } from './schema-diff.ts';
export { isAttributeName, isAttributeValue, type CloudEvent } from './cloud-event-attributes.ts';
export type { TopicDeclaration, Topics } from './topic-declaration.ts';
export { fromCloudEvent } from './from-cloud-event.ts';
export { toCloudEvent } from './to-cloud-event.ts';
export { payloadSchema, topicSchema, type SchemaDialect, type TopicVersion } from './topic-schema.ts';
export { createReveal, type Reveal, type Revealed } from './reveal.ts';
export { sensitive, sensitivePaths } from './sensitive.ts';
export { createVault, eraseField, wrappedKeys, type FieldKeys, type Vault, type WrappedKey } from './vault.ts';

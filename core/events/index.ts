export {
  AWS_TOPIC,
  createCatalog,
  topicProblems,
  topicsSchema,
  type Catalog,
  type CatalogEntry,
  type TopicDeclaration,
  type Topics,
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
export { EventError, type EventErrorCode } from './errors.ts';
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
export { appendedEvent, recordedEvent, type RecordedEvent } from './recorded-event.ts';
export { busRules, topicDomain, topicDomains, type BusRule } from './rule-pattern.ts';
export {
  parseSubscriptionInput,
  subscriptionInputSchema,
  subscriptionMatcher,
  type RetryPolicy,
  type Subscription,
  type SubscriptionInput,
} from './subscription.ts';
export { createSubscriptions, type Subscriptions, type SubscriptionsDependencies } from './subscriptions.ts';
export type { DeadLetter, DeliveryState, EventBus, ReceivedMessage, SubscriptionStats } from './ports.ts';
export type { Severity } from './schema-diff.ts';
export { createReveal, type Reveal, type Revealed } from './reveal.ts';
export { sensitive, sensitivePaths } from './sensitive.ts';
export { createVault, eraseField, type FieldKeys, type Vault } from './vault.ts';

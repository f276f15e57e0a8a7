/** What goes over the wire, for clients: types, and the schemas behind them. */
export { changePageSchema, changeSchema, decidedSchema, proposedSchema } from './change-sets.ts';
export { quarantinePageSchema, type QuarantinePage } from './ingress.ts';
export {
  entityViewSchema,
  entryPageSchema,
  verificationReportSchema,
  type EntryPage,
  type VerifyInput,
} from './entities.ts';
export {
  batchResultSchema,
  deliveredEventSchema,
  eventTraceSchema,
  feedPageSchema,
  publishedEventSchema,
  type BatchResult,
  type EventResult,
  type FeedPage,
  type PublishedEvent,
} from './events.ts';
export { guardListSchema, guardStateSchema, type GuardList } from './guards.ts';
export { MAX_WAIT_SECONDS } from './fields.ts';
export { problemSchema, type ProblemDetails } from './problem.ts';
export {
  capabilitiesSchema,
  catalogSchema,
  dependenciesSchema,
  healthSchema,
  stateSchema,
  type Capabilities,
  type CatalogView,
} from './service.ts';
export {
  deadLetterPageSchema,
  messageListSchema,
  redrivenSchema,
  settlementSchema,
  subscriptionListSchema,
  subscriptionSchema,
  type DeadLetterPage,
  type MessageList,
  type Settlement,
  type SubscriptionList,
} from './subscriptions.ts';

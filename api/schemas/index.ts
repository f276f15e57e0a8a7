/** What goes over the wire, for clients: its types, and the schema of what every refusal looks like. */
export type { QuarantinePage } from './ingress.ts';
export type { EntryPage } from './entities.ts';
export type { VerifyInput } from './verification.ts';
export type { BatchResult, EventResult, FeedPage, PublishedEvent } from './events.ts';
export type { GuardList } from './guards.ts';
export { problemSchema, type ProblemDetails } from './problem.ts';
export type { Capabilities, CatalogView } from './service.ts';
export type { DeadLetterPage, MessageList, Settlement, SubscriptionList } from './subscriptions.ts';
export type { AttemptList, WebhookKeys } from './webhooks.ts';

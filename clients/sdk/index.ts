/** The client for modules, agents and tools: publish, subscribe, propose, decide, read, verify. */
export { createClient, type Client } from './client.ts';
export type { ChangeSetQuery, RunOptions, SubscribeOptions, SubscriptionPatch } from './options.ts';
export { NotAsShown } from './displayed-change.ts';
export type { DecisionSigner } from './sign-decision.ts';
export type { ConsumerMemory, EventKey } from './reading/consumer-memory.ts';
export { caused, type CausedMetadata } from '../../core/events/index.ts';
export {
  defineExecutor,
  executorHandler,
  isOvertaken,
  singleUse,
  statusOf,
  verifyGrant,
  type Executor,
  type ExecutorDefinition,
  type ExecutorRequest,
  type GrantClaims,
  type GrantedCall,
  type GrantExpectations,
  type Mark,
  type OperationKey,
  type Outcome,
  type Planned,
  type RootKeys,
  type Status,
  type VerifiedGrant,
} from './executors/executor.ts';
export {
  testExecutor,
  type ExecutorBench,
  type ExecutorSubject,
  type KitCheck,
  type KitReport,
} from './executors/executor-kit.ts';
export type { FeedItem, FeedQuery } from './reading/feed.ts';
export type { WorkClient } from './work-client.ts';
export type { NoticeClient, StreamedNotice } from './reading/notices.ts';
export type { StreamItem, StreamQuery } from './reading/stream.ts';
export { ApiProblem, Unreachable, type ApiProblemCode } from './connection/problems.ts';
export type { Delivery, RunningSubscription } from './reading/subscriber.ts';
export type { AwsCredentials, SigV4Options } from './connection/sigv4.ts';
export type { TransportOptions } from './connection/transport.ts';
export type { PublishInput, TopicGlob, TopicOf, TypedEvent } from './typed-events.ts';
export {
  answerChallenge,
  certifiedKey,
  confirmWebhook,
  verifyWebhook,
  WebhookRefused,
  type VerifiedWebhook,
} from './webhooks/verify-webhook.ts';
export type { WebhookClient } from './webhooks/webhooks.ts';

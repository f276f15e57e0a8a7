/** The client for modules, agents and tools: publish, subscribe, propose, decide, read, verify. */
export { createClient, type Client } from './client.ts';
export type { ChangeSetQuery, RunOptions, SubscribeOptions } from './options.ts';
export { NotAsShown } from './displayed-change.ts';
export type { ConsumerMemory, EventKey } from './consumer-memory.ts';
export { caused, type CausedMetadata } from '../../core/events/index.ts';
export {
  defineExecutor,
  executorHandler,
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
} from './executor.ts';
export {
  testExecutor,
  type ExecutorBench,
  type ExecutorSubject,
  type KitCheck,
  type KitReport,
} from './executor-kit.ts';
export type { FeedItem, FeedQuery } from './feed.ts';
export type { StreamItem, StreamQuery } from './stream.ts';
export { ApiProblem, Unreachable, type ApiProblemCode } from './problems.ts';
export type { Delivery, RunningSubscription } from './subscriber.ts';
export type { AwsCredentials, SigV4Options } from './sigv4.ts';
export type { TransportOptions } from './transport.ts';
export type { PublishInput, TopicGlob, TopicOf, TypedEvent } from './typed-events.ts';

/** The client for modules, agents and tools: publish, subscribe, propose, decide, read, verify. */
export { createClient, type ChangeSetQuery, type Client, type RunOptions, type SubscribeOptions } from './client.ts';
export type { FeedItem, FeedQuery } from './feed.ts';
export { ApiProblem, Unreachable, type ApiProblemCode } from './problems.ts';
export type { RunningSubscription } from './subscriber.ts';
export type { AwsCredentials, SigV4Options } from './sigv4.ts';
export type { TransportOptions } from './transport.ts';
export type { PublishInput, TopicGlob, TopicOf, TypedEvent } from './typed-events.ts';

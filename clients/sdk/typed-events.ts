/** Events typed by the catalog of a configuration: a wrong topic, version or payload does not compile. Types only. */
import type { z } from 'zod';
import type { DeliveredEvent, EventInput } from '../../core/events/index.ts';
import type { NervousConfig } from '../../core/system/index.ts';

export type TopicOf<C extends NervousConfig> = keyof C['topics'] & string;

/** `transactions.new`, `transactions.*` or `*`, as subscriptions and the feed take them */
export type TopicGlob<C extends NervousConfig> = TopicOf<C> | DomainGlob<TopicOf<C>> | '*';

/** The topics that globs stand for. */
export type TopicsMatching<C extends NervousConfig, Glob extends string> = Glob extends '*'
  ? TopicOf<C>
  : Glob extends `${infer Domain}.*`
    ? Extract<TopicOf<C>, `${Domain}.${string}`> | (string extends TopicOf<C> ? string : never)
    : Extract<TopicOf<C>, Glob> | (string extends TopicOf<C> ? Glob : never);

/** What may be published: the payload of the named version, or of the newest when none is named. */
export type PublishInput<C extends NervousConfig> =
  string extends TopicOf<C> ? EventInput : { [T in TopicOf<C>]: VersionedInput<T, Versions<C, T>> }[TopicOf<C>];

/** What a handler gets. Old events keep the payload of the version they were recorded with: look at `version`. */
export type TypedEvent<C extends NervousConfig, T extends string = TopicOf<C>> =
  string extends TopicOf<C>
    ? DeliveredEvent
    : { [K in T & TopicOf<C>]: VersionedEvent<K, Versions<C, K>> }[T & TopicOf<C>];

type DomainGlob<Topic extends string> = Topic extends `${infer Domain}.${infer Rest}`
  ? `${Domain}.*` | (Rest extends `${string}.${string}` ? `${Domain}.${DomainGlob<Rest>}` : never)
  : never;

type Versions<C extends NervousConfig, T extends TopicOf<C>> = C['topics'][T]['versions'];

type VersionedInput<Topic, V> =
  | { [N in keyof V & number]: Input<Topic, V[N]> & { readonly version: N } }[keyof V & number]
  | (Input<Topic, V[Newest<keyof V & number> & keyof V]> & { readonly version?: undefined });

type Input<Topic, Schema> = Omit<EventInput, 'topic' | 'version' | 'payload'> & {
  readonly topic: Topic;
  readonly payload: z.input<Extract<Schema, z.ZodType>>;
};

type VersionedEvent<Topic, V> = {
  [N in keyof V & number]: Omit<DeliveredEvent, 'topic' | 'version' | 'payload'> & {
    readonly topic: Topic;
    readonly version: N;
    readonly payload: z.input<Extract<V[N], z.ZodType>>;
  };
}[keyof V & number];

/** The greatest of several version numbers: counts up until all smaller ones are gone. For versions below 1000. */
type Newest<N extends number, Count extends readonly unknown[] = []> = number extends N
  ? number
  : [Exclude<N, Count['length']>] extends [never]
    ? Count['length']
    : Newest<Exclude<N, Count['length']>, readonly [...Count, unknown]>;

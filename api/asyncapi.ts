/**
 * The catalog as an AsyncAPI 3 document: a channel for each topic, a message for each version as it is published and as it is
 * delivered. Everything in it comes from the configuration; it decides nothing of its own.
 * https://www.asyncapi.com/docs/reference/specification/v3.1.0
 */
import * as z from 'zod';
import { payloadSchema, type TopicDeclaration, type TopicVersion } from '../core/events/index.ts';
import type { NervousConfig } from '../core/system/index.ts';
import { deliveredEventSchema, eventSchema } from './schemas/events.ts';

export const ASYNCAPI_VERSION = '3.1.0';
/** AsyncAPI's own Schema Object is a superset of it. */
const DIALECT = 'draft-07';
const SCHEMAS = '#/components/schemas/';
/** Where an instance stands and no schema: what looks like a reference there is none. */
const INSTANCES: ReadonlySet<string> = new Set(['const', 'enum', 'default', 'examples']);

type Json = Readonly<Record<string, unknown>>;
type Described = Pick<NervousConfig, 'origin' | 'topics'>;
type Direction = 'publish' | 'deliver';

export type AsyncApiDocument = Json & { readonly asyncapi: typeof ASYNCAPI_VERSION };

export function createAsyncApiDocument(config: Described): AsyncApiDocument {
  const versions = Object.entries(config.topics).flatMap(([topic, { versions: declared }]) =>
    Object.entries(declared).map(([version, schema]) => ({ topic, version: Number(version), schema })),
  );
  return {
    asyncapi: ASYNCAPI_VERSION,
    id: `https://${config.origin}`,
    info: {
      title: `Events of ${config.origin}`,
      version: '1.0.0',
      description:
        'Published with POST /v1/events; delivered through subscriptions, GET /v1/feed and GET /v1/stream (see /v1/openapi.json). ' +
        'At least once: source and eventId name an event for good.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(Object.entries(config.topics).map(([topic, one]) => [topic, channelOf(topic, one)])),
    operations: Object.fromEntries(Object.entries(config.topics).flatMap(([topic, one]) => operationsOf(topic, one))),
    components: {
      messages: Object.fromEntries(versions.flatMap((one) => messagesOf(config, one))),
      schemas: {
        ...envelopeSchema('EventInput', eventSchema),
        ...envelopeSchema('Event', deliveredEventSchema),
        ...Object.fromEntries(
          versions.map((one) => [nameOf(one), embedded(nameOf(one), payloadSchema(one.schema, DIALECT))]),
        ),
      },
    },
  };
}

function channelOf(topic: string, { description, versions }: TopicDeclaration): Json {
  const messages = Object.keys(versions).flatMap((version) =>
    (['publish', 'deliver'] as const).map((direction) => [
      `${direction}.v${version}`,
      { $ref: `#/components/messages/${nameOf({ topic, version: Number(version) })}.${direction}` },
    ]),
  );
  return { address: topic, description, messages: Object.fromEntries(messages) };
}

/** As the document's own application sees it: it receives what others publish. */
function operationsOf(topic: string, { versions }: TopicDeclaration): [string, Json][] {
  const operation = (direction: Direction, action: 'send' | 'receive'): [string, Json] => [
    `${direction}.${topic}`,
    {
      action,
      channel: { $ref: `#/channels/${topic}` },
      messages: Object.keys(versions).map((version) => ({
        $ref: `#/channels/${topic}/messages/${direction}.v${version}`,
      })),
    },
  ];
  return [operation('publish', 'receive'), operation('deliver', 'send')];
}

function messagesOf({ topics }: Described, one: TopicVersion): [string, Json][] {
  const { topic, version } = one;
  const message = (direction: Direction, envelope: string): [string, Json] => [
    `${nameOf(one)}.${direction}`,
    {
      name: `${topic}@${version}`,
      title: topics[topic]?.description,
      contentType: 'application/json',
      correlationId: { location: '$message.payload#/metadata/correlationId' },
      payload: {
        allOf: [
          { $ref: `${SCHEMAS}${envelope}` },
          {
            type: 'object',
            properties: {
              topic: { const: topic },
              version: { const: version },
              payload: { $ref: `${SCHEMAS}${nameOf(one)}` },
            },
          },
        ],
      },
    },
  ];
  return [message('publish', 'EventInput'), message('deliver', 'Event')];
}

/** A schema of the HTTP contract; schemas that it shares with others stand beside it, not in it. */
function envelopeSchema(name: string, schema: z.ZodType): Json {
  return { [name]: embedded(name, z.toJSONSchema(schema, { target: DIALECT, io: 'input', unrepresentable: 'any' })) };
}

/** A document of its own as a part of this one: its references, all of them inside, begin where it stands now. */
function embedded(name: string, { $schema: _, $id: __, id: ___, ...schema }: Json): unknown {
  return rebased(schema, `${SCHEMAS}${name}`);
}

function rebased(value: unknown, base: string): unknown {
  if (Array.isArray(value)) return value.map((item) => rebased(item, base));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      if (key === '$ref' && typeof member === 'string') return [key, member.replace(/^#/, base)];
      return [key, INSTANCES.has(key) ? member : rebased(member, base)];
    }),
  );
}

function nameOf({ topic, version }: TopicVersion): string {
  return `${topic}.v${version}`;
}

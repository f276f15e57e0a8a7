/**
 * A topic's payload as a JSON Schema document, in the dialect its reader knows, and the URI that names it. Everything in it
 * comes from the declaration; what a payload may be is decided there.
 */
import * as z from 'zod';
import type { Topics } from './topic-declaration.ts';

/** 2020-12: ours. draft-07: AsyncAPI's. draft-04: the schema registry of EventBridge. */
export type SchemaDialect = 'draft-2020-12' | 'draft-07' | 'draft-04';

export interface TopicVersion {
  readonly topic: string;
  readonly version: number;
}

/** A document of its own. @returns undefined when the version is not declared */
export function topicSchema(
  { origin, topics }: { readonly origin: string; readonly topics: Topics },
  { topic, version }: TopicVersion,
  dialect: SchemaDialect,
): Readonly<Record<string, unknown>> | undefined {
  const declaration = Object.hasOwn(topics, topic) ? topics[topic] : undefined;
  const schema = declaration?.versions[version];
  if (declaration === undefined || schema === undefined) return undefined;
  const { $schema, ...rules } = payloadSchema(schema, dialect);
  return {
    $schema,
    [dialect === 'draft-04' ? 'id' : '$id']: schemaUri(origin, { topic, version }),
    title: `${topic}@${version}`,
    description: declaration.description,
    ...rules,
  };
}

export function payloadSchema(schema: z.ZodType, dialect: SchemaDialect): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(schema, { target: dialect, io: 'input', unrepresentable: 'any' });
}

/** An identifier, as the ledger's origin is one: nobody promises to serve it. */
export function schemaUri(origin: string, { topic, version }: TopicVersion): string {
  return `${topicsUri(origin)}${topic}/${version}`;
}

/** What all of this ledger's schema URIs begin with. */
export function topicsUri(origin: string): string {
  return `https://${origin}/topics/`;
}

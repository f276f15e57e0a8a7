/** The catalog for its readers. Apart from what validates by it, because only here a schema becomes a document. */
import { latestOf } from './catalog.ts';
import type { TopicDeclaration, Topics } from './topic-declaration.ts';
import { payloadSchema } from './topic-schema.ts';

export interface CatalogEntry {
  readonly topic: string;
  readonly version: number;
  readonly description: string;
  readonly latest: boolean;
  /** JSON Schema 2020-12 of the payload */
  readonly schema: unknown;
}

export function catalogEntries(topics: Topics): readonly CatalogEntry[] {
  return Object.entries(topics).flatMap(([topic, declaration]) => entriesOf(topic, declaration));
}

function entriesOf(topic: string, { description, versions }: TopicDeclaration): CatalogEntry[] {
  return Object.entries(versions).map(([version, schema]) => ({
    topic,
    version: Number(version),
    description,
    latest: Number(version) === latestOf(versions),
    schema: payloadSchema(schema, 'draft-2020-12'),
  }));
}

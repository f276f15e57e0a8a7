/**
 * The catalog: which topics exist, in which versions, with which payload. One source of truth for validation, client
 * types and published schemas. Publishing is strict; what an old event looked like stays readable under its version.
 */
import * as z from 'zod';
import { describeIssues } from '../../errors/index.ts';
import { EventError } from './errors.ts';
import { importTopics, isImportTopic } from './import-topics.ts';
import { sensitivePaths } from './sensitive.ts';
import { isSystemTopic } from './system-topics.ts';
import type { TopicDeclaration, Topics } from './topic-declaration.ts';

/** Events of AWS services need no declaration: `aws.<service>.<detail-type in kebab case>`, with any payload, version 1. */
export const AWS_TOPIC = /^aws\.[a-z0-9-]+\.[a-z0-9-]+$/;
const ANY_OBJECT = z.record(z.string(), z.unknown());

export interface Catalog {
  /** The version to record. @throws EventError TOPIC_UNKNOWN | VERSION_UNKNOWN | PAYLOAD_INVALID */
  check(topic: string, version: number | undefined, payload: unknown): number;
  /** JSON pointers into the payload of the fields that are confidential. */
  sensitive(topic: string, version: number): readonly string[];
  /** @throws EventError TOPIC_UNKNOWN */
  require(topic: string): void;
  /** as they were declared */
  readonly topics: Topics;
}

export const topicsSchema = z.record(
  z.string().regex(/^[a-z0-9_-]+(\.[a-z0-9_-]+)+$/, 'must be domain.name in lower case'),
  z.strictObject({
    description: z.string().min(1).max(300),
    versions: z.custom<TopicDeclaration['versions']>(
      (value) =>
        typeof value === 'object' &&
        value !== null &&
        Object.keys(value).length > 0 &&
        Object.entries(value).every(isVersion),
      'must map version numbers 1, 2, … to zod schemas, at least one',
    ),
  }),
);

/** Names that are taken, and what is wrong with the marks of confidential fields, as the configuration's faults. */
export function topicProblems(topics: Topics): { readonly path: (string | number)[]; readonly message: string }[] {
  const taken = Object.keys(topics).filter(isSystemTopic);
  return [
    ...taken.map((topic) => ({ path: ['topics', topic], message: 'every system has this topic: leave it out' })),
    ...Object.keys(topics)
      .filter((topic) => isImportTopic(topic) && topics[topic]?.versions !== importTopics[topic].versions)
      .map((topic) => ({ path: ['topics', topic], message: 'is what imports are told by: spread importTopics' })),
    ...markProblems(topics),
  ];
}

function markProblems(topics: Topics): { readonly path: (string | number)[]; readonly message: string }[] {
  return Object.entries(topics).flatMap(([topic, { versions }]) =>
    Object.entries(versions).flatMap(([version, schema]) => {
      try {
        sensitivePaths(schema);
        return [];
      } catch (error) {
        return [{ path: ['topics', topic, 'versions', Number(version)], message: (error as Error).message }];
      }
    }),
  );
}

export function createCatalog(topics: Topics): Catalog {
  const declared = new Map(Object.entries(topics).map(([topic, { versions }]) => [topic, latestOf(versions)]));
  const confidential = new Map(
    Object.entries(topics).flatMap(([topic, { versions }]) =>
      Object.entries(versions).map(([version, schema]) => [`${topic}@${version}`, sensitivePaths(schema)] as const),
    ),
  );
  return {
    topics,
    sensitive: (topic, version) => confidential.get(`${topic}@${version}`) ?? [],
    require: (topic) => {
      if (!declared.has(topic) && !AWS_TOPIC.test(topic)) throw unknownTopic(topic, [...declared.keys()]);
    },
    check: (topic, version, payload) => {
      const latest = declared.get(topic) ?? (AWS_TOPIC.test(topic) ? 1 : undefined);
      if (latest === undefined) throw unknownTopic(topic, [...declared.keys()]);
      const wanted = version ?? latest;
      const schema = declared.has(topic) ? topics[topic]?.versions[wanted] : [ANY_OBJECT][wanted - 1];
      if (schema === undefined) {
        throw new EventError({
          code: 'VERSION_UNKNOWN',
          message: `topic "${topic}" has no version ${wanted}: the newest is ${latest}`,
        });
      }
      const parsed = schema.safeParse(payload);
      if (!parsed.success)
        throw new EventError({ code: 'PAYLOAD_INVALID', ...describeIssues(parsed.error.issues, ['payload']) });
      return wanted;
    },
  };
}

export function latestOf(versions: TopicDeclaration['versions']): number {
  return Math.max(...Object.keys(versions).map(Number));
}

function isVersion([version, schema]: [string, unknown]): boolean {
  return /^[1-9][0-9]{0,5}$/.test(version) && schema instanceof z.ZodType;
}

function unknownTopic(topic: string, known: readonly string[]): EventError {
  const nearest = nearestName(topic, known);
  const hint = nearest === undefined ? 'the catalog is empty' : `did you mean "${nearest}"?`;
  return new EventError({ code: 'TOPIC_UNKNOWN', message: `topic "${topic}" is not in the catalog: ${hint}` });
}

/** What was probably meant; undefined: there is nothing to choose from. */
export function nearestName(text: string, known: readonly string[]): string | undefined {
  return known.map((name) => ({ name, distance: editDistance(text, name) })).sort((a, b) => a.distance - b.distance)[0]
    ?.name;
}

/** Levenshtein distance; topics are at most 128 characters, so the quadratic form is fine. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, substitution));
    }
    row = next;
  }
  return row[b.length] as number;
}

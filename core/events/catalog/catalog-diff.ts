/**
 * What changed between two catalogs, and whether anybody breaks. Within a version everything old must stay understood and
 * everything new be understood by the old (FULL_TRANSITIVE), because replay reads events of any age under the version they
 * were recorded with; what cannot keep to that is a new version. Compares documents: knows no configuration and no zod.
 */
import * as z from 'zod';
import { describeIssues } from '../../errors/index.ts';
import type { CatalogEntry } from './catalog-entries.ts';
import { EventError } from './errors.ts';
import { diffSchemas, order, type SchemaChange, type Severity } from './schema-diff.ts';

/** The catalog as `GET /v1/catalog` gives it and as a snapshot keeps it. */
export interface CatalogDocument {
  readonly topics: readonly Omit<CatalogEntry, 'latest'>[];
}

export interface CatalogChange {
  readonly topic: string;
  readonly version: number;
  /** JSON pointer into the schema of that version; '' is the version as a whole */
  readonly pointer: string;
  readonly severity: Severity;
  readonly detail: string;
  /** what to do instead; of breaking changes only */
  readonly fix?: string;
}

/** Levels of a document, the canonical form's own bound. */
const MAX_DEPTH = 64;
const MAX_TOPICS = 10_000;

export const documentSchema = z.object({
  topics: z
    .array(
      z.object({
        topic: z.string().min(1).max(128),
        version: z.int().min(1).max(999_999),
        description: z.string().max(1_000),
        schema: z.custom<unknown>(
          (value) =>
            typeof value === 'boolean' || (typeof value === 'object' && value !== null && !Array.isArray(value)),
          'must be a JSON Schema: an object, true or false',
        ),
      }),
    )
    .max(MAX_TOPICS),
});

/**
 * A catalog out of parsed JSON: `{"topics": [{topic, version, description, schema}]}`, other keys ignored.
 * @throws EventError
 */
export function parseCatalogDocument(value: unknown): CatalogDocument {
  if (!isShallow(value, MAX_DEPTH))
    throw invalid(`the catalog is deeper than ${MAX_DEPTH} levels: it was not made by "nervous catalog snapshot"`);
  const parsed = documentSchema.safeParse(value);
  if (!parsed.success) {
    const { message, problems } = describeIssues(parsed.error.issues);
    throw new EventError({
      code: 'CATALOG_INVALID',
      message: `${message}: this is no catalog, "nervous catalog snapshot" writes one`,
      problems,
    });
  }
  const names = new Set<string>();
  for (const [index, { topic, version }] of parsed.data.topics.entries()) {
    const name = nameOf(topic, version);
    if (names.has(name)) throw invalid(`/topics/${index}: "${name}" stands here twice: keep one`);
    names.add(name);
  }
  return parsed.data;
}

/** In the order of topics, versions and pointers, whatever the order in the catalogs. @throws EventError */
export function diffCatalogs(older: CatalogDocument, newer: CatalogDocument): readonly CatalogChange[] {
  const [before, after] = [byTopic(older), byTopic(newer)];
  const topics = [...new Set([...before.keys(), ...after.keys()])].sort(order);
  return topics.flatMap((topic) => diffTopic(topic, before.get(topic), after.get(topic)));
}

/** The gravest; undefined when nothing changed. */
export function severityOf(changes: readonly CatalogChange[]): Severity | undefined {
  return (['breaking', 'minor', 'patch'] as const).find((severity) => changes.some((one) => one.severity === severity));
}

type Versions = ReadonlyMap<number, CatalogDocument['topics'][number]>;

function diffTopic(topic: string, before: Versions = new Map(), after: Versions = new Map()): CatalogChange[] {
  const newestBefore = Math.max(0, ...before.keys());
  const newestAfter = Math.max(0, ...after.keys());
  const next = Math.max(newestBefore, newestAfter) + 1;
  const versions = [...new Set([...before.keys(), ...after.keys()])].sort((a, b) => a - b);
  return versions.flatMap((version): CatalogChange[] => {
    const [old, now] = [before.get(version), after.get(version)];
    const whole = { topic, version, pointer: '' };
    if (now === undefined)
      return [
        {
          ...whole,
          severity: 'breaking',
          detail: `the ${after.size === 0 ? 'topic' : 'version'} is gone: events recorded under it cannot be read by it any more`,
          fix: 'put it back: what was published once stays in the catalog',
        },
      ];
    if (old === undefined)
      return [{ ...whole, severity: 'minor', detail: newVersion(before.size === 0, version === newestAfter) }];
    // The description is the topic's: said once.
    const isDescribed = version !== newestAfter || old.description === now.description;
    return [
      ...(isDescribed ? [] : [{ ...whole, severity: 'patch' as const, detail: 'other description' }]),
      ...diffNamed(nameOf(topic, version), old.schema, now.schema).map((change) => ({
        topic,
        version,
        ...change,
        ...(change.severity === 'breaking'
          ? { fix: `leave version ${version} as it was and declare the new shape as version ${next}` }
          : {}),
      })),
    ];
  });
}

function diffNamed(name: string, older: unknown, newer: unknown): readonly SchemaChange[] {
  try {
    return diffSchemas(unshared(older), unshared(newer));
  } catch (cause) {
    if (!(cause instanceof EventError)) throw cause;
    throw new EventError({ code: 'CATALOG_INVALID', message: `${name}: ${cause.message}`, cause });
  }
}

/** Each place an object of its own: the comparison takes the same object for the same place, reached by a reference. */
function unshared(schema: unknown): unknown {
  return JSON.parse(JSON.stringify(schema));
}

function newVersion(isNewTopic: boolean, isNewest: boolean): string {
  if (isNewTopic) return 'new topic';
  return isNewest ? 'new version: who publishes without naming a version now publishes this one' : 'new version';
}

function byTopic({ topics }: CatalogDocument): ReadonlyMap<string, Versions> {
  const found = new Map<string, Map<number, CatalogDocument['topics'][number]>>();
  for (const entry of topics) {
    const versions = found.get(entry.topic) ?? new Map<number, CatalogDocument['topics'][number]>();
    found.set(entry.topic, versions.set(entry.version, entry));
  }
  return found;
}

function nameOf(topic: string, version: number): string {
  return `${topic}@${version}`;
}

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => isShallow(inner, levels - 1));
}

function invalid(message: string): EventError {
  return new EventError({ code: 'CATALOG_INVALID', message });
}

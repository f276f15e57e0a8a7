/**
 * The catalog as a page to read: each topic with who publishes and subscribes to it by right, and the fields of each version.
 * Everything in it comes from the configuration, and none of it can be more than text on the page.
 */
import { catalogEntries, ledgerTopics, type CatalogEntry } from '../../events/index.ts';
import { createPolicy, principalsOf, type Action } from '../../policy/index.ts';
import { orBlank } from '../../values/index.ts';
import type { NervousConfig } from '../config/config.ts';
import { compare } from '../map/map-loops.ts';
import { OWN_PUBLISHERS } from '../config/own-publishers.ts';

const HEADER = `# Topics

Made from the configuration by \`npx nervous catalog reference\`; do not edit. What versions promise: [events.md](events.md#how-a-topic-changes).
`;

interface Field {
  /** \`address.city\`, \`lines[].amount\` */
  readonly name: string;
  readonly schema: JsonSchema;
  readonly isRequired: boolean;
}

type JsonSchema = Readonly<Record<string, unknown>>;

export function topicReference(config: Pick<NervousConfig, 'topics' | 'roster' | 'modules'>): string {
  const byTopic = Map.groupBy(catalogEntries(ledgerTopics(config.topics)), ({ topic }) => topic);
  const sections = [...byTopic]
    .sort(([a], [b]) => compare(a, b))
    .map(([topic, versions]) => sectionOf(topic, versions, rightsOf(config, topic)));
  return [HEADER, ...sections].join('\n');
}

function sectionOf(topic: string, versions: readonly CatalogEntry[], rights: string): string {
  const newestFirst = [...versions].sort((a, b) => b.version - a.version);
  const [newest] = newestFirst;
  return [
    `## ${code(topic)}\n`,
    `${text(orBlank(newest?.description))}. ${rights}\n`,
    ...newestFirst.map(versionOf),
  ].join('\n');
}

function versionOf({ version, latest, schema }: CatalogEntry): string {
  const fields = fieldsOf(schema as JsonSchema);
  const rows = fields.map(
    ({ name, schema: of, isRequired }) =>
      `| ${code(name)} | ${typeOf(of)} | ${isRequired ? 'yes' : ''} | ${notesOf(of)} |`,
  );
  const table = ['| field | type | required | notes |', '|---|---|---|---|', ...rows].join('\n');
  const isStrict = (schema as JsonSchema)['additionalProperties'] === false;
  const more = isStrict ? '' : 'Other fields are taken too.\n';
  return [
    `### Version ${version}${latest ? ', the newest' : ''}\n`,
    fields.length === 0 ? 'No fields.\n' : `${table}\n`,
    more,
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function rightsOf({ roster, modules }: Pick<NervousConfig, 'roster' | 'modules'>, topic: string): string {
  const policy = createPolicy(roster, modules);
  const having = (action: Action): string => {
    const ids = [...principalsOf(roster, modules).values(), ...OWN_PUBLISHERS].filter((one) =>
      policy.may(one, action, topic),
    );
    return ids.length === 0
      ? 'nobody'
      : ids
          .map(({ id }) => code(id))
          .sort(compare)
          .join(', ');
  };
  return `Published by ${having('publishes')}; subscribed to by ${having('subscribes')}.`;
}

function fieldsOf(schema: JsonSchema, prefix = ''): readonly Field[] {
  const required = new Set(listOf(schema['required']));
  return Object.entries(objectOf(schema['properties'])).flatMap(([key, member]) => {
    const field = { name: `${prefix}${key}`, schema: objectOf(member), isRequired: required.has(key) };
    const items = objectOf(field.schema['items']);
    return [field, ...fieldsOf(field.schema, `${field.name}.`), ...fieldsOf(items, `${field.name}[].`)];
  });
}

function typeOf(schema: JsonSchema): string {
  if (Array.isArray(schema['enum'])) return schema['enum'].map((value) => code(JSON.stringify(value))).join(', ');
  if ('const' in schema) return code(JSON.stringify(schema['const']));
  const branches = listOf(schema['anyOf'] ?? schema['oneOf']);
  if (branches.length > 0) return branches.map((branch) => typeOf(objectOf(branch))).join(' or ');
  if (typeof schema['$ref'] === 'string') return code(schema['$ref']);
  return text(typeof schema['type'] === 'string' ? schema['type'] : 'any');
}

const LIMITS = {
  minLength: 'at least % characters',
  maxLength: 'at most % characters',
  minimum: 'at least %',
  maximum: 'at most %',
  exclusiveMinimum: 'more than %',
  exclusiveMaximum: 'less than %',
  minItems: 'at least % items',
  maxItems: 'at most % items',
  format: '%',
  pattern: 'matches %',
} as const;

function notesOf(schema: JsonSchema): string {
  // The format says it already, and the bounds of safe integers say nothing.
  const isSaid = (keyword: string): boolean =>
    (keyword === 'pattern' && 'format' in schema) || Math.abs(Number(schema[keyword])) === Number.MAX_SAFE_INTEGER;
  const limits = Object.entries(LIMITS)
    .filter(([keyword]) => keyword in schema && !isSaid(keyword))
    .map(([keyword, words]) => words.replace('%', () => code(String(schema[keyword]))));
  const description = typeof schema['description'] === 'string' ? [text(schema['description'])] : [];
  return [...(schema['sensitive'] === true ? ['**confidential**'] : []), ...description, ...limits].join('; ');
}

function objectOf(value: unknown): JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonSchema) : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** CommonMark section 2.4: any punctuation may be escaped. */
function text(words: string): string {
  return words.replaceAll(/\s+/g, ' ').replaceAll(/[\\`*_{}[\]<>#|~&]/g, '\\$&');
}

/** A code span that its content cannot end, in a table cell that it cannot end either. */
function code(content: string): string {
  const line = content.replaceAll(/\s/g, ' ').replaceAll('|', '\\|');
  const fence = '`'.repeat(1 + Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length)));
  const pad = line.startsWith('`') || line.endsWith('`') ? ' ' : '';
  return `${fence}${pad}${line}${pad}${fence}`;
}

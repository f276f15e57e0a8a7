/** The OpenAPI document as a page: each operation with what it takes and answers. The document itself is a file of the site. */
interface Operation {
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly description?: string;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: object }>> };
  readonly responses: Readonly<
    Record<
      string,
      { readonly description?: string; readonly content?: Readonly<Record<string, { readonly schema?: object }>> }
    >
  >;
}

export interface OpenApiDocument {
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, object>> };
}

export function openApiPage({ paths, components }: OpenApiDocument): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const schemas = Object.entries(components?.schemas ?? {});
  return [
    '# OpenAPI',
    '',
    'For programs that talk HTTP: every operation, from the document that an engine answers at `GET /v1/openapi.json` ([the same as a file](/openapi.json)).',
    '[HTTP](./http.md) tells how they are used together.',
    '',
    ...operations.flatMap(({ path, method, operation }) => operationSection(`${method} ${path}`, operation)),
    '## Schemas',
    '',
    ...schemas.flatMap(([name, schema]) => [`### ${name}`, '', ...json(schema)]),
  ].join('\n');
}

function operationSection(
  title: string,
  { summary, description, parameters = [], requestBody, responses }: Operation,
): string[] {
  const rows = parameters.map(
    (one) => `| \`${one.name}\` | ${one.in} | ${one.required === true ? 'yes' : ''} | ${cell(one.description)} |`,
  );
  const answers = Object.entries(responses).map(
    ([status, { description: said, content = {} }]) =>
      `| ${status} | ${cell(said)} | ${Object.entries(content)
        .map(([type, { schema }]) => `${type}: ${nameOf(schema)}`)
        .join(', ')} |`,
  );
  const bodies = Object.entries(requestBody?.content ?? {}).map(
    ([type, { schema }]) => `Body, ${type}: ${nameOf(schema)}`,
  );
  return [
    `## ${title}`,
    '',
    ...[summary, description].filter((one) => one !== undefined).flatMap((one) => [escape(one), '']),
    ...(rows.length === 0 ? [] : ['| parameter | in | required | |', '|---|---|---|---|', ...rows, '']),
    ...bodies.flatMap((one) => [one, '']),
    '| answer | | |',
    '|---|---|---|',
    ...answers,
    '',
  ];
}

/** A schema that has a name stands in its own section; another one is told in a word. */
function nameOf(schema: object | undefined): string {
  const reference = schema !== undefined && '$ref' in schema ? String(schema.$ref) : '';
  const name = reference.split('/').at(-1) ?? '';
  if (name !== '') return `[${name}](#${name.toLowerCase()})`;
  const { type, items }: { readonly type?: string; readonly items?: object } = schema ?? {};
  if (items !== undefined) return `list of ${nameOf(items)}`;
  return type === undefined ? 'one of several forms' : type;
}

export function json(value: object): string[] {
  return ['```json', JSON.stringify(value, undefined, 2), '```', ''];
}

function cell(text = ''): string {
  return escape(text).replaceAll('|', '\\|').replaceAll('\n', ' ');
}

/** What Markdown or the site's own templates would take for theirs. */
export function escape(text: string): string {
  return text.replaceAll('<', '&lt;').replaceAll('{{', '&#123;&#123;');
}

/** The documents that describe us to other people's tools, held against the official schemas of those documents' formats. */
import asyncApiSchema from '@asyncapi/specs/schemas/3.1.0.json' with { type: 'json' };
import '@hyperjump/json-schema/draft-04';
import '@hyperjump/json-schema/draft-07';
import '@hyperjump/json-schema/draft-2020-12';
import { registerSchema, validate } from '@hyperjump/json-schema/openapi-3-1';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createAsyncApiDocument } from '../../api/asyncapi.ts';
import { openApiDocument } from '../../api/index.ts';
import { topicSchema, type SchemaDialect } from '../../core/events/index.ts';
import { config } from '../../nervous.config.ts';

const OPENAPI_3_1 = 'https://spec.openapis.org/oas/3.1/schema-base';
const ASYNCAPI_3_1 = asyncApiSchema.$id;

type Document = Record<string, unknown>;
const asText = (value: object): Document => JSON.parse(JSON.stringify(value)) as Document;

/** Where a document does not fit, as the validator tells it; empty when it does. */
async function faults(schema: string, document: unknown): Promise<readonly string[]> {
  const output = await validate(schema, document as never, 'BASIC');
  const errors = (output as { readonly errors?: readonly { readonly instanceLocation: string }[] }).errors ?? [];
  return output.valid ? [] : ['does not fit', ...errors.map(({ instanceLocation }) => instanceLocation)];
}

function* references(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    if (key === '$ref' && typeof member === 'string') yield member;
    else yield* references(member);
  }
}

function at(document: unknown, reference: string): unknown {
  const keys = reference
    .slice(2)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
  return keys.reduce<unknown>((here, key) => (here as Document | undefined)?.[key], document);
}

beforeAll(() => registerSchema(asyncApiSchema as never));

describe('the OpenAPI document', () => {
  it('fits the schema of the OpenAPI Initiative, with its dialect of JSON Schema', async () => {
    expect(await faults(OPENAPI_3_1, asText(openApiDocument()))).toEqual([]);
  });

  it('would not if a route were described wrongly', async () => {
    const document = asText(openApiDocument());
    const paths = document['paths'] as Record<string, Record<string, Document>>;
    (paths['/health'] as Record<string, Document>)['get'] = { responses: { 200: {} } };
    expect(await faults(OPENAPI_3_1, document)).not.toEqual([]);
  });
});

describe('the AsyncAPI document', () => {
  const recursive = z.strictObject({
    name: z.string(),
    get children() {
      return z.array(recursive).optional();
    },
  });
  const tree = {
    ledger: 'main',
    origin: config.origin,
    topics: { 'tree.grown': { description: 'A tree', versions: { 1: recursive, 12: z.any() } } },
  };

  it('fits the schema of the AsyncAPI Initiative', async () => {
    expect(await faults(ASYNCAPI_3_1, asText(createAsyncApiDocument(config)))).toEqual([]);
    expect(await faults(ASYNCAPI_3_1, asText(createAsyncApiDocument(tree)))).toEqual([]);
    expect(await faults(ASYNCAPI_3_1, asText(createAsyncApiDocument({ ...tree, topics: {} })))).toEqual([]);
  });

  it('would not if an operation were described wrongly', async () => {
    const document = asText(createAsyncApiDocument(tree));
    const operations = document['operations'] as Record<string, Document>;
    (operations['publish.tree.grown'] as Document)['action'] = 'publish';
    expect(await faults(ASYNCAPI_3_1, document)).not.toEqual([]);
  });

  it.each([
    ['the sample', config],
    ['recursive types', tree],
  ])('has no reference that leads nowhere: %s', (_, of) => {
    const document = asText(createAsyncApiDocument(of));
    const all = [...references(document)];
    expect(all.length).toBeGreaterThan(10);
    expect(all.filter((reference) => !reference.startsWith('#/') || at(document, reference) === undefined)).toEqual([]);
  });

  it('says of each version how it is published and how it is delivered', () => {
    const document = asText(createAsyncApiDocument(tree));
    const { channels, operations, components } = document as Record<string, Record<string, Document>>;
    expect(Object.keys(channels?.['tree.grown']?.['messages'] as object)).toEqual([
      ...['publish.v1', 'deliver.v1', 'publish.v12', 'deliver.v12'],
    ]);
    expect(operations?.['publish.tree.grown']).toMatchObject({ action: 'receive' });
    expect(operations?.['deliver.tree.grown']).toMatchObject({ action: 'send' });
    const messages = components?.['messages'] as Record<string, { readonly payload: { readonly allOf: Document[] } }>;
    expect(messages['tree.grown.v1.deliver']?.payload.allOf).toMatchObject([
      { $ref: '#/components/schemas/Event' },
      { properties: { topic: { const: 'tree.grown' }, version: { const: 1 } } },
    ]);
  });
});

describe('the schema of a payload', () => {
  const dialects: readonly [SchemaDialect, string][] = [
    ['draft-2020-12', 'https://json-schema.org/draft/2020-12/schema'],
    ['draft-07', 'http://json-schema.org/draft-07/schema'],
    ['draft-04', 'http://json-schema.org/draft-04/schema'],
  ];
  const versions = Object.keys(config.topics).map((topic) => ({ topic, version: 1 }));

  it.each(dialects)('in %s is a schema, and says so', async (dialect, metaSchema) => {
    for (const one of versions) {
      const schema = topicSchema(config, one, dialect);
      expect(String(schema?.['$schema']).replace(/#$/, '')).toBe(metaSchema);
      expect(await faults(metaSchema, asText(schema as object)), one.topic).toEqual([]);
    }
  });

  it.each(dialects)('in %s takes what the catalog takes', async (dialect) => {
    const schema = topicSchema(config, { topic: 'transactions.new', version: 1 }, dialect) as Document;
    const { $id: _, id: __, ...rules } = schema;
    const id = `https://schemas.test/${dialect}`;
    registerSchema(rules as never, id, schema['$schema'] as string);
    const payload = { amount: '3200.00', kind: 'credit' };
    expect(await faults(id, payload)).toEqual([]);
    expect(await faults(id, { ...payload, amount: 3200 })).not.toEqual([]);
    expect(await faults(id, { ...payload, surprise: true })).not.toEqual([]);
  });

  it('is undefined when there is none', () => {
    expect(topicSchema(config, { topic: 'transactions.new', version: 99 }, 'draft-04')).toBeUndefined();
    expect(topicSchema(config, { topic: 'constructor', version: 1 }, 'draft-04')).toBeUndefined();
  });
});

it.each([
  [{ mode: 'range', from: 5, to: 6 }, true],
  [{ mode: 'range', from: 5 }, false],
  [{ from: 5 }, false],
  [{ mode: 'since' }, false],
  [{ mode: 'since', checkpoint: 'x' }, true],
  [{}, true],
])('R10: the document lets nobody send %j for verification, or does: %j', async (body, fits) => {
  const { components } = asText(openApiDocument()) as { components: { schemas: Record<string, object> } };
  const { VerifyInput = {} } = components.schemas;
  const id = `urn:test:verify-input:${JSON.stringify(body).length}:${fits}`;
  registerSchema({ $schema: 'https://json-schema.org/draft/2020-12/schema', ...VerifyInput }, id);
  expect((await validate(id, body)).valid).toBe(fits);
});

import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openApiDocument, ROUTES } from '../../api/index.ts';
import { problemCodes } from '../../api/openapi.ts';
import { PROBLEMS } from '../../api/problem-table.ts';

interface Operation {
  readonly operationId: string;
  readonly security: readonly object[];
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly required?: boolean }[];
  readonly requestBody?: { readonly required: boolean; readonly content: object };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: object }>>;
}
interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, { readonly examples?: readonly unknown[] }>>;
    readonly securitySchemes: object;
  };
}

const document = JSON.parse(JSON.stringify(openApiDocument())) as Document;
const operationOf = (path: string, method: string): Operation | undefined =>
  document.paths[path.replace('+}', '}')]?.[method.toLowerCase()];

/** Every object in a value, with the pointer to it. */
function* objectsIn(value: unknown, pointer = '#'): Generator<[string, Record<string, unknown>]> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield [pointer, value as Record<string, unknown>];
  for (const [key, member] of Object.entries(value)) {
    yield* objectsIn(member, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`);
  }
}

describe('the OpenAPI document', () => {
  it('is 3.1 with a bearer scheme', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(document.components.securitySchemes).toMatchObject({ bearer: { type: 'http', scheme: 'bearer' } });
  });

  it('has exactly the routes of the table', () => {
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => `${method.toUpperCase()} ${path} ${operationId}`),
    );
    expect(documented.sort()).toEqual(
      ROUTES.map(({ method, path, operationId }) => `${method} ${path.replace('+}', '}')} ${operationId}`).sort(),
    );
  });

  it('has no reference that leads nowhere', () => {
    const pointers = new Set([...objectsIn(document)].map(([pointer]) => pointer));
    const refs = [...objectsIn(document)].flatMap(([, object]) =>
      typeof object['$ref'] === 'string' ? [object['$ref']] : [],
    );
    expect(refs.length).toBeGreaterThan(100);
    expect(refs.filter((ref) => !pointers.has(ref))).toEqual([]);
  });

  it.each(ROUTES.map((route) => [route.operationId, route] as const))('describes %s fully', (_id, route) => {
    const operation = operationOf(route.path, route.method);
    const parameters = operation?.parameters ?? [];
    const inPath = [...route.path.matchAll(/\{([^}+]+)\+?\}/g)].map(([, name]) => ({
      in: 'path',
      name,
      required: true,
    }));
    expect(parameters.filter((parameter) => parameter.in === 'path')).toMatchObject(inPath);
    expect(parameters.some(({ name }) => name === 'Idempotency-Key')).toBe(route.method === 'POST');
    expect(operation?.security).toEqual(route.auth === 'required' ? [{ bearer: [] }] : []);
    expect(operation?.requestBody?.required).toBe(route.body === undefined ? undefined : !route.body.optional);
    const statuses = [...Object.keys(route.responses), ...problemCodes(route).map((code) => PROBLEMS[code].status)];
    expect(Object.keys(operation?.responses ?? {}).sort()).toEqual([...new Set(statuses.map(String))].sort());
    for (const code of problemCodes(route)) {
      const response = operation?.responses[PROBLEMS[code].status];
      expect(response?.description).toContain(code);
      expect(response?.content).toMatchObject({
        'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
      });
    }
  });

  it('has only optional query parameters, written as what they mean', () => {
    const limit = operationOf('/v1/feed', 'GET')?.parameters?.find(({ name }) => name === 'limit');
    expect(limit).toEqual({
      in: 'query',
      name: 'limit',
      schema: { type: 'integer', minimum: 1, maximum: 500, default: 100 },
    });
  });

  it('gives examples of every body, which its own schemas take', () => {
    const bodies = ROUTES.flatMap(({ body }) => (body === undefined ? [] : [body.schema]));
    for (const schema of bodies) {
      const options = schema instanceof z.ZodUnion ? (schema.options as readonly z.ZodType[]) : [schema];
      for (const option of options) {
        const examples = (option.meta()?.['examples'] ?? []) as readonly unknown[];
        expect(examples.length).toBeGreaterThan(0);
        for (const example of examples) expect(option.safeParse(example).error).toBeUndefined();
      }
    }
  });
});

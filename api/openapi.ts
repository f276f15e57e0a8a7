/** The route table as an OpenAPI 3.1 document. Everything in it comes from the table; it decides nothing of its own. */
import * as z from 'zod';
import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiParameters,
  type ZodOpenApiResponsesObject,
} from 'zod-openapi';
import { USE_CASES } from '../core/system/index.ts';
import { defined } from '../core/values/index.ts';
import type { ErrorCode } from './errors.ts';
import { PROBLEMS } from './problem-table.ts';
import type { Route } from './route.ts';
import { idempotencyKey } from './schemas/idempotency-key.ts';
import { problemSchema } from './schemas/problem.ts';

const API_VERSION = '1.0.0';
const JSON_TYPE = 'application/json';
const PROBLEM_TYPE = 'application/problem+json';
const SECURITY_SCHEME = 'bearer';

type Parameters = NonNullable<ZodOpenApiParameters['query']>;

const BODY_PROBLEMS = ['NOT_I_JSON', 'TOO_DEEP', 'BODY_TOO_LARGE', 'MEDIA_TYPE_UNSUPPORTED', 'SERVER_BUSY'] as const;

const idempotencyHeader = z.object({
  'Idempotency-Key': idempotencyKey.optional().meta({ description: 'makes it safe to send the request again' }),
});

const ifMatchHeader = z.object({
  'If-Match': z.string().min(1).max(1_000).meta({ description: 'the ETag of the state that is to be changed, or `*`' }),
});

export function createOpenApiDocument(routes: readonly Route[]): object {
  const paths = [...Map.groupBy(routes, ({ path }) => path)].map(([path, ofPath]) => [
    path.replace('+}', '}'), // OpenAPI 3.1 has no word for a parameter of several segments

    Object.fromEntries(ofPath.map((route) => [route.method.toLowerCase(), operationOf(route)])),
  ]);
  return createDocument(
    {
      openapi: '3.1.0',
      info: {
        title: 'Nervous System',
        version: API_VERSION,
        summary: 'Event bus and change-set ledger',
        description:
          'One signed, provable record of everything that happens to an entity, and no change to it without approval.',
        contact: { name: 'Nervous System', url: 'https://nervous-system.dev' },
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
      paths: Object.fromEntries(paths) as Record<string, Record<string, ZodOpenApiOperationObject>>,
      components: {
        securitySchemes: {
          [SECURITY_SCHEME]: { type: 'http', scheme: 'bearer', description: 'the token of a principal of the roster' },
        },
      },
    },
    { allowEmptySchema: { custom: true } },
  );
}

function operationOf(route: Route): ZodOpenApiOperationObject {
  const { operationId, tag, summary, description, params, query, body } = route;
  return {
    operationId,
    tags: [tag],
    summary,
    ...defined({ description }),
    security: route.auth === 'required' ? [{ [SECURITY_SCHEME]: [] }] : [],
    requestParams: {
      ...(params === undefined ? {} : { path: params as Parameters }),
      ...(query === undefined ? {} : { query: query as Parameters }),
      ...headerOf(route),
    },
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: !body.optional,
            content: contentOf({ [JSON_TYPE]: body.schema, ...body.alternatives }),
          },
        }),
    responses: responsesOf(route),
  };
}

function headerOf({ method, conditional }: Route): Pick<ZodOpenApiParameters, 'header'> {
  const header = {
    ...(method === 'POST' ? idempotencyHeader.shape : {}),
    ...(conditional === true ? ifMatchHeader.shape : {}),
    ...(conditional === 'optional' ? ifMatchHeader.partial().shape : {}),
  };
  return Object.keys(header).length === 0 ? {} : { header: z.object(header) };
}

/** Declared answers and problems; a status may be both, told apart by its media type. */
function responsesOf(route: Route): ZodOpenApiResponsesObject {
  const byStatus = Map.groupBy(problemCodes(route), (code) => PROBLEMS[code].status);
  const problems = [...byStatus].map(
    ([status, codes]) => [status, codes.join(', '), { [PROBLEM_TYPE]: problemSchema }] as const,
  );
  const answers = Object.entries(route.responses).map(
    ([status, { description, schema, mediaType, alternatives }]) =>
      [
        Number(status),
        description,
        mediaType === undefined
          ? { ...defined({ [JSON_TYPE]: schema }), ...alternatives }
          : { [mediaType]: z.string(), ...alternatives },
      ] as const,
  );
  const responses: Record<string, { description: string; content?: Content }> = {};
  for (const [status, description, schemas] of [...answers, ...problems]) {
    const known = responses[status];
    const content = { ...known?.content, ...contentOf(schemas) };
    responses[status] = {
      description: known === undefined ? description : `${known.description}; or ${description}`,
      ...(Object.keys(content).length === 0 ? {} : { content }),
    };
  }
  return responses;
}

type Content = Record<string, { schema: z.ZodType }>;

function contentOf(schemas: Readonly<Record<string, z.ZodType>>): Content {
  return Object.fromEntries(Object.entries(schemas).map(([mediaType, schema]) => [mediaType, { schema }]));
}

/** Every code a request to this route can be answered with. */
export function problemCodes({ auth, body, problems, ...route }: Route): readonly ErrorCode[] {
  return [
    ...new Set<ErrorCode>([
      'REQUEST_INVALID',
      ...(auth === 'required' ? (['UNAUTHENTICATED'] as const) : []),
      ...(body === undefined ? [] : BODY_PROBLEMS),
      ...entryPointProblems(route),
      ...(route.conditional === true ? (['PRECONDITION_REQUIRED'] as const) : []),
      ...problems,
      'INTERNAL',
      ...(auth === 'required' ? (['STORE_UNAVAILABLE'] as const) : []),
    ]),
  ];
}

/** What the entry point refuses with before the use case begins. */
function entryPointProblems({ operationId, ...route }: Pick<Route, 'operationId'>): readonly ErrorCode[] {
  const { for: whom, budget } = USE_CASES[operationId];
  const isHeavy = 'isHeavy' in route && route.isHeavy !== undefined;
  return [
    ...(whom === 'open' || whom === 'known' ? [] : (['FORBIDDEN'] as const)),
    ...(budget === undefined && !isHeavy ? [] : (['BUDGET_SPENT'] as const)),
  ];
}

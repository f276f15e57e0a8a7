/** What is known about an entity: its document, its chain, and whether that chain verifies. */
import type { NervousSystem } from '../../core/system/index.ts';
import * as z from 'zod';
import { aboutEntity, aboutEntries } from '../access.ts';
import { entityTag } from '../if-match.ts';
import { routesOn, type RequestHeaders } from '../route.ts';
import { entityAtSchema, entityPageSize, entityViewSchema, entryPageSchema } from '../schemas/entities.ts';
import { verificationReportSchema } from '../schemas/verification.ts';
import { entityId, placeOrMoment, wholeNumber } from '../schemas/fields.ts';

const route = routesOn<Pick<NervousSystem, 'entities'>>();

const MAX_SEQ = Number.MAX_SAFE_INTEGER;
const params = z.strictObject({ id: entityId });

const getEntity = route({
  method: 'GET',
  path: '/v1/entities/{id}',
  operationId: 'getEntity',
  access: aboutEntity,
  tag: 'entities',
  summary: "The entity's document and the head of its chain",
  description: 'Percent-encode the id: `account:1695` is `account%3A1695`, a slash is `%2F`.',
  params,
  responses: {
    200: { description: 'the entity; ETag names this state of its chain', schema: entityViewSchema },
    304: { description: 'unchanged since the ETag in If-None-Match' },
  },
  problems: ['ENTITY_NOT_FOUND', 'FORBIDDEN'],
  handler: async (system, principal, { params: { id }, request }) => {
    const entity = await system.entities.get(principal, id);
    const etag = entityTag(entity);
    return isKnown(request.headers, etag)
      ? { status: 304, headers: { etag } }
      : { status: 200, headers: { etag }, body: entity };
  },
});

const listEntries = route({
  method: 'GET',
  path: '/v1/entities/{id}/entries',
  operationId: 'listEntries',
  access: aboutEntries,
  tag: 'entities',
  summary: "The entries of the entity's chain, with their bytes",
  description: '`note` is the signed note as it was hashed, base64: what an auditor verifies.',
  params,
  query: z.strictObject({
    from: wholeNumber({ min: 0, max: MAX_SEQ, default: 0 }).meta({ description: 'first seq wanted' }),
    limit: wholeNumber(entityPageSize),
    verify: wholeNumber({ min: 0, max: 1, default: 0 }).meta({ description: '1: each entry with its verdict' }),
  }),
  responses: { 200: { description: 'a page in the order of the chain', schema: entryPageSchema } },
  problems: ['ENTITY_NOT_FOUND', 'FORBIDDEN'],
  isHeavy: ({ query }) => query.verify === 1,
  handler: async (system, principal, { params: { id }, query }) => {
    const { from, limit, verify } = query;
    const entries = await system.entities.entries(principal, id, {
      from,
      limit,
      ...(verify === 1 ? { verify: true } : {}),
    });
    const last = entries.length < query.limit ? undefined : entries.at(-1);
    return { status: 200, body: { entries, ...(last === undefined ? {} : { next: last.seq + 1 }) } };
  },
});

const getEntityHistory = route({
  method: 'GET',
  path: '/v1/entities/{id}/history',
  operationId: 'getEntityHistory',
  access: aboutEntity,
  tag: 'entities',
  summary: "The entity's document as it was",
  description:
    'Computed from the entries of the chain up to a place, each of which must continue the one before. `entry` is the last of them, and its hash is ' +
    'over them all: a proof of it (`/v1/proof`) proves what the document was made from.',
  params,
  query: z.strictObject({
    at: placeOrMoment.meta({
      description: 'seq of the last entry that counts, or a time: what was recorded until then counts',
      examples: ['7', '2026-12-01T08:00:00Z', '7d'],
    }),
  }),
  responses: { 200: { description: 'the entity then', schema: entityAtSchema } },
  problems: ['ENTITY_NOT_FOUND', 'ENTRY_UNREADABLE', 'FORBIDDEN', 'VERIFICATION_ENDED'],
  handler: async (system, principal, { params: { id }, query: { at }, request: { signal } }) => ({
    status: 200,
    body: await system.entities.at(principal, id, { at, signal }),
  }),
});

const verifyEntity = route({
  method: 'GET',
  path: '/v1/entities/{id}/verify',
  operationId: 'verifyEntity',
  access: aboutEntity,
  tag: 'entities',
  summary: "Verify the entity's chain, its place in the published log, and its document",
  description:
    'A chain that does not verify is an answer (200) whose verdict says so, not an error. `notChecked` says what it is not about.',
  params,
  responses: { 200: { description: 'the verdict', schema: verificationReportSchema } },
  problems: ['ENTITY_NOT_FOUND', 'FORBIDDEN', 'VERIFICATION_ENDED'],
  handler: async (system, principal, { params: { id }, request: { signal } }) => ({
    status: 200,
    body: await system.entities.verify(principal, id, { signal }),
  }),
});

export const entityRoutes = [getEntity, listEntries, getEntityHistory, verifyEntity];

/** If-None-Match compares weakly, RFC 9110 section 13.1.2. */
function isKnown(headers: RequestHeaders, etag: string): boolean {
  const known = headers['if-none-match'];
  if (typeof known !== 'string') return false;
  return known.trim() === '*' || known.split(',').some((one) => one.trim().replace(/^W\//, '') === etag);
}

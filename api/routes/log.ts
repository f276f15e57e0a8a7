/** The published log, for those who check it with tools of their own. */
import type { NervousSystem } from '../../core/system/index.ts';
import * as z from 'zod';
import { aboutProof, aboutTile } from '../access.ts';
import { routesOn } from '../route.ts';
import { entityId, wholeNumber } from '../schemas/fields.ts';

const route = routesOn<Pick<NervousSystem, 'log'>>();

const TEXT = 'text/plain; charset=utf-8';
const BYTES = 'application/octet-stream';
/** A full tile or bundle never changes. */
const FOR_EVER = 'private, max-age=31536000, immutable';

const getCheckpoint = route({
  method: 'GET',
  path: '/v1/checkpoint',
  operationId: 'getCheckpoint',
  tag: 'log',
  summary: 'The newest signed checkpoint (C2SP tlog-checkpoint) with its cosignatures',
  description: 'A signed note as text. Keep it: `nervous verify since` proves that a later log continues it.',
  responses: { 200: { description: 'a signed note', mediaType: TEXT } },
  problems: ['NOT_PUBLISHED_YET'],
  handler: async (system) => ({ status: 200, body: await system.log.checkpoint() }),
});

const getTile = route({
  method: 'GET',
  path: '/v1/tile/{tile+}',
  operationId: 'getTile',
  access: aboutTile,
  tag: 'log',
  summary: 'A hash tile, or (auditors) an entry bundle, of the log (C2SP tlog-tiles)',
  description: '`{tile}` is the rest of the path as C2SP names it: `0/x001/234`, `1/000.p/17`, `entries/000`.',
  params: z.strictObject({
    tile: z
      .string()
      .max(100)
      .regex(
        /^([0-9]{1,2}|entries)(\/x[0-9]{3})*\/[0-9]{3}(\.p\/[0-9]{1,3})?$/,
        'must be a tile path such as 0/000.p/17',
      ),
  }),
  responses: { 200: { description: 'the bytes', mediaType: BYTES } },
  problems: ['TILE_NOT_FOUND', 'FORBIDDEN'],
  handler: async (system, principal, { params: { tile } }) => ({
    status: 200,
    headers: tile.includes('.p/') ? {} : { 'cache-control': FOR_EVER },
    body: await system.log.file(principal, `tile/${tile}`),
  }),
});

const getProof = route({
  method: 'GET',
  path: '/v1/proof',
  operationId: 'getProof',
  access: aboutProof,
  tag: 'log',
  summary: 'A proof that an entry is in the log, checkable offline with the public key alone (C2SP tlog-proof)',
  description: 'A text with the entry, its place, the hashes up to the root, and the checkpoint that signs the root.',
  query: z.strictObject({ entity: entityId, seq: wholeNumber({ min: 0, max: Number.MAX_SAFE_INTEGER, default: 0 }) }),
  responses: { 200: { description: 'the proof', mediaType: TEXT } },
  problems: ['ENTITY_NOT_FOUND', 'NOT_PUBLISHED_YET', 'FORBIDDEN'],
  handler: async (system, principal, { query: { entity, seq } }) => ({
    status: 200,
    body: await system.log.proof(principal, entity, seq),
  }),
});

export const logRoutes = [getCheckpoint, getTile, getProof];

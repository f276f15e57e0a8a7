/** Claims of work: one holder at a time. docs/work.md */
import * as z from 'zod';
import type { NervousSystem } from '../../core/system/index.ts';
import { defined } from '../../core/values/index.ts';
import {
  claimInputSchema,
  completeInputSchema,
  releaseInputSchema,
  renewInputSchema,
  stealInputSchema,
  workIdSchema,
  type Claimed,
} from '../../core/work/index.ts';
import { aboutList, aboutOne, aboutWork } from '../access.ts';
import { bodyForCore, routesOn } from '../route.ts';
import { wholeNumber } from '../schemas/fields.ts';
import { claimedSchema, workPageSchema, workViewSchema } from '../schemas/work.ts';

const route = routesOn<Pick<NervousSystem, 'work'>>();

const tag = 'work';
const writeProblems = ['WORK_INVALID', 'FORBIDDEN', 'LEDGER_BUSY', 'STORE_UNAVAILABLE'] as const;
const claimProblems = [...writeProblems, 'WORK_CLAIMED', 'WORK_COMPLETED'] as const;
const holderProblems = [...writeProblems, 'FENCE_STALE', 'WORK_NOT_FOUND'] as const;
const example = { workId: 'deploy-dashboard', fence: 0 };
const claimResponses = {
  201: { description: 'claimed now', schema: claimedSchema },
  200: { description: 'you held it already', schema: claimedSchema },
};
const done = { 200: { description: 'as it is now', schema: workViewSchema } };

const claimWork = route({
  method: 'POST',
  path: '/v1/work/claim',
  operationId: 'claimWork',
  access: aboutWork,
  ...{ tag, problems: claimProblems, responses: claimResponses },
  summary: 'Claim a piece of work, so that nobody else does it',
  description:
    'Exactly one holds it. Recorded as `work.claimed` on the entity `work:<workId>`; the fence is the `seq` of that entry. ' +
    'Asked again by the holder, it answers the same. WORK_CLAIMED says in `claim` who holds it, since when, and until when.',
  body: bodyForCore(
    claimInputSchema.meta({ examples: [{ workId: 'deploy-dashboard', ttlMs: 60_000, description: 'Deploy it' }] }),
  ),
  handler: async (system, principal, { body }) => answer(await system.work.claim(principal, body)),
});

const stealWork = route({
  method: 'POST',
  path: '/v1/work/steal',
  operationId: 'stealWork',
  access: aboutWork,
  ...{ tag, problems: claimProblems, responses: claimResponses },
  summary: 'Take work from whoever holds it',
  description:
    'The fence of the claim before is stale from then on. It takes the right `steals`, and a reason, which is recorded.',
  body: bodyForCore(
    stealInputSchema.meta({ examples: [{ workId: 'deploy-dashboard', ttlMs: 60_000, reason: 'its session hangs' }] }),
  ),
  handler: async (system, principal, { body }) => answer(await system.work.steal(principal, body)),
});

const renewWork = route({
  method: 'POST',
  path: '/v1/work/renew',
  operationId: 'renewWork',
  ...{ tag, problems: holderProblems },
  summary: 'Begin a new term of a claim',
  description: 'The fence stays. A claim whose term is over, or that another holds, is refused.',
  body: bodyForCore(renewInputSchema.meta({ examples: [{ ...example, ttlMs: 60_000 }] })),
  responses: { 200: { description: 'the same claim, until later', schema: claimedSchema } },
  handler: async (system, principal, { body }) => ({ status: 200, body: await system.work.renew(principal, body) }),
});

const releaseWork = route({
  method: 'POST',
  path: '/v1/work/release',
  operationId: 'releaseWork',
  access: aboutWork,
  ...{ tag, problems: holderProblems, responses: done },
  summary: 'Give work up, for others to claim',
  description: 'What is done under its fence from then on is refused.',
  body: bodyForCore(releaseInputSchema.meta({ examples: [{ ...example, reason: 'it needs somebody who knows SQL' }] })),
  handler: async (system, principal, { body }) => ({ status: 200, body: await system.work.release(principal, body) }),
});

const completeWork = route({
  method: 'POST',
  path: '/v1/work/complete',
  operationId: 'completeWork',
  access: aboutWork,
  ...{ tag, problems: holderProblems, responses: done },
  summary: 'Say that the work is done',
  description: 'Nobody can claim it any more.',
  body: bodyForCore(completeInputSchema.meta({ examples: [{ ...example, result: 'deployed as version 12' }] })),
  handler: async (system, principal, { body }) => ({ status: 200, body: await system.work.complete(principal, body) }),
});

const listWork = route({
  method: 'GET',
  path: '/v1/work',
  operationId: 'listWork',
  access: aboutList('work'),
  tag,
  summary: 'Work that you may claim or read, by id',
  description: 'A page may hold fewer than `limit`, or none, and still have a `next`.',
  query: z.strictObject({
    state: z.enum(['claimed', 'completed', 'released']).optional(),
    after: workIdSchema.optional().meta({ description: '`next` of the page before' }),
    limit: wholeNumber({ min: 1, max: 100, default: 50 }),
  }),
  responses: { 200: { description: 'a page', schema: workPageSchema } },
  problems: ['STORE_UNAVAILABLE'],
  handler: async (system, principal, { query: { state, after, limit } }) => ({
    status: 200,
    body: await system.work.list(principal, { limit, ...defined({ state, after }) }),
  }),
});

const getWork = route({
  method: 'GET',
  path: '/v1/work/{workId}',
  operationId: 'getWork',
  access: aboutOne,
  tag,
  summary: 'A piece of work with its newest claim',
  description: 'For those who may claim it or read its chain.',
  params: z.strictObject({ workId: workIdSchema }),
  responses: { 200: { description: 'as it is now', schema: workViewSchema } },
  problems: ['WORK_NOT_FOUND', 'STORE_UNAVAILABLE'],
  handler: async (system, principal, { params: { workId } }) => ({
    status: 200,
    body: await system.work.get(principal, workId),
  }),
});

export const workRoutes = [claimWork, renewWork, releaseWork, completeWork, stealWork, listWork, getWork];

function answer(claimed: Claimed): { readonly status: 200 | 201; readonly body: Claimed } {
  return { status: claimed.status === 'claimed' ? 201 : 200, body: claimed };
}

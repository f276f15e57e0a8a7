/** Claims of work as they go out. */
import * as z from 'zod';
import { workIdSchema, type Claimed, type WorkPage, type WorkView } from '../../core/work/index.ts';
import { instant, seq } from './fields.ts';

const holder = z.string().meta({ description: '`kind:id` of the principal', examples: ['agent:budget-bot'] });

export const claimedSchema: z.ZodType<Claimed> = z
  .strictObject({
    status: z.enum(['claimed', 'held']).meta({ description: '`held`: you held it already' }),
    workId: workIdSchema,
    fence: seq.meta({ description: 'say it wherever you do something under the claim' }),
    since: instant,
    until: instant.meta({ description: 'renew it before then' }),
  })
  .meta({ id: 'Claim' });

export const workViewSchema: z.ZodType<WorkView> = z
  .strictObject({
    workId: workIdSchema,
    state: z.enum(['claimed', 'completed', 'released']),
    by: holder,
    session: z.string().exactOptional(),
    fence: seq,
    since: instant,
    until: instant.exactOptional().meta({ description: 'of a claim: it may end then' }),
    description: z.string().exactOptional(),
    endedAt: instant.exactOptional(),
    reason: z.enum(['released', 'expired', 'stolen']).exactOptional().meta({ description: 'why the claim ended' }),
    why: z.string().exactOptional().meta({ description: 'in words of whoever ended it' }),
    result: z.string().exactOptional(),
  })
  .meta({ id: 'Work', description: 'A piece of work with its newest claim.' });

export const workPageSchema: z.ZodType<WorkPage> = z
  .strictObject({
    work: z.array(workViewSchema),
    next: workIdSchema.exactOptional().meta({ description: 'pass it as `after` to go on; absent: there is no more' }),
  })
  .meta({ id: 'WorkPage' });

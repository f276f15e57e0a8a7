/** Problem details, RFC 9457: the one form of every error. */
import * as z from 'zod';
import { PROBLEMS } from '../problem-table.ts';
import type { ErrorCode } from '../errors.ts';
import { instant } from './fields.ts';

const codes = Object.keys(PROBLEMS) as [ErrorCode, ...ErrorCode[]];

const problemErrorSchema = z.strictObject({
  /** RFC 6901 pointer into the body, or into the named place */
  pointer: z.string(),
  detail: z.string(),
  in: z.enum(['query', 'path', 'header']).exactOptional(),
});

export const problemSchema = z
  .strictObject({
    type: z.url().meta({ description: 'stable URI of this kind of problem' }),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string().meta({ description: 'what was wrong with this request, and what to do' }),
    code: z.enum(codes),
    instance: z.string().exactOptional().meta({ description: 'the path of the request' }),
    errors: z.array(problemErrorSchema).meta({ description: 'every fault, with its place' }),
    retryAfterSeconds: z.int().min(1).exactOptional().meta({ description: 'the same again may succeed after this' }),
    oldestCursor: z.string().exactOptional().meta({ description: 'CURSOR_GONE: where the feed goes on' }),
    claim: z
      .strictObject({ by: z.string(), since: instant, until: instant })
      .exactOptional()
      .meta({ description: 'WORK_CLAIMED: who holds the work (`kind:id`), since when, and until when' }),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem details' });

export type ProblemDetails = z.output<typeof problemSchema>;

/** The topics by which the system tells of claims. Each is an entry on the chain of its work, and a claim's fence is its `seq` there. */
import * as z from 'zod';
import { fenceNumberSchema, workIdSchema } from './work-input.ts';

/** The `source` of what is told of claims: no principal can have this name. */
export const WORK_SOURCE = 'system/work';

const claim = {
  workId: workIdSchema,
  /** who holds it: `kind:id` */
  by: z.string(),
  session: z.string().exactOptional(),
};

export const WORK_TOPICS = {
  'work.claimed': {
    description:
      'Somebody holds a piece of work, and nobody else does; the fence of the claim is its place on the chain',
    versions: {
      1: z.strictObject({ ...claim, ttlMs: z.int(), description: z.string().exactOptional() }),
    },
  },
  'work.completed': {
    description: 'The holder has done the work: nobody can claim it any more',
    versions: {
      1: z.strictObject({ ...claim, fence: fenceNumberSchema, result: z.string().exactOptional() }),
    },
  },
  'work.released': {
    description: 'A claim has ended, and its fence with it: given up, not renewed in time, or taken away',
    versions: {
      1: z.strictObject({
        ...claim,
        fence: fenceNumberSchema,
        reason: z.enum(['released', 'expired', 'stolen']),
        why: z.string().exactOptional(),
      }),
    },
  },
} as const;

export type WorkTopic = keyof typeof WORK_TOPICS;
type Payload<Topic extends WorkTopic> = z.output<(typeof WORK_TOPICS)[Topic]['versions'][1]>;
/** What an entry of each topic says. */
export type WorkStep = {
  readonly [Topic in WorkTopic]: { readonly topic: Topic; readonly payload: Payload<Topic> };
}[WorkTopic];

/** What was recorded as one; undefined: it is none that the system could have written. */
export function readWorkStep(topic: unknown, payload: unknown): WorkStep | undefined {
  if (typeof topic !== 'string' || !Object.hasOwn(WORK_TOPICS, topic)) return undefined;
  const parsed = WORK_TOPICS[topic as WorkTopic].versions[1].safeParse(payload);
  return parsed.success ? ({ topic, payload: parsed.data } as WorkStep) : undefined;
}

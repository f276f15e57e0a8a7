/** The access journal, as it is shown. */
import * as z from 'zod';
import type { AccessPage, AccessView } from '../../core/system/index.ts';
import { chainHash, count, instant } from './fields.ts';

const accessSchema: z.ZodType<AccessView> = z
  .strictObject({
    at: instant,
    actor: z.strictObject({
      kind: z.enum(['person', 'agent', 'module', 'service']),
      id: z.string(),
      via: z.string().exactOptional(),
      logic: z.string().exactOptional(),
    }),
    person: z.string().exactOptional().meta({ description: 'the person, or who answers for the agent' }),
    operation: z.string().meta({ description: '`operationId` of what was asked for' }),
    outcome: z.enum(['succeeded', 'refused']),
    code: z.string().exactOptional().meta({ description: 'why it was refused' }),
    entities: z.array(z.string()).exactOptional().meta({ description: 'sorted, at most 50' }),
    more: z.literal(true).exactOptional().meta({ description: 'there were more entities than are named' }),
    id: z.string().exactOptional(),
    from: count.exactOptional().meta({ description: 'log index, of a page of a chain `seq`, of the first' }),
    to: count.exactOptional(),
    count: count.exactOptional(),
    unrecorded: count
      .exactOptional()
      .meta({ description: 'refusals of the same principal before this one that were too many to be journaled' }),
    ledger: z.strictObject({ entity: z.string(), seq: count, position: count, hash: chainHash }),
  })
  .meta({ id: 'Access' });

export const accessPageSchema: z.ZodType<AccessPage> = z
  .strictObject({
    accesses: z.array(accessSchema),
    cursor: z.string(),
    isLast: z.boolean().meta({ description: 'nothing was behind it when the page was read' }),
  })
  .meta({ id: 'AccessPage' });

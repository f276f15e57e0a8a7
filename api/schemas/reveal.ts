/** Confidential fields, revealed. */
import * as z from 'zod';
import type { JsonValue } from '../../core/canonical/index.ts';
import type { Revealed } from '../../core/events/index.ts';
import { entityId, seq } from './fields.ts';

export const revealInputSchema = z
  .strictObject({ seq: z.int().min(0).meta({ description: "the entry's place on the chain" }) })
  .meta({ id: 'RevealInput', examples: [{ seq: 4 }] });

const path = z.string().meta({ description: "JSON pointer into the entry's data" });

export const revealedSchema: z.ZodType<Revealed> = z
  .strictObject({
    entityId,
    seq,
    journaledAt: seq,
    fields: z.array(
      z.union([
        z.strictObject({ path, kind: z.literal('value'), value: z.unknown() as z.ZodType<JsonValue> }),
        z.strictObject({ path, kind: z.literal('erased') }),
      ]),
    ),
  })
  .meta({ id: 'Revealed' });

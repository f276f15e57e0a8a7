/** What is in quarantine. */
import * as z from 'zod';
import type { JsonValue } from '../../core/canonical/index.ts';
import type { Quarantined } from '../../core/events/index.ts';
import { hash, instant } from './fields.ts';

const quarantinedSchema: z.ZodType<Quarantined> = z
  .strictObject({
    id: hash,
    reason: z.string(),
    arrivedAt: instant,
    event: (z.unknown() as z.ZodType<JsonValue>).meta({ description: 'as it arrived' }),
  })
  .meta({ id: 'Quarantined' });

export interface QuarantinePage {
  readonly events: readonly Quarantined[];
  readonly next?: string;
}
export const quarantinePageSchema: z.ZodType<QuarantinePage> = z
  .strictObject({ events: z.array(quarantinedSchema), next: hash.exactOptional() })
  .meta({ id: 'QuarantinePage' });

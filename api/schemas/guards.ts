/** What protection stopped, as it goes out. */
import * as z from 'zod';
import type { GuardState } from '../../core/events/index.ts';
import { count, instant, principalId } from './fields.ts';

export const guardStateSchema: z.ZodType<GuardState> = z
  .strictObject({
    topic: z.string(),
    state: z.enum(['open', 'stopped']),
    perSecond: count
      .exactOptional()
      .meta({ description: 'more events than this in one second are a storm; absent: none are' }),
    stops: z
      .array(
        z.strictObject({
          id: z.string().meta({ description: 'eventId of the `system.storm_detected` that tells it' }),
          topic: z.string(),
          cause: z.enum(['storm', 'loop']),
          correlationId: z.string().exactOptional().meta({ description: 'only its events are refused' }),
          reason: z.string(),
          eventId: z.string().meta({ description: 'the event that decided it; it was not recorded' }),
          source: principalId,
          stoppedAt: instant,
          resetAt: instant.exactOptional().meta({ description: 'it opens by itself then' }),
        }),
      )
      .meta({ description: 'a storm stops the topic for everybody, a loop for one correlation' }),
  })
  .meta({ id: 'Guard' });

export interface GuardList {
  readonly guards: readonly GuardState[];
}
export const guardListSchema: z.ZodType<GuardList> = z
  .strictObject({ guards: z.array(guardStateSchema) })
  .meta({ id: 'Guards' });

/** CloudEvents 1.0 in the JSON format, as documented; core/events decides what is taken. */
import * as z from 'zod';
import { eventInputSchema, type CloudEvent } from '../../core/events/index.ts';
import { entityId, eventId, jsonObject, principalId } from './fields.ts';

export const CLOUD_EVENT = 'application/cloudevents+json';
export const CLOUD_EVENT_BATCH = 'application/cloudevents-batch+json';

export const cloudEventSchema: z.ZodType<CloudEvent> = z
  .looseObject({
    specversion: z.literal('1.0'),
    id: eventId,
    source: principalId.meta({ description: 'the principal that publishes' }),
    type: eventInputSchema.shape.topic.meta({ description: 'the topic' }),
    subject: entityId.optional().meta({ description: 'the entity' }),
    time: z.iso.datetime({ offset: true }).optional(),
    datacontenttype: z.literal('application/json').optional(),
    dataschema: z.string().optional().meta({ pattern: '^[A-Za-z][A-Za-z0-9+.-]*:[!-~]+$' }),
    dataversion: z.int().min(1).max(1_000_000).optional().meta({ description: 'version of the topic' }),
    data: jsonObject,
  })
  .meta({
    ...{ id: 'CloudEvent', description: 'CloudEvents 1.0; extensions are metadata. See docs/events.md' },
    propertyNames: { pattern: '^[a-z0-9]+$', not: { const: 'data_base64' } },
    additionalProperties: {
      anyOf: [
        { type: 'string', pattern: '^[ -~]*$' },
        { type: 'integer', minimum: -(2 ** 31), maximum: 2 ** 31 - 1 },
        { type: 'boolean' },
      ],
    },
  }) as never;

export const cloudEventBatchSchema = z.array(cloudEventSchema).meta({ id: 'CloudEventBatch' });

/** CloudEvents 1.0 in the JSON format, as documented; core/events decides what is taken. */
import * as z from 'zod';
import type { CloudEvent } from '../../core/events/index.ts';
import { jsonObject } from './fields.ts';

export const CLOUD_EVENT = 'application/cloudevents+json';
export const CLOUD_EVENT_BATCH = 'application/cloudevents-batch+json';

export const cloudEventSchema: z.ZodType<CloudEvent> = z
  .looseObject({
    specversion: z.literal('1.0'),
    id: z.string(),
    source: z.string().meta({ description: 'the principal that publishes' }),
    type: z.string().meta({ description: 'the topic' }),
    subject: z.string().optional().meta({ description: 'the entity' }),
    time: z.iso.datetime({ offset: true }).optional(),
    datacontenttype: z.literal('application/json').optional(),
    dataschema: z.string().optional(),
    dataversion: z.int().min(1).optional().meta({ description: 'version of the topic' }),
    data: jsonObject,
  })
  .meta({ id: 'CloudEvent', description: 'CloudEvents 1.0; extensions are metadata. See docs/events.md' }) as never;

export const cloudEventBatchSchema = z.array(cloudEventSchema).meta({ id: 'CloudEventBatch' });

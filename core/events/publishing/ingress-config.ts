/**
 * The `ingress` section of nervous.config.ts: which events of others become which topic, and what of them is kept. It is
 * data: a pattern says what a rule takes, JSON pointers say where the entity and the payload come from.
 */
import * as z from 'zod';
import { parsePattern, PatternError } from '../pattern/index.ts';

const POINTER = /^(\/[^/]*)+$/;
const pointer = z.string().max(200).regex(POINTER, 'must be a JSON pointer such as /detail/bucket/name');
/** text with JSON pointers in braces: `bucket:{/detail/bucket/name}` */
const template = z
  .string()
  .min(1)
  .max(300)
  .regex(
    /^([^{}]|\{(\/[^{}/]*)+\})+$/,
    'must be text with JSON pointers in braces, such as bucket:{/detail/bucket/name}',
  );

const ingressRuleSchema = z.strictObject({
  name: z.string().min(1).max(100),
  /** an EventBridge event pattern over the event as it arrived */
  when: z.custom<{ readonly [key: string]: unknown }>().superRefine((pattern, context) => {
    try {
      parsePattern(pattern);
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      context.addIssue({ code: 'custom', message: `is not a pattern: ${error.message}` });
    }
  }),
  topic: z.string().regex(/^[a-z0-9_-]+(\.[a-z0-9_-]+)+$/, 'must be domain.name in lower case'),
  /** default: the newest version of the topic */
  version: z.int().min(1).max(1_000_000).optional(),
  /** whose chain it goes on; default: the chain of its source */
  entity: template.optional(),
  /** payload field → where it stands in the event; what is absent there is left out. Default: `/detail` as it is */
  payload: z.record(z.string().min(1).max(128), pointer).optional(),
});

/** The first rule that takes an event decides. */
export const ingressSchema = z.array(ingressRuleSchema).max(1_000).default([]);

export type IngressRule = z.output<typeof ingressRuleSchema>;

/** The messages of a subscription: pulled, acknowledged, refused; and those that died, which may be tried again. */
import type { NervousSystem } from '../../core/system/index.ts';
import * as z from 'zod';
import { toCloudEvent } from '../../core/events/index.ts';
import { defined, MS_PER_SECOND } from '../../core/values/index.ts';
import { wantsCloudEvents } from '../cloud-events.ts';
import { checkedBody, routesOn } from '../route.ts';
import { CLOUD_EVENT_BATCH, cloudEventBatchSchema } from '../schemas/cloud-events.ts';
import { optionalWholeNumber, subscriptionId, waitSeconds, wholeNumber } from '../schemas/fields.ts';
import {
  ackSchema,
  deadLetterPageSchema,
  extendedSchema,
  extendSchema,
  messageListSchema,
  nackSchema,
  redrivenSchema,
  redriveSchema,
  settlementSchema,
} from '../schemas/subscriptions.ts';

const route = routesOn<Pick<NervousSystem, 'subscriptions' | 'config'>>();

/** Messages leased in one request: about 1 MiB of ordinary events. */
const MAX_MESSAGES = 1_000;
const params = z.strictObject({ id: subscriptionId });

const receiveMessages = route({
  method: 'GET',
  path: '/v1/subscriptions/{id}/messages',
  operationId: 'receiveMessages',
  tag: 'subscriptions',
  summary: 'Lease messages, waiting for them (long poll)',
  description:
    'Each message is yours until `ackTimeoutMs` of the subscription has passed: acknowledge it, refuse it, or it comes again. A buffered subscription answers when a batch is full or has waited long enough. Refused for subscriptions whose target is a function or a stream.',
  unsafe: true,
  params,
  query: z.strictObject({ max: wholeNumber({ min: 1, max: MAX_MESSAGES, default: 10 }), wait: waitSeconds }),
  responses: {
    200: {
      description:
        'messages; none when none came while waiting. Of CloudEvents, `receipt` and `attempt` are extensions',
      schema: messageListSchema,
      alternatives: { [CLOUD_EVENT_BATCH]: cloudEventBatchSchema },
    },
  },
  problems: ['SUBSCRIPTION_NOT_FOUND', 'SUBSCRIPTION_INVALID', 'FORBIDDEN'],
  handler: async (system, principal, { params: { id }, query: { max, wait }, request: { signal, headers } }) => {
    const messages = await system.subscriptions.receive(principal, id, { max, waitMs: wait * MS_PER_SECOND, signal });
    const idleSeconds = messages.length > 0 ? undefined : system.subscriptions.idleSeconds();
    const hint = idleSeconds === undefined ? {} : { idleSeconds };
    if (!wantsCloudEvents(headers)) return { status: 200, body: { messages, ...hint } };
    const { origin } = system.config;
    const events = messages.map(({ event, receipt, attempt }) => ({
      ...toCloudEvent(event, origin),
      receipt,
      attempt,
    }));
    return { status: 200, headers: { 'content-type': CLOUD_EVENT_BATCH }, body: events };
  },
});

const ackMessages = route({
  method: 'POST',
  path: '/v1/subscriptions/{id}/ack',
  operationId: 'ackMessages',
  tag: 'subscriptions',
  summary: 'Acknowledge messages: they are done',
  description: 'A receipt that is no longer valid is answered as such; its message comes again.',
  params,
  body: checkedBody(ackSchema),
  responses: { 200: { description: 'settled, but for the stale ones', schema: settlementSchema } },
  problems: ['SUBSCRIPTION_NOT_FOUND'],
  handler: async (system, principal, { params: { id }, body: { receipts } }) => ({
    status: 200,
    body: await system.subscriptions.ack(principal, id, receipts),
  }),
});

const extendMessages = route({
  method: 'POST',
  path: '/v1/subscriptions/{id}/extend',
  operationId: 'extendMessages',
  tag: 'subscriptions',
  summary: 'Keep messages longer: their time to be settled begins anew',
  description:
    'For work that takes longer than `ackTimeoutMs` of the subscription, which is how long each call keeps them. From then on only the receipt in the answer is valid. On AWS a message can be kept for 12 hours in all.',
  params,
  body: checkedBody(extendSchema),
  responses: { 200: { description: 'kept, but for the stale ones', schema: extendedSchema } },
  problems: ['SUBSCRIPTION_NOT_FOUND'],
  handler: async (system, principal, { params: { id }, body: { receipts } }) => ({
    status: 200,
    body: await system.subscriptions.extend(principal, id, receipts),
  }),
});

const nackMessages = route({
  method: 'POST',
  path: '/v1/subscriptions/{id}/nack',
  operationId: 'nackMessages',
  tag: 'subscriptions',
  summary: 'Refuse messages: they come again, or become dead letters',
  description: 'With `delayMs` they come again no earlier than that. The reason stands in the trace.',
  params,
  body: checkedBody(nackSchema),
  responses: { 200: { description: 'settled, but for the stale ones', schema: settlementSchema } },
  problems: ['SUBSCRIPTION_NOT_FOUND'],
  handler: async (system, principal, { params: { id }, body: { receipts, ...failure } }) => ({
    status: 200,
    body: await system.subscriptions.nack(principal, id, receipts, failure),
  }),
});

const listDeadLetters = route({
  method: 'GET',
  path: '/v1/subscriptions/{id}/dead-letters',
  operationId: 'listDeadLetters',
  tag: 'subscriptions',
  summary: 'Events whose delivery was given up, with the reason',
  description: 'Oldest first. Go on with `after`.',
  params,
  query: z.strictObject({
    after: optionalWholeNumber({ min: 0, max: Number.MAX_SAFE_INTEGER }).meta({
      description: '`next` of the page before',
    }),
    limit: wholeNumber({ min: 1, max: 100, default: 50 }),
  }),
  responses: { 200: { description: 'a page in commit order', schema: deadLetterPageSchema } },
  problems: ['SUBSCRIPTION_NOT_FOUND'],
  handler: async (system, principal, { params: { id }, query: { after, limit } }) => {
    const options = { limit, ...defined({ after }) };
    const deadLetters = await system.subscriptions.deadLetters(principal, id, options);
    const last = deadLetters.length < limit ? undefined : deadLetters.at(-1);
    return { status: 200, body: { deadLetters, ...(last === undefined ? {} : { next: last.position }) } };
  },
});

const redriveDeadLetters = route({
  method: 'POST',
  path: '/v1/subscriptions/{id}/redrive',
  operationId: 'redriveDeadLetters',
  tag: 'subscriptions',
  summary: 'Deliver dead letters again, with fresh attempts',
  description: 'By position, by pattern, or all of them. Their order among later events is not kept.',
  params,
  body: checkedBody(redriveSchema, { optional: true }),
  responses: { 200: { description: 'how many are due again', schema: redrivenSchema } },
  problems: ['SUBSCRIPTION_NOT_FOUND', 'SUBSCRIPTION_INVALID'],
  handler: async (system, principal, { params: { id }, body }) => ({
    status: 200,
    body: { redriven: await system.subscriptions.redrive(principal, id, body) },
  }),
});

export const messageRoutes = [
  receiveMessages,
  ackMessages,
  extendMessages,
  nackMessages,
  listDeadLetters,
  redriveDeadLetters,
];

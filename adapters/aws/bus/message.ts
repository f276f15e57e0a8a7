/**
 * Describes what is in a subscription's queue, and the receipt that a consumer holds for it. Both come back from outside, so
 * junk is recognized: it is never trusted, and never thrown at a caller.
 */
import * as z from 'zod';
import type { DeliveredEvent } from '../../../core/events/index.ts';
import { defined, orBlank } from '../../../core/values/index.ts';

/** The template by which a rule writes messages: `<event>` is the event as JSON. */
export function messageTemplate(subscription: string): string {
  return `{"subscription":${JSON.stringify(subscription)},"event":<event>}`;
}

export interface QueueMessage {
  readonly subscription: string;
  readonly event: DeliveredEvent;
}

export function formatMessage(message: QueueMessage): string {
  return JSON.stringify(message);
}

const messageSchema = z.looseObject({
  subscription: z.string(),
  event: z.looseObject({
    eventId: z.string(),
    topic: z.string(),
    version: z.int(),
    timestamp: z.string(),
    entityId: z.string(),
    source: z.string(),
    payload: z.looseObject({}),
    ledger: z.looseObject({ entity: z.string(), seq: z.int().min(0), hash: z.string() }),
  }),
});

/** Undefined: this is no event. */
export function parseMessage(body: string | undefined): QueueMessage | undefined {
  const parsed = messageSchema.safeParse(parseJson(orBlank(body)));
  return parsed.success ? (parsed.data as unknown as QueueMessage) : undefined;
}

/** Below DynamoDB's 400 KB, whatever the characters. */
const MAX_QUARANTINED_CHARS = 90_000;

/** Junk, as quarantine keeps it. */
export function quarantinedBody(body: string): string {
  return body.slice(0, MAX_QUARANTINED_CHARS);
}

/** A delivery that is out. */
export interface Lease {
  /** SQS's own receipt handle */
  readonly handle: string;
  readonly attempt: number;
  readonly chain: string;
  readonly seq: number;
  /** milliseconds since the Unix epoch: SQS makes the message visible again */
  readonly expiresAt: number;
  /** when it was received, likewise, if its time was extended since */
  readonly since?: number;
}

const leaseSchema = z.tuple([
  z.string().min(1).max(1_500),
  z.int().min(1).max(1_000_000),
  z.string().min(1).max(200),
  z.int().min(0),
  z.int().min(0),
  z.int().min(0).optional(),
]);

export function formatReceipt({ handle, attempt, chain, seq, expiresAt, since }: Lease): string {
  const fields = [handle, attempt, chain, seq, expiresAt, ...(since === undefined ? [] : [since])];
  return Buffer.from(JSON.stringify(fields)).toString('base64url');
}

/** Undefined: not a receipt of ours. Nothing in a receipt may be believed but that SQS will check its handle. */
export function parseReceipt(receipt: string): Lease | undefined {
  const parsed = leaseSchema.safeParse(parseJson(Buffer.from(receipt, 'base64url').toString()));
  if (!parsed.success) return undefined;
  const [handle, attempt, chain, seq, expiresAt, since] = parsed.data;
  return { handle, attempt, chain, seq, expiresAt, ...defined({ since }) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * What a webhook sends of an event: the whole of it, or only what names it. What is large or has confidential fields is always
 * sent thin: its receiver reads it with credentials of its own, so that rights are asked when it is read.
 */
import { taggedHash } from '../../canonical/index.ts';
import { defined } from '../../values/index.ts';
import type { DeliveredEvent } from '../envelope/delivered-event.ts';
import { toCloudEvent } from '../envelope/to-cloud-event.ts';

export const WEBHOOK_FORMATS = ['envelope', 'cloudevents'] as const;
export type WebhookFormat = (typeof WEBHOOK_FORMATS)[number];
export const WEBHOOK_PAYLOADS = ['full', 'thin'] as const;
export type WebhookPayload = (typeof WEBHOOK_PAYLOADS)[number];

/** What is sent to find out whether a receiver wants a webhook, and to try it. No topic can have such a name: `webhooks` is the system's. */
export const WEBHOOK_VERIFY_TYPE = 'webhook.verify';
export const WEBHOOK_TEST_TYPE = 'webhook.test';

/** Standard Webhooks, "Payload size". */
export const MAX_FULL_BYTES = 20_000;
const ID_TAG = 'nervous-system.webhook.id.v1';
const ID_HEX_CHARS = 32;

export interface MessageSettings {
  readonly ledger: string;
  /** of the ledger */
  readonly origin: string;
  readonly format: WebhookFormat;
  readonly payload: WebhookPayload;
}

export interface WebhookMessage {
  /** the same at every attempt, and whenever the event is sent again */
  readonly id: string;
  readonly contentType: string;
  readonly body: string;
}

export function webhookMessage(event: DeliveredEvent, settings: MessageSettings): WebhookMessage {
  const { ledger, payload } = settings;
  const id = webhookId(ledger, event);
  const contentType =
    settings.format === 'cloudevents' ? 'application/cloudevents+json; charset=utf-8' : 'application/json';
  const isThin = payload === 'thin' || event.commits !== undefined;
  const full = isThin ? undefined : bodyOf(event, settings, false);
  const fits = full !== undefined && Buffer.byteLength(full) <= MAX_FULL_BYTES;
  return { id, contentType, body: fits ? full : bodyOf(event, settings, true) };
}

/** Names the event of its source, without a full stop, whatever the two contain. */
export function webhookId(ledger: string, { source, eventId }: Pick<DeliveredEvent, 'source' | 'eventId'>): string {
  return `msg_${taggedHash(ID_TAG, ledger, source, eventId).slice(0, ID_HEX_CHARS)}`;
}

function bodyOf(event: DeliveredEvent, { format, origin }: MessageSettings, isThin: boolean): string {
  const href = isThin ? hrefOf(event) : undefined;
  if (format === 'cloudevents') {
    const { data, ...attributes } = toCloudEvent(event, origin);
    return JSON.stringify(isThin ? { ...withoutContent(attributes), href } : { ...attributes, data });
  }
  const { eventId, topic, version, timestamp, entityId, userId, source, payload, metadata, ledger } = event;
  const names = { type: topic, timestamp, eventId, version, source, entityId };
  return JSON.stringify(
    isThin
      ? { ...names, href, ledger }
      : { ...names, ...defined({ userId }), data: payload, ...defined({ metadata }), ledger },
  );
}

/** Of a CloudEvent, the attributes that name it and its place. */
const NAMING: ReadonlySet<string> = new Set([
  ...['specversion', 'id', 'source', 'type', 'subject', 'time', 'dataschema', 'dataversion'],
  ...['sequence', 'ledgerhash', 'ledgerposition'],
]);

function withoutContent(attributes: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => NAMING.has(name)));
}

/** Where its receiver reads it: a path of the API, because the ledger does not know under which names it is reached. */
function hrefOf({ eventId, source }: DeliveredEvent): string {
  return `/v1/events/${encodeURIComponent(eventId)}?source=${encodeURIComponent(source)}`;
}

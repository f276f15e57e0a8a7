/** Makes, signs and sends one webhook, and says how it went. Which event is sent when is the dispatcher's business. */
import { isoOf } from '../../core/brands/index.ts';
import {
  deliveryTraceparent,
  judgeAnswer,
  signWebhook,
  webhookMessage,
  WEBHOOK_TEST_TYPE,
  WEBHOOK_VERIFY_TYPE,
  type DeliveredEvent,
  type Outcome,
  type WebhookAllowance,
  type WebhookAnswer,
  type WebhookAttempt,
  type WebhookMessage,
  type WebhookSecrets,
  type WebhookSubscription,
} from '../../core/events/index.ts';
import type { Clock, Ids } from '../../core/ledger/index.ts';
import { defined, MS_PER_SECOND } from '../../core/values/index.ts';
import type { SendWebhook, WebhookRequest, WebhookSent } from './webhook-sender.ts';

const NONCE_BYTES = 24;
const USER_AGENT = 'nervous-system';
/** CloudEvents, HTTP 1.1 Web Hooks for Event Delivery, section 4. */
const REQUEST_ORIGIN = 'webhook-request-origin';
const ALLOWED_ORIGIN = 'webhook-allowed-origin';
/** Both in requests a minute. */
const REQUEST_RATE = 'webhook-request-rate';
const ALLOWED_RATE = 'webhook-allowed-rate';
const SECONDS_PER_MINUTE = 60;
const MAX_RATE_CHARS = 20;

/** What sending webhooks takes. */
export interface WebhookSending {
  readonly send: SendWebhook;
  /** what the operator allows beyond https to public addresses */
  readonly allowed: ReadonlySet<WebhookAllowance>;
  readonly secrets: Pick<WebhookSecrets, 'signingKeys' | 'forget'>;
  /** of the ledger */
  readonly origin: string;
}

export interface WebhookDeliveryOptions extends WebhookSending {
  readonly ledger: string;
  readonly clock: Clock;
  readonly ids: Ids;
}

export interface Delivered {
  readonly outcome: Outcome;
  readonly attempt: WebhookAttempt;
  /** why the receiver wants nothing any more; absent: it may */
  readonly goneFor?: string;
}

export class WebhookDelivery {
  private readonly options: WebhookDeliveryOptions;

  constructor(options: WebhookDeliveryOptions) {
    this.options = options;
  }

  async deliver(
    subscription: WebhookSubscription,
    {
      event,
      attempt,
      signal,
    }: { readonly event: DeliveredEvent; readonly attempt: number; readonly signal: AbortSignal },
  ): Promise<Delivered> {
    const { ledger, origin, ids } = this.options;
    const { format, payload } = subscription.target;
    const message = webhookMessage(event, { ledger, origin, format, payload });
    const traceparent = deliveryTraceparent(event, (length) => ids.bytes(length));
    const sent = await this.post(subscription, message, { more: defined({ traceparent }), signal });
    return this.judged(sent, {
      of: 'event',
      webhookId: message.id,
      attempt,
      ...defined({ position: event.ledger.position }),
    });
  }

  async test(subscription: WebhookSubscription): Promise<WebhookAttempt> {
    const { message } = this.ownMessage(WEBHOOK_TEST_TYPE, { data: { subscription: subscription.id } });
    const sent = await this.post(subscription, message, {});
    return this.judged(sent, { of: 'test', webhookId: message.id, attempt: 1 }).attempt;
  }

  /** Only who controls the receiver can answer with a nonce and nothing else, which no service does that shows what it is sent; or allow the origin. */
  async challenge(subscription: WebhookSubscription): Promise<WebhookAttempt> {
    const nonce = Buffer.from(this.options.ids.bytes(NONCE_BYTES)).toString('base64url');
    const { message } = this.ownMessage(WEBHOOK_VERIFY_TYPE, { nonce });
    const isHandshake = subscription.target.format === 'cloudevents';
    const sent = await (isHandshake ? this.askOrigin(subscription) : this.post(subscription, message, {}));
    const { attempt } = this.judged(sent, { of: 'verify', webhookId: message.id, attempt: 1 });
    if (attempt.outcome !== 'delivered' || sent.kind !== 'answered') return attempt;
    const isNonce = sent.text.trim() === nonce;
    const reason = isHandshake
      ? this.notAllowed(subscription, sent.answer.headers)
      : isNonce
        ? undefined
        : 'the receiver did not answer with the nonce alone';
    return reason === undefined ? attempt : { ...attempt, outcome: 'failed', reason };
  }

  /** Why the receiver's permission is not one for this webhook; undefined: it is. */
  private notAllowed({ target }: WebhookSubscription, headers: WebhookAnswer['headers']): string | undefined {
    const origin = headers[ALLOWED_ORIGIN];
    if (origin !== '*' && origin !== this.originHost())
      return `the receiver did not answer with WebHook-Allowed-Origin: ${this.originHost()}, or *`;
    const allowed = headers[ALLOWED_RATE];
    if (allowed === undefined || allowed === '*') return undefined;
    const most = Math.floor(Number(allowed) / SECONDS_PER_MINUTE);
    if (target.rate !== undefined && target.rate <= most) return undefined;
    const said = `the receiver allows ${String(allowed).slice(0, MAX_RATE_CHARS)} deliveries a minute`;
    return most >= 1 ? `${said}: set the target's rate to ${most} or less` : `${said}: a webhook is not that slow`;
  }

  private askOrigin({ target }: WebhookSubscription): Promise<WebhookSent> {
    const rate = target.rate === undefined ? {} : { [REQUEST_RATE]: String(target.rate * SECONDS_PER_MINUTE) };
    const headers = { [REQUEST_ORIGIN]: this.originHost(), ...rate, 'user-agent': USER_AGENT };
    return this.options.send({ url: target.url, method: 'OPTIONS', headers, body: '' });
  }

  /** The specification wants a DNS name. */
  private originHost(): string {
    return this.options.origin.split('/', 1).join();
  }

  private ownMessage(type: string, more: object): { readonly message: WebhookMessage } {
    const { clock, ids } = this.options;
    const id = `msg_${ids.next().replaceAll('.', '-')}`;
    const body = JSON.stringify({ type, timestamp: isoOf(clock.now()), ...more });
    return { message: { id, contentType: 'application/json', body } };
  }

  private async post(
    { id: subscription, target }: WebhookSubscription,
    { id, contentType, body }: WebhookMessage,
    { more = {}, signal }: { readonly more?: Readonly<Record<string, string>>; readonly signal?: AbortSignal },
  ): Promise<WebhookSent> {
    const { clock, secrets, send } = this.options;
    const timestamp = Math.floor(clock.now() / MS_PER_SECOND);
    const signed = signWebhook({ id, timestamp, body }, await secrets.signingKeys(subscription));
    const headers = { 'content-type': contentType, 'user-agent': USER_AGENT, ...signed, ...more };
    const request: WebhookRequest = { url: target.url, method: 'POST', headers, body };
    return send(request, signal);
  }

  private judged(
    sent: WebhookSent,
    about: Pick<WebhookAttempt, 'of' | 'webhookId' | 'attempt'> & { readonly position?: number },
  ): Delivered {
    const now = this.options.clock.now();
    const durationMs = Math.round(sent.durationMs);
    const common = { at: isoOf(now), ...about, durationMs };
    if (sent.kind === 'failed') {
      const { reason } = sent;
      return { outcome: { kind: 'failed', reason }, attempt: { ...common, outcome: 'failed', reason } };
    }
    const verdict = judgeAnswer(sent.answer, now);
    const seen = { ...common, status: sent.answer.status, ...(sent.text === '' ? {} : { answer: sent.text }) };
    if (verdict.kind === 'delivered') return { outcome: verdict, attempt: { ...seen, outcome: 'delivered' } };
    const { reason } = verdict;
    const attempt: WebhookAttempt = { ...seen, outcome: 'failed', reason };
    switch (verdict.kind) {
      case 'gone':
        return { outcome: { kind: 'withdrawn' }, attempt, goneFor: reason };
      case 'dead-letter':
        return { outcome: { kind: 'failed', reason, isFinal: true }, attempt };
      case 'retry': {
        const { slow, retryAfterMs } = verdict;
        return { outcome: { kind: 'failed', reason, slow, ...defined({ retryAfterMs }) }, attempt };
      }
    }
  }
}

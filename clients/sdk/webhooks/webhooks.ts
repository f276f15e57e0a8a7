/** What the owner of a webhook does through the client, beside making and pausing its subscription. */
import type { AttemptList, WebhookKeys } from '../../../api/index.ts';
import type {
  SubscriptionInput,
  Subscription,
  WebhookAttempt,
  WebhookSecret,
  WebhookVerification,
} from '../../../core/events/index.ts';
import { once, type Transport } from '../connection/transport.ts';

export interface WebhookClient {
  /** The ledger's public keys, each with the entry in which the root key certifies it. */
  keys(): Promise<WebhookKeys['keys']>;
  /** Makes a new secret, shown once. Those before sign for `overlapSeconds` more (default a day). */
  rotateSecret(id: string, options?: { readonly overlapSeconds?: number }): Promise<WebhookSecret>;
  /** Asks the receiver whether it wants the webhook; if it does, deliveries begin. */
  verify(id: string): Promise<WebhookVerification>;
  /** Sends an event of type `webhook.test`, once. */
  test(id: string): Promise<WebhookAttempt>;
  /** The newest attempts first. */
  attempts(id: string, page?: { readonly limit?: number }): Promise<readonly WebhookAttempt[]>;
  /** Sends the event at a log index once more. */
  resend(id: string, position: number): Promise<void>;
  /** Sends once more what was recorded since a log index or a date-time. @returns the log index it begins at */
  recover(id: string, since: NonNullable<SubscriptionInput['startAt']> & Subscription['startAt']): Promise<number>;
}

export function createWebhookClient(call: Transport): WebhookClient {
  const at = (id: string, verb: string): string => `/v1/webhooks/${encodeURIComponent(id)}${verb}`;
  return {
    keys: async () => (await call<WebhookKeys>({ method: 'GET', path: '/v1/webhooks/keys' })).keys,
    rotateSecret: (id, body = {}) => call({ method: 'POST', path: at(id, '/secret'), body, ...once() }),
    verify: (id) => call({ method: 'POST', path: at(id, '/verify') }),
    test: (id) => call({ method: 'POST', path: at(id, '/test') }),
    attempts: async (id, page = {}) =>
      (await call<AttemptList>({ method: 'GET', path: at(id, '/attempts'), query: { ...page } })).attempts,
    resend: (id, position) => call({ method: 'POST', path: at(id, '/resend'), body: { position }, idempotent: true }),
    recover: async (id, since) => {
      const request = { method: 'POST', path: at(id, '/recover'), body: { since }, idempotent: true } as const;
      return (await call<{ readonly from: number }>(request)).from;
    },
  };
}

/** What is asked and answered about webhooks. */
import * as z from 'zod';
import type {
  CertifiedWebhookKey,
  Subscription,
  WebhookAttempt,
  WebhookSecret,
  WebhookVerification,
} from '../../core/events/index.ts';
import { MS_PER_DAY, MS_PER_SECOND, SECONDS_PER_DAY } from '../../core/values/index.ts';
import { count, entityId, instant, position } from './fields.ts';
import { subscriptionSchema } from './subscriptions.ts';

const MAX_OVERLAP_SECONDS = (7 * MS_PER_DAY) / MS_PER_SECOND;

export const rotateSecretSchema = z
  .strictObject({
    overlapSeconds: z.int().min(0).max(MAX_OVERLAP_SECONDS).default(SECONDS_PER_DAY).meta({
      description: 'how much longer the secrets before sign, too; default a day, at most seven',
    }),
  })
  .meta({ id: 'RotateWebhookSecret', examples: [{ overlapSeconds: 3600 }] });

export const webhookSecretSchema: z.ZodType<WebhookSecret> = z
  .strictObject({
    secret: z.string().meta({ description: 'shown now, and never again' }),
    live: count.meta({ description: 'secrets that sign now, this one included' }),
  })
  .meta({ id: 'WebhookSecret' });

export const attemptSchema: z.ZodType<WebhookAttempt> = z
  .strictObject({
    at: instant,
    of: z.enum(['event', 'verify', 'test']),
    position: position.exactOptional(),
    webhookId: z.string().meta({ description: 'the header `webhook-id`' }),
    attempt: z.int().min(1),
    outcome: z.enum(['delivered', 'failed']),
    status: z.int().min(0).exactOptional(),
    durationMs: count,
    reason: z.string().exactOptional(),
    answer: z.string().exactOptional().meta({ description: 'the first KiB of what was answered' }),
  })
  .meta({ id: 'WebhookAttempt' });

export interface AttemptList {
  readonly attempts: readonly WebhookAttempt[];
}
export const attemptListSchema: z.ZodType<AttemptList> = z
  .strictObject({ attempts: z.array(attemptSchema) })
  .meta({ id: 'WebhookAttemptList' });

export const webhookVerificationSchema: z.ZodType<WebhookVerification> = z
  .strictObject({ subscription: subscriptionSchema, attempt: attemptSchema })
  .meta({ id: 'WebhookVerification' });

export interface WebhookKeys {
  readonly keys: readonly (CertifiedWebhookKey & {
    readonly jwk: { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string };
  })[];
}
export const webhookKeysSchema: z.ZodType<WebhookKeys> = z
  .strictObject({
    keys: z.array(
      z.strictObject({
        publicKey: z.string().meta({ description: '`whpk_` and the key in base64' }),
        jwk: z.strictObject({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string() }),
        certificate: z.strictObject({
          note: z.string().meta({ description: 'a signed note by the root key' }),
          entity: entityId,
          seq: count,
        }),
      }),
    ),
  })
  .meta({ id: 'WebhookKeys' });

export const resendSchema = z.strictObject({ position }).meta({ id: 'ResendWebhook', examples: [{ position: 17 }] });

export const recoverSchema: z.ZodType<{ readonly since: Subscription['startAt'] }> = z
  .strictObject({
    since: z.union([z.literal('earliest'), z.int().min(0), z.iso.datetime({ offset: true })]),
  })
  .meta({ id: 'RecoverWebhook', examples: [{ since: '2026-11-21T09:00:00Z' }] });

export const recoveredSchema = z.strictObject({ from: position }).meta({ id: 'RecoveredWebhook' });

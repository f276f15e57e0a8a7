/** Where webhooks of a deployed system may go. In a function loopback is where Lambda's own API listens, so nothing of the configuration opens it. */
import { checkWebhookUrl, type WebhookAllowance, type WebhookSubscription } from '../../../core/events/index.ts';
import type { Problem } from '../../../core/errors/index.ts';

/**
 * What the operator allows, without loopback. On an emulator of AWS a test's receiver is on the same machine: there, and only there,
 * `WEBHOOKS_TO_LOOPBACK` opens it. No template of this package sets it.
 */
export function allowedInFunction(
  configured: readonly WebhookAllowance[],
  env: NodeJS.ProcessEnv,
): ReadonlySet<WebhookAllowance> {
  const isTest = env['WEBHOOKS_TO_LOOPBACK'] === 'on-emulator' && env['AWS_ENDPOINT_URL'] !== undefined;
  if (isTest) return new Set<WebhookAllowance>([...configured, 'http', 'loopback']);
  return new Set(configured.filter((one) => one !== 'loopback'));
}

/** Why a webhook cannot be delivered to; undefined: it can, as far as its URL tells. */
export function webhookRefusal(
  { target }: WebhookSubscription,
  allowed: ReadonlySet<WebhookAllowance>,
): Problem | undefined {
  const checked = checkWebhookUrl(target.url, allowed);
  return checked.kind === 'refused' ? { pointer: '/target/url', detail: checked.reason } : undefined;
}

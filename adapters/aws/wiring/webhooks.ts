/** What sending webhooks takes in a function: secrets that the data key wraps, and the sender that judges where it connects to. */
import { createWebhookSecrets } from '../../../core/events/index.ts';
import { createWebhookSender } from '../../machine/webhook-sender.ts';
import { WebhookDelivery } from '../../machine/webhook-delivery.ts';
import { allowedInFunction } from '../pushed/webhook-refusal.ts';
import { systemClock as clock, systemIds as ids } from '../request/system-clock.ts';
import { createFieldKeys } from './field-keys.ts';
import type { AwsTables } from './open-system.ts';

export function createWebhookDelivery(
  env: { readonly DATA_KEY_ID: string },
  { store: items, config: { ledger, origin, webhooks } }: Pick<AwsTables, 'store' | 'config'>,
): WebhookDelivery {
  const allowed = allowedInFunction(webhooks.allow, process.env);
  const secrets = createWebhookSecrets({ ledger, items, keys: createFieldKeys(env), clock, ids });
  return new WebhookDelivery({
    ...{ ledger, origin, clock, ids, secrets, allowed },
    send: createWebhookSender({ allowed }),
  });
}

/** Short ids of subscriptions. */
import type { Subscription } from '../../../core/events/index.ts';
import type { Client } from '../../sdk/index.ts';
import { idAmong } from './short-id.ts';

/** @throws UsageError */
export async function wholeSubscription(client: Pick<Client, 'subscriptions'>, text: string): Promise<string> {
  return idAmong(text, (await client.subscriptions()).map(named), 'subscriptions');
}

function named({ id, status, topics }: Subscription): { readonly id: string; readonly about: string } {
  return { id, about: `${status}  ${topics.join(',')}` };
}

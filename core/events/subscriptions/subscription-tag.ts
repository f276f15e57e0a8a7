/** What names one state of a subscription. Apart from the schemas, because clients in browsers ask it and have no zod. */
import { msOf } from '../../brands/index.ts';
import type { Subscription } from './subscription.ts';

/** Names this state of it: what was written since has another one. */
export function subscriptionTag({ createdAt, version = 1 }: Pick<Subscription, 'createdAt' | 'version'>): string {
  return `"${msOf(createdAt).toString(36)}-${version}"`;
}

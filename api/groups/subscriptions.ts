/** Everything under /v1/subscriptions. */
import { messageRoutes } from '../routes/messages.ts';
import { subscriptionRoutes } from '../routes/subscriptions.ts';

export const subscriptionGroup = [...subscriptionRoutes, ...messageRoutes];

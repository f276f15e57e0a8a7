/** Everything under /v1/subscriptions, and the map of who publishes and subscribes to what. */
import { mapRoutes } from '../routes/map.ts';
import { messageRoutes } from '../routes/messages.ts';
import { subscriptionRoutes } from '../routes/subscriptions.ts';

export const subscriptionGroup = [...subscriptionRoutes, ...messageRoutes, ...mapRoutes];

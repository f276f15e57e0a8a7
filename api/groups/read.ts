/** What is read: events, entities, the published log, quarantine. */
import { entityRoutes } from '../routes/entities.ts';
import { eventRoutes } from '../routes/events.ts';
import { feedRoutes } from '../routes/feed.ts';
import { ingressRoutes } from '../routes/ingress.ts';
import { logRoutes } from '../routes/log.ts';

export const readGroup = [...eventRoutes, ...feedRoutes, ...entityRoutes, ...ingressRoutes, ...logRoutes];

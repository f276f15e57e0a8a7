/** What records something about events: publishing them, showing their confidential fields, and what keeps them out. */
import { guardRoutes } from '../routes/guards.ts';
import { publishRoutes } from '../routes/publish.ts';
import { revealRoutes } from '../routes/reveal.ts';

export const publishGroup = [...publishRoutes, ...revealRoutes, ...guardRoutes];

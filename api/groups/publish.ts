/** What records something about events: publishing them, showing their confidential fields, what keeps them out, and claims of work. */
import { guardRoutes } from '../routes/guards.ts';
import { publishRoutes } from '../routes/publish.ts';
import { revealRoutes } from '../routes/reveal.ts';
import { workRoutes } from '../routes/work.ts';

export const publishGroup = [...publishRoutes, ...revealRoutes, ...guardRoutes, ...workRoutes];

/** What records something about events: publishing them, and showing their confidential fields, which is journaled. */
import { publishRoutes } from '../routes/publish.ts';
import { revealRoutes } from '../routes/reveal.ts';

export const publishGroup = [...publishRoutes, ...revealRoutes];

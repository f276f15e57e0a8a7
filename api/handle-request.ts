/** The whole HTTP contract as one function: every route there is. */
import { createRequestHandler } from './create-request-handler.ts';
import { ROUTES } from './route-table.ts';

export const handleRequest = createRequestHandler(ROUTES);

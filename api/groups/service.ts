/** What the service tells about itself, its catalog and its contract. */
import { catalogRoutes } from '../routes/contracts.ts';
import { contractRoutes, serviceRoutes } from '../routes/service.ts';

/** @param operations of the whole contract, these included */
export const serviceGroup = (operations: () => string[], openApi: () => object) =>
  [...serviceRoutes, ...catalogRoutes, ...contractRoutes(operations, openApi)] as const;

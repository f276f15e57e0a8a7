/** What people decide: on change-sets, and who decides for whom; with the rules they decide by. */
import { decisionRoutes } from '../routes/decisions.ts';
import { governanceRoutes } from '../routes/governance.ts';

export const decisionGroup = [...decisionRoutes, ...governanceRoutes];

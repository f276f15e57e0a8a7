/** What people decide: on change-sets, and who decides for whom, and which key is believed no more; with the rules they decide by. */
import { decisionRoutes } from '../routes/decisions.ts';
import { governanceRoutes } from '../routes/governance.ts';
import { keyRoutes } from '../routes/keys.ts';

export const decisionGroup = [...decisionRoutes, ...governanceRoutes, ...keyRoutes];

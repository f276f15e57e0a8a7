/** The environment that every function of the HTTP API shares: where the ledger is, and who is who. */
import * as z from 'zod';
import { iamMapping } from '../../adapters/aws/http/iam-principals.ts';
import { jsonMapping } from './json-mapping.ts';

/** Each ARN in the form in which a caller has it. */
const iamPrincipals = jsonMapping(
  'must be a JSON object from the ARN of an IAM principal to an id of the roster',
).transform((given, context) => {
  const { principals, faults } = iamMapping(given);
  for (const message of faults) context.addIssue({ code: 'custom', message });
  return faults.length === 0 ? principals : z.NEVER;
});

/** What every function of the API must be told, beside what its parts need. */
export const apiEnv = {
  ENTRIES_TABLE: z.string().min(1),
  STATE_TABLE: z.string().min(1),
  /** the claim of a token that names an account, agent or module of the roster */
  PRINCIPAL_CLAIM: z.string().min(1).default('sub'),
  /** `{"<ARN>": "<principal id>"}` for callers with IAM credentials */
  IAM_PRINCIPALS: iamPrincipals.default({}),
};

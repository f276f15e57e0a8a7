/** The environment that every function of the HTTP API shares: where the ledger is, and who is who. */
import * as z from 'zod';

/** JSON object of ARNs and principal ids. */
const iamPrincipals = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: 'custom', message: 'must be JSON' });
      return z.NEVER;
    }
  })
  .pipe(z.record(z.string(), z.string()));

/** What every function of the API must be told, beside what its parts need. */
export const apiEnv = {
  ENTRIES_TABLE: z.string().min(1),
  STATE_TABLE: z.string().min(1),
  /** the claim of a token that names an account, agent or module of the roster */
  PRINCIPAL_CLAIM: z.string().min(1).default('sub'),
  /** `{"<ARN>": "<principal id>"}` for callers with IAM credentials */
  IAM_PRINCIPALS: iamPrincipals.default({}),
};

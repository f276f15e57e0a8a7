/** Questions about the ledger as a whole. */
import type { NervousSystem } from '../../core/system/index.ts';
import { checkedBody, routesOn } from '../route.ts';
import { verificationReportSchema, verifyInputSchema, verifyRequestOf } from '../schemas/verification.ts';

const route = routesOn<Pick<NervousSystem, 'verifyAll'>>();

const verifyLedger = route({
  method: 'POST',
  path: '/v1/verify',
  operationId: 'verifyLedger',
  tag: 'ledger',
  summary: 'Verify the ledger, or a part of its log (auditors)',
  description:
    'Changes nothing; POST because it is work. A ledger that does not verify is an answer (200), not an error. The answer is as ' +
    'good as who gives it: auditors who do not trust the operator read `/v1/checkpoint` and `/v1/tile/…`, and verify themselves.',
  body: checkedBody(verifyInputSchema, { optional: true }),
  responses: { 200: { description: 'the verdict', schema: verificationReportSchema } },
  problems: ['FORBIDDEN', 'VERIFICATION_ENDED'],
  handler: async (system, principal, { body, request: { signal } }) => ({
    status: 200,
    body: await system.verifyAll(principal, { ...verifyRequestOf(body), signal }),
  }),
});

export const ledgerRoutes = [verifyLedger];

/** Questions about the ledger as a whole. */
import { checkedBody, route } from '../route.ts';
import { verificationReportSchema, verifyInputSchema } from '../schemas/entities.ts';

const verifyLedger = route({
  method: 'POST',
  path: '/v1/verify',
  operationId: 'verifyLedger',
  tag: 'ledger',
  summary: 'Verify every chain of the ledger (auditors)',
  description:
    'Changes nothing; POST because it is work. A ledger that does not verify is an answer (200), not an error.',
  body: checkedBody(verifyInputSchema, { optional: true }),
  responses: { 200: { description: 'the verdict', schema: verificationReportSchema } },
  problems: ['FORBIDDEN'],
  handler: async (system, principal, { body: { signatures } }) => ({
    status: 200,
    body: await system.verifyAll(principal, signatures === undefined ? {} : { signatures }),
  }),
});

export const ledgerRoutes = [verifyLedger];

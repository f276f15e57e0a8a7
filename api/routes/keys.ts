/** What auditors do about keys while the service runs. */
import type { NervousSystem } from '../../core/system/index.ts';
import * as z from 'zod';
import { checkedBody, routesOn } from '../route.ts';
import { keyRecordSchema, keyRevocationSchema, sessionKeyId } from '../schemas/keys.ts';

const route = routesOn<Pick<NervousSystem, 'revokeKey'>>();

const revokeSessionKey = route({
  method: 'POST',
  path: '/v1/keys/{key}/revoke',
  operationId: 'revokeSessionKey',
  tag: 'ledger',
  summary: 'Revoke the session key of a process: nothing that it signs from now on is believed',
  description:
    'Auditors only. What the key signed before stays valid. The process that answers makes a new key if this was its own; others do not notice: stop those that hold the key. Revoked twice, the first time counts.',
  params: z.strictObject({ key: sessionKeyId }),
  body: checkedBody(keyRevocationSchema),
  responses: { 200: { description: 'the entry that revokes it', schema: keyRecordSchema } },
  problems: ['FORBIDDEN', 'KEY_NOT_FOUND', 'KEY_REASON_INVALID'],
  handler: async (system, principal, { params: { key }, body: { reason } }) => ({
    status: 200,
    body: await system.revokeKey(principal, key, reason),
  }),
});

export const keyRoutes = [revokeSessionKey];

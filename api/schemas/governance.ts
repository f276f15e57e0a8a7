/** The policy in force and delegated votes, as people see them. What may stand in either is core/changes' business. */
import * as z from 'zod';
import { delegationInputSchema, type Delegation, type Delegations, type PolicyView } from '../../core/changes/index.ts';
import { chainHash, changeId, count, documentHash, instant, jsonObject } from './fields.ts';

const at = instant.meta({ description: 'UTC, RFC 3339' });

export const policyViewSchema: z.ZodType<PolicyView> = z
  .strictObject({
    source: z.enum(['configuration', 'ledger']).meta({
      description: '`configuration`: the ledger has recorded none yet; the first proposal does',
    }),
    version: count.meta({ description: 'version of the document of `registry:policy`, 0 when it is not recorded' }),
    hash: documentHash,
    document: (jsonObject as unknown as z.ZodType<PolicyView['document']>).meta({
      type: 'object',
      description: '`roster` and `risk`, as in nervous.config.ts',
    }),
    changed: z
      .union([
        z.strictObject({ kind: z.literal('adopted'), at }),
        z.strictObject({
          kind: z.literal('changed'),
          at,
          change: changeId,
          proposer: z.string(),
          approvers: z.array(z.string()),
        }),
      ])
      .exactOptional(),
    asConfigured: z.boolean().meta({
      description: 'false: the configuration of the service says otherwise, which changes nothing',
    }),
  })
  .meta({ id: 'PolicyView' });

export const delegationSchema = delegationInputSchema.meta({
  id: 'DelegationInput',
  examples: [{ to: 'clara', roles: ['owner'], until: '2026-12-01T00:00:00Z', reason: 'on leave' }],
});

const delegation: z.ZodType<Delegation> = z
  .strictObject({
    id: chainHash.meta({ description: 'chain hash of the entry that granted it' }),
    from: z.string().brand<'PersonId'>(),
    to: z.string().brand<'PersonId'>(),
    roles: z.array(z.string()).min(1).exactOptional(),
    until: at,
    reason: z.string(),
    grantedAt: at,
    revokedAt: at.exactOptional(),
  })
  .meta({ id: 'Delegation' });
export const delegationViewSchema = delegation;

export const delegationsSchema: z.ZodType<Delegations> = z
  .strictObject({ given: z.array(delegation), received: z.array(delegation) })
  .meta({ id: 'Delegations' });

/** Session keys, as they are revoked. */
import * as z from 'zod';
import type { KeyRecord } from '../../core/ledger/index.ts';
import { count, position } from './fields.ts';

export const sessionKeyId = z
  .string()
  .regex(/^[0-9a-f]{16}$/, 'must be the 16 hex digits of a session key: what follows "keys/" in its name')
  .meta({ examples: ['34750f98bd59fcfc'] });

export const keyRevocationSchema = z
  .strictObject({
    reason: z.string().max(1_000).regex(/\S/, 'must say why').meta({ description: 'is recorded; auditors will ask' }),
  })
  .meta({ id: 'KeyRevocation', examples: [{ reason: 'the host was seized' }] });

export const keyRecordSchema: z.ZodType<KeyRecord> = z
  .strictObject({
    entity: z.string().meta({ description: 'the chain of the key, `keys/<16 hex>`' }),
    seq: count,
    position: position.exactOptional(),
  })
  .meta({ id: 'KeyRecord' });

/** Hashes, times and places in the ledger, as the API says them. */
import * as z from 'zod';

export const hash = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .meta({ description: 'SHA-256 in lower-case hex' });
/** of an entry */
export const chainHash = hash.brand<'ChainHash'>();
export const documentHash = hash.brand<'DocumentHash'>();
export const contentHash = hash.brand<'ContentHash'>();
export const assessmentHash = hash.brand<'AssessmentHash'>();
export const instant = z.iso.datetime().brand<'IsoInstant'>().meta({ description: 'UTC, RFC 3339' });
export const count = z.int().min(0);
export const seq = count.meta({ description: "place in the entity's chain, from 0" });
export const position = count.meta({ description: "place in the ledger's commit order, from 0" });

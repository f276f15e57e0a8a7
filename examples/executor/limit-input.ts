/** What the sample executor is called and what it takes. Apart from its code: the ledger's configuration needs only this. */
import * as z from 'zod';

export const LIMITS = { name: 'limits', version: '1' } as const;

/** null: no limit. Taking back is setting what was there before, so an inverse is an input like any other. */
export const limitInput = z.strictObject({ account: z.string().min(1).max(64), limit: z.int().min(0).nullable() });
export type LimitInput = z.output<typeof limitInput>;

/** What the executor takes. Apart from its code, because the configuration needs only this. */
import * as z from 'zod';

export const PAYOUTS = { name: 'payouts', version: '1' } as const;
export const payoutInput = z.strictObject({ to: z.string().min(1).max(64), cents: z.int().min(1) });
export type PayoutInput = z.output<typeof payoutInput>;

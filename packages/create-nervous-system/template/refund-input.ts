/** What the executor `refunds` is called and what it takes. Apart from its code: the configuration needs only this. */
import * as z from 'zod';

export const REFUNDS = { name: 'refunds', version: '1' } as const;

/** `cents` of 0 takes a refund back, so an inverse is an input like any other. */
export const refundInput = z.strictObject({ order: z.string().min(1).max(64), cents: z.int().min(0) });
export type RefundInput = z.output<typeof refundInput>;

/** What callers may say of work, and the names that stand in its chain. */
import * as z from 'zod';
import { describeIssues } from '../errors/index.ts';
import { WorkError } from './errors.ts';

/** Its chain, `work:<id>`, has the form of every entity id. */
export const workIdSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,119}$/,
    'must be 1-120 of A-Z a-z 0-9 . _ : / - starting with a letter or digit',
  );
export const fenceNumberSchema = z.int().min(0);
const MIN_TTL_MS = 1_000;
const MAX_TTL_MS = 86_400_000;
const text = z.string().min(1).max(500);

const ttlMs = z
  .int()
  .min(MIN_TTL_MS)
  .max(MAX_TTL_MS)
  .meta({ description: 'milliseconds that the claim lasts without a renewal: at least a second, at most a day' });
const session = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/, 'must be 1-64 of A-Z a-z 0-9 . _ : - starting with a letter or digit')
  .meta({ description: 'tells apart those who work under one name: each is a claimer of its own' });

export const claimInputSchema = z.strictObject({
  workId: workIdSchema,
  ttlMs,
  description: text.optional(),
  session: session.optional(),
});
export const stealInputSchema = claimInputSchema.extend({ reason: text });

/** A claim, by the number that tells it from all others of the same work. */
export const workRefSchema = z.strictObject({
  workId: workIdSchema,
  fence: fenceNumberSchema.meta({ description: 'as the claim answered it' }),
});
export type WorkRef = z.output<typeof workRefSchema>;

export const renewInputSchema = workRefSchema.extend({ ttlMs: ttlMs.optional() });
export const releaseInputSchema = workRefSchema.extend({ reason: text.optional() });
export const completeInputSchema = workRefSchema.extend({ result: text.optional() });

export type ClaimInput = z.input<typeof claimInputSchema>;
export type StealInput = z.input<typeof stealInputSchema>;
export type RenewInput = z.input<typeof renewInputSchema>;
export type ReleaseInput = z.input<typeof releaseInputSchema>;
export type CompleteInput = z.input<typeof completeInputSchema>;

/** @throws WorkError WORK_INVALID */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new WorkError({ code: 'WORK_INVALID', ...describeIssues(parsed.error.issues) });
}

/** Decides what a round examines: its schedule says so, and a call without a scope gets everything. */
import * as z from 'zod';
import type { Scope } from '../../adapters/aws/workflow/reconciler.ts';

const round = z.object({ scope: z.literal('due') });

export function scopeOf(event: unknown): Scope {
  return round.safeParse(event).success ? 'due' : 'all';
}

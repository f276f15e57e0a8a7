/** What a round looks at: its schedule says so; whoever calls without a word gets everything. */
import * as z from 'zod';
import type { Scope } from '../../adapters/aws/workflow/reconciler.ts';

const round = z.object({ scope: z.literal('due') });

export function scopeOf(event: unknown): Scope {
  return round.safeParse(event).success ? 'due' : 'all';
}

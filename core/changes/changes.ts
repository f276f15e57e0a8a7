/** The use cases of change-sets, behind one door. Shells bring an authenticated principal and untrusted input. */
import { createActs } from './use-cases/acts.ts';
import type { ChangesDependencies } from './recording/context.ts';
import { createDeciding, type Deciding } from './use-cases/deciding.ts';
import { createProposing, type Proposing } from './use-cases/proposing.ts';
import { createShowing, type Showing } from './use-cases/showing.ts';
import { createWorking, type Working } from './use-cases/working.ts';

/**
 * Every method that writes: @throws ChangeError, PolicyError, CanonicalError: nothing was written. LedgerError
 * STORE_UNAVAILABLE: the outcome is unknown; the same call again (with the same idempotency key or nonce) is safe.
 */
export interface Changes extends Proposing, Deciding, Working, Showing {}

/** All of them; a process that needs few makes those groups alone. */
export function createChanges(deps: ChangesDependencies): Changes {
  const acts = createActs(deps);
  return { ...createProposing(acts), ...createDeciding(acts), ...createWorking(acts), ...createShowing(acts) };
}

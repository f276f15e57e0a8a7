/** The part of the policy that says which accesses are journaled: of each class so many in a hundred. */
import * as z from 'zod';

/** `entities`, `changes`, `events`: what was read of them. `refused`: what somebody was refused. */
export type AccessClass = keyof z.output<typeof accessSchema>;

const percent = z.int().min(0).max(100).exactOptional();

/** A class that is not named is journaled whole. Absent as a whole: nothing is journaled but readings of the journal. */
export const accessSchema = z.strictObject({ entities: percent, changes: percent, events: percent, refused: percent });
export type AccessPolicy = z.output<typeof accessSchema>;

/** Everything: whoever was not recorded is not answered. */
export const EVERY_ACCESS = 100;

/** Accesses of the class that are journaled, in a hundred. */
export function journaledOf(policy: AccessPolicy | undefined, name: AccessClass): number {
  return policy === undefined ? 0 : (policy[name] ?? EVERY_ACCESS);
}

/**
 * What rests on the policy in force, and what brings one into force. A write of the first kind names in `under` the entry
 * that did, and commits only while that is so: who replays the ledger knows which policy to hold it against.
 */
import type { StepType } from '../model/lifecycle.ts';
import { POLICY_ADOPTED } from './adoption.ts';
import type { PolicyEntry } from '../model/steps.ts';

/**
 * Everything a person, an agent or a module does, and what the system concludes from roster or rules. The others follow from
 * steps before them: a reminder and an expiry from the clock, an execution from its claim.
 */
export const UNDER_POLICY: ReadonlySet<StepType> = new Set([
  'change.proposed',
  'change.revised',
  'change.assessed',
  'change.voted',
  'change.vote-revoked',
  'change.escalated',
  'change.overridden',
  'change.approved',
  'change.rejected',
  'change.returned',
  'change.withdrawn',
  'change.claimed',
  'change.aborted',
  'change.resolution',
  'change.resolved-executed',
  'change.resolved-rolled-back',
  'change.reviewed',
] as const);

/** Entries that write the document of their entity; on the chain of the policy each brings another one into force. */
export const WRITES_DOCUMENT: ReadonlySet<string> = new Set<StepType | typeof POLICY_ADOPTED>([
  POLICY_ADOPTED,
  'change.applied',
  'change.undone',
  'change.resolved-executed',
  'change.resolved-rolled-back',
]);

/** What a write says of the policy it rests on; nothing while the ledger has none. */
export function underOf({ entry }: { readonly entry?: PolicyEntry }): { under?: PolicyEntry } {
  return entry === undefined ? {} : { under: entry };
}

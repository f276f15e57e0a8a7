/** Authority out of its own two chains, each in its own order: for a log whose order is not that of the commits. */
import { adoptedDocument, POLICY_ADOPTED } from '../policy/adoption.ts';
import { readDelegation } from '../store/delegation-store.ts';
import { documentHash, type Document, type VersionedDocument } from '../model/document.ts';
import { operationTypes } from '../operations/operations.ts';
import type { ChangeRecord } from '../model/record.ts';
import { reduceChange } from '../reducer/reduce.ts';
import { isStepType, parseStep } from '../model/steps.ts';
import { effectOf } from './verify-state.ts';
import { DatedAuthority } from './authority.ts';
import type { ReplayEntry } from './replay-entry.ts';

const TYPES = operationTypes();

export interface AuthorityChains {
  /** `registry:policy` */
  readonly policy: readonly ReplayEntry[];
  /** `system/delegations` */
  readonly delegations: readonly ReplayEntry[];
}

/** What does not follow from the entries before it ends the history: the replay names it when its turn comes. */
export function datedAuthority({ policy, delegations }: AuthorityChains): DatedAuthority {
  const authority = new DatedAuthority();
  for (const { entry, document } of policiesOf(policy)) authority.policyWritten(entry, document);
  for (const entry of delegations) {
    const data = entry.body.type.startsWith('delegation.') ? readDelegation(entry.body) : undefined;
    if (data?.kind === 'granted') authority.granted(entry, data.grant);
    if (data?.kind === 'revoked') authority.revoked(entry, data.delegation);
  }
  authority.told();
  return authority;
}

interface History {
  readonly current: VersionedDocument;
  readonly hasPolicy: boolean;
}

function* policiesOf(
  chain: readonly ReplayEntry[],
): Generator<{ readonly entry: ReplayEntry; readonly document: Document }> {
  const past = { records: new Map<string, ChangeRecord>(), images: new Map<string, Document>() };
  let before: History = { current: { document: null, version: 0, hash: documentHash(null) }, hasPolicy: false };
  for (const entry of chain) {
    const after = afterEntry(entry, before, past);
    if (after === undefined) return;
    if (after.current !== before.current && after.hasPolicy) yield { entry, document: after.current.document };
    before = after;
  }
}

/** Undefined: it does not follow. */
function afterEntry(
  entry: ReplayEntry,
  before: History,
  { records, images }: { readonly records: Map<string, ChangeRecord>; readonly images: Map<string, Document> },
): History | undefined {
  const { current, hasPolicy } = before;
  if (entry.body.type === POLICY_ADOPTED) {
    const adopted = adoptedDocument(entry, current);
    return hasPolicy || typeof adopted === 'string' ? undefined : { current: adopted, hasPolicy: true };
  }
  if (!isStepType(entry.body.type)) return before;
  const step = parseStep(entry);
  const reduced = step && reduceChange(records.get(step.data.change), step);
  if (step === undefined || reduced?.kind !== 'record') return undefined;
  records.set(reduced.record.id, reduced.record);
  const effect = effectOf(step, { record: reduced.record, current, types: TYPES, images });
  return typeof effect === 'string' ? undefined : { current: effect, hasPolicy };
}

/**
 * Resolving by hand: after a failed rollback, only people can say what the outcome is. Two people who hold a role for it must
 * state the same outcome, with evidence. Then the document is what they stated, and its entity is free again.
 */
import * as z from 'zod';
import type { PersonId, StepHash } from '../../brands/index.ts';
import { canonicalize } from '../../canonical/index.ts';
import { SYSTEM_ACTOR } from '../../ledger/index.ts';
import { actorOf, type Principal } from '../../policy/index.ts';
import { orNone } from '../../values/index.ts';
import { recordAct, type ActRequest, type RecordedAct } from '../recording/record-act.ts';
import { evidenceSchema, parseInput, plainText } from '../operations/content.ts';
import type { Context } from '../recording/context.ts';
import { documentHash, type Document } from '../model/document.ts';
import { planResult } from '../operations/plan.ts';
import type { ChangeRecord } from '../model/record.ts';
import { MAX_TRIES, tooBusy, type Recording } from '../recording/record-steps.ts';
import { peopleOnly, withExcludedNow, type UnderPolicy } from '../recording/who-may.ts';
import { lastWordsFor, MAX_DRIFT, resolverRefusal } from '../reducer/reduce-post-execution.ts';
import { isRefused, noSuchChange, refused, type Refusal, type Refused } from '../model/refusal.ts';
import { intentOf } from '../recording/external-outcome.ts';
import { stepHash, type Resolution, type StepDraft } from '../model/steps.ts';

const MAX_EVIDENCE = 5;

export const resolutionInputSchema = z.strictObject({
  /** what it amounts to, as far as anybody can see outside */
  outcome: z.enum(['executed', 'rolled_back']),
  reason: plainText(1000),
  evidence: z.array(evidenceSchema).min(1).max(MAX_EVIDENCE),
});
export type ResolutionInput = z.input<typeof resolutionInputSchema>;

/** Refused: NOT_ELIGIBLE | SELF_APPROVAL | CHANGE_STATE_CONFLICT */
export async function resolve(
  context: Context,
  principal: Principal,
  { id, input }: ActRequest,
): Promise<RecordedAct | Refused> {
  if (principal.kind !== 'person') return peopleOnly(principal, 'resolve');
  const given = parseInput(resolutionInputSchema, input);
  if (isRefused(given)) return given;
  const { personId } = principal;

  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const current = await context.store.find(id);
    if (current === undefined) return noSuchChange(id);
    const { record } = current;
    const { resolutions = [], claim, content } = record;
    if (resolutions.some((one) => isSame(one, { personId, ...given }))) return { kind: 'recorded', stored: current };
    if (claim === undefined)
      return refused('CHANGE_STATE_CONFLICT', `${id} is ${record.state}: only a failed rollback is resolved by people`);
    const refusal = resolverToday(context, record, personId);
    if (refusal !== undefined) return refusal;
    const roles = [...context.policy.rolesOf(personId)].sort();
    const data = { change: id, revision: content.revision, claim, personId, roles, ...given, ...context.under };
    const stated: Extract<StepDraft, { type: 'change.resolution' }> = {
      type: 'change.resolution',
      actor: actorOf(principal),
      data,
    };
    const all = [...resolutions, { ...data, step: stepHash(stated), account: principal.id }];
    const end = await conclusion(context, record, { outcome: given.outcome, claim, all });
    if (isRefused(end)) return end;
    const done = await recordAct(context, current, { ...end, steps: [stated, ...end.steps] });
    if (done !== 'again') return done;
  }
  return tooBusy();
}

/** Why the person may not say what became of it, by the roster in force; undefined when they may. */
export function resolverToday(context: UnderPolicy, record: ChangeRecord, personId: PersonId): Refusal | undefined {
  const roles = [...context.policy.rolesOf(personId)];
  return resolverRefusal(withExcludedNow(context, record), { personId, roles });
}

/** The very statement this person made before, whatever they said since. */
function isSame(one: Resolution, given: Pick<Resolution, 'personId' | 'outcome' | 'reason' | 'evidence'>): boolean {
  const said = ({ personId, outcome, reason, evidence }: typeof given): string =>
    canonicalize({ personId, outcome, reason, evidence });
  return said(one) === said(given);
}

interface Statements {
  readonly outcome: Resolution['outcome'];
  readonly claim: StepHash;
  /** with the one that is made now */
  readonly all: NonNullable<ChangeRecord['resolutions']>;
}

/** What two who say the same lead to: the document as the outcome has it, in whatever place the store was found. */
async function conclusion(
  context: Context,
  record: ChangeRecord,
  { outcome, claim, all }: Statements,
): Promise<Pick<Recording, 'steps' | 'writes'> | Refusal> {
  // Who has left, or lost the role, since they spoke is heard no more.
  const heard = all.filter((one) => resolverToday(context, record, one.personId) === undefined);
  const [first, second] = lastWordsFor(outcome, heard);
  if (record.state !== 'rollback_failed' || first === undefined || second === undefined) return { steps: [] };
  const resolutions: [StepHash, StepHash] = [first, second];
  const { id, entityId, content } = record;
  const found = await context.states.read(entityId);
  const drift = found.version - orNone(record.document?.version);
  if (drift < 0 || drift > MAX_DRIFT)
    return refused(
      'CHANGE_STATE_CONFLICT',
      `the document of ${entityId} is at version ${found.version}, its chain leads to ${orNone(record.document?.version)}: restore the store from the ledger first`,
    );
  const document = await documentAfter(context, record, outcome);
  const data = {
    ...{ change: id, revision: content.revision, claim, resolutions },
    document: { version: found.version + 1, hash: documentHash(document) },
    ...context.under,
  };
  const type =
    outcome === 'executed' ? ('change.resolved-executed' as const) : ('change.resolved-rolled-back' as const);
  return {
    steps: [{ type, actor: SYSTEM_ACTOR, data }],
    writes: (placed) => {
      const entry = placed.find(({ draft }) => draft.type === type);
      const next = { from: found.version, document, change: id };
      return entry === undefined ? [] : context.states.put(entityId, { ...next, entry });
    },
  };
}

async function documentAfter(
  context: Context,
  record: ChangeRecord,
  outcome: Resolution['outcome'],
): Promise<Document> {
  const { before } = await intentOf(context, record, 0);
  return outcome === 'rolled_back'
    ? before.document
    : planResult(before.document, record.content.operations, context.types);
}

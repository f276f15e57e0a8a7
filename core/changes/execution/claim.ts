/**
 * Claiming: the moment an approval becomes an execution, so everything is checked again against what is true now: the
 * record against the ledger, the votes against the roster, the risk table, the document, the deadline, the time lock.
 */
import { msOf } from '../../brands/index.ts';
import { SYSTEM_ACTOR } from '../../ledger/index.ts';
import { orBlank } from '../../values/index.ts';
import type { StoredChange } from '../store/change-store.ts';
import type { Context } from '../recording/context.ts';
import { excludedNow } from '../recording/who-may.ts';
import { votersNow } from '../decisions/delegation.ts';
import { activeFreezes } from '../risk/freezes.ts';
import { overrideStands } from '../decisions/override.ts';
import { voteSignatureRefusal } from '../model/signed-decisions.ts';
import { requirementOf, standingQuorum } from '../model/quorum.ts';
import type { ChangeRecord, StandingVote } from '../model/record.ts';
import { isRefused, type Refusal } from '../model/refusal.ts';
import type { StepDraft, StepData } from '../model/steps.ts';
import type { Outcomes } from '../model/workflow.ts';
import { writeStep } from './write-step.ts';

type Drift = StepData<'change.returned'>['drift'][number];

export async function claim(context: Context, current: StoredChange): Promise<Outcomes['claim'] | Refusal> {
  const { record } = current;
  const { id, entityId, approval, assessment, content } = record;
  if (record.state !== 'approved' || approval === undefined || assessment === undefined) return 'moved';
  const time = context.clock.now();
  if (time < msOf(approval.timelockUntil)) return 'early';
  if (time >= msOf(content.deadline)) return 'moved';
  const unproven = await context.prove(current);
  if (unproven !== undefined) return unproven;
  const { voters, checks } = await votersNow(context, record.votes);
  const drift = await driftOf(context, record, voters);
  if (drift.length > 0) return giveBack(context, current, drift);
  const claimed: StepDraft = {
    type: 'change.claimed',
    actor: SYSTEM_ACTOR,
    data: { change: id, revision: content.revision, approval: approval.step, ...context.under },
  };
  const recorded = await context.recorder.record({
    ...{ id, entityId, current, steps: [claimed], asOf: time },
    writes: [context.states.check(entityId, assessment.base.version), ...checks],
  });
  if (recorded.kind === 'refused') return recorded;
  if (recorded.kind === 'recorded') return 'claimed';
  const { pk } = context.store.keys.lock(entityId);
  return recorded.kind === 'precondition' && recorded.failed.pk === pk ? 'locked' : 'moved';
}

/** What is no longer as it was when the change-set was assessed and approved. */
async function driftOf(context: Context, record: ChangeRecord, voters: readonly StandingVote[]): Promise<Drift[]> {
  const { risk, states, clock } = context;
  const { assessment, entityId } = record;
  if (assessment === undefined) return ['policy'];
  const drift: Drift[] = [];
  const isApproved =
    record.override === undefined ? isQuorumThere(context, record, voters) : overrideStands(context, record);
  if (!isApproved) drift.push('roster');
  if (assessment.policy.hash !== risk.policy.hash) drift.push('policy');
  const { version, hash } = await states.read(entityId);
  if (version !== assessment.base.version || hash !== assessment.base.hash) drift.push('base');
  const { names } = (assessment.facts['freeze'] ?? { names: [] }) as { readonly names: readonly string[] };
  const isFrozen = activeFreezes(risk.config.freezes, entityId, clock.now()).some((name) => !names.includes(name));
  if (isFrozen) drift.push('freeze');
  return drift;
}

/** @param voters the votes, with the roles their owners hold today */
function isQuorumThere(context: Context, record: ChangeRecord, voters: readonly StandingVote[]): boolean {
  const requirement = requirementOf(record);
  const excluded = excludedNow(context, record);
  const eligible = voters.filter(
    (vote) =>
      !excluded.includes(vote.personId) &&
      !excluded.includes(orBlank(vote.delegate?.personId)) &&
      voteSignatureRefusal(vote, { ...context, record }) === undefined,
  );
  return requirement !== undefined && standingQuorum(requirement, eligible).reached;
}

/** Back to the people, with a new assessment; what cannot be assessed any more is blocked until it is revised. */
async function giveBack(context: Context, current: StoredChange, drift: Drift[]): Promise<Outcomes['claim'] | Refusal> {
  const { record } = current;
  const { id, entityId, approval, content, proposal, round } = record;
  if (approval === undefined) return 'moved';
  const returned = { change: id, revision: content.revision, approval: approval.step, drift, ...context.under };
  const assessed = await context.assessor.assess({ entityId, content, proposal, round });
  const step: StepDraft = {
    ...{ type: 'change.returned', actor: SYSTEM_ACTOR },
    data: isRefused(assessed) ? { ...returned, blocked: { code: assessed.code, message: assessed.message } } : returned,
  };
  return isRefused(assessed)
    ? writeStep(context, current, { steps: [step] }, 'returned')
    : writeStep(context, current, { steps: [step, ...assessed.steps], writes: assessed.writes }, 'returned');
}

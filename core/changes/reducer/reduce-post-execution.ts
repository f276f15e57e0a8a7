/**
 * The steps behind the end: what people say became of a failed rollback, and what reviewers say of an override or a sample.
 * Two people who say the same decide what the document is from then on; a review changes nothing but the record.
 */
import type { StepHash } from '../../brands/index.ts';
import { orNone } from '../../values/index.ts';
import { reviewRefusal } from '../model/post-review.ts';
import type { ChangeRecord, Placement } from '../model/record.ts';
import { agentRefusal, inconsistent, refused, update, type Refusal, type Update } from '../model/refusal.ts';
import { UNMATCHED } from '../risk/risk-config.ts';
import type { ChangeStep, Resolution, StepOf } from '../model/steps.ts';

/** Statements of one person on one change-set: bounds its record, and nobody uses up what others may say. */
const MAX_STATEMENTS = 5;
/** Versions by which a document may have drifted from its chain before it must be restored rather than resolved. */
export const MAX_DRIFT = 1000;

type PostExecutionStep = Extract<
  ChangeStep,
  { readonly type: `change.${'resolution' | 'resolved-executed' | 'resolved-rolled-back' | 'reviewed'}` }
>;

type Resolutions = NonNullable<ChangeRecord['resolutions']>;

export function reducePostExecution(record: ChangeRecord, step: PostExecutionStep, placement: Placement): Update {
  if ('claim' in step.data && step.data.claim !== record.claim) return inconsistent(`${step.type} names another claim`);
  switch (step.type) {
    case 'change.resolution':
      return state(record, step, placement);
    case 'change.resolved-executed':
    case 'change.resolved-rolled-back':
      return resolve(record, step);
    case 'change.reviewed':
      return review(record, step);
  }
}

/** Why the person may not say what became of it; undefined when they may. */
export function resolverRefusal(
  { id, content, assessment }: ChangeRecord,
  { personId, roles }: Pick<Resolution, 'personId' | 'roles'>,
): Refusal | undefined {
  if (content.excludes.includes(personId))
    return refused(
      'SELF_APPROVAL',
      `${personId} proposed or edited ${id} or answers for its proposer: ask someone else`,
    );
  const needed = [...new Set([...(assessment?.roles ?? []), ...UNMATCHED.roles])];
  return roles.some((role) => needed.includes(role))
    ? undefined
    : refused('NOT_ELIGIBLE', `${personId} holds none of the roles ${needed.join(', ')} that may resolve ${id}`);
}

/** Steps of those statements for an outcome that are the last word of their person: each is another person's. */
export function lastWordsFor(outcome: Resolution['outcome'], resolutions: Resolutions): StepHash[] {
  const lastWords = new Map(resolutions.map((one) => [one.personId, one]));
  return [...lastWords.values()].filter((one) => one.outcome === outcome).map(({ step }) => step);
}

function state(record: ChangeRecord, { data, actor }: StepOf<'change.resolution'>, { step }: Placement): Update {
  const refusal = agentRefusal(actor) ?? resolverRefusal(record, data);
  if (refusal !== undefined) return refusal;
  const { id, resolutions = [] } = record;
  const { personId } = data;
  if (resolutions.filter((one) => one.personId === personId).length >= MAX_STATEMENTS)
    return refused(
      'CHANGE_STATE_CONFLICT',
      `${personId} has made ${MAX_STATEMENTS} statements about ${id}: the last one counts, and others must agree with it`,
    );
  return update({ resolutions: [...resolutions, { ...data, step, account: actor.id }] });
}

/** The document is what the outcome says, at whatever later version the store was found. */
function resolve(
  record: ChangeRecord,
  { type, data }: StepOf<'change.resolved-executed' | 'change.resolved-rolled-back'>,
): Update {
  const outcome = type === 'change.resolved-executed' ? 'executed' : 'rolled_back';
  const said = lastWordsFor(outcome, record.resolutions ?? []);
  const [one, other] = data.resolutions;
  if (one === other || !said.includes(one) || !said.includes(other))
    return inconsistent(`no two people agree that ${record.id} is ${outcome}`);
  const { assessment, progress, document } = record;
  const hash = outcome === 'executed' ? assessment?.result : progress[0]?.beforeHash;
  if (data.document.hash !== hash) return inconsistent(`the document is not that of ${outcome}`);
  const drift = data.document.version - orNone(document?.version) - 1;
  return drift >= 0 && drift <= MAX_DRIFT
    ? update({ document: data.document })
    : inconsistent(`version ${data.document.version} does not follow ${orNone(document?.version)}`);
}

function review(record: ChangeRecord, { data, actor, at }: StepOf<'change.reviewed'>): Update {
  const { postReview } = record;
  const refusal = agentRefusal(actor) ?? reviewRefusal(record, data.personId);
  if (refusal !== undefined || postReview === undefined) return refusal ?? inconsistent('there is nothing to review');
  return update({ postReview: { ...postReview, reviews: [...postReview.reviews, { ...data, at }] } });
}

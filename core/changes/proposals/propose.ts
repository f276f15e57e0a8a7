/**
 * Proposing and revising: rights, content, assessment, then one transaction. A proposal is pending (or, at L0, approved)
 * when the caller hears of it; a change-set that was never assessed does not exist.
 */
import { isoOf, later, msOf, type EntityId, type IsoInstant, type StepHash } from '../../brands/index.ts';
import { canonicalize } from '../../canonical/index.ts';
import { isClosedToChanges, parseEntry, type EntryBody, type StoredEntry } from '../../ledger/index.ts';
import { actorOf, answerableFor, denied, initiatorOf, type Denial, type Principal } from '../../policy/index.ts';
import { defined, MS_PER_HOUR, orNone } from '../../values/index.ts';
import { contentHash } from '../model/binding-hashes.ts';
import { parseProposal, parseRevision, type ParsedProposal, type ParsedRevision } from '../operations/content.ts';
import type { Context } from '../recording/context.ts';
import { erasureRefusal } from './erasure.ts';
import type { StoredChange } from '../store/change-store.ts';
import type { ChangeState } from '../model/lifecycle.ts';
import { sponsorOf } from '../store/recent-changes.ts';
import { isRefused, noSuchChange, refused, type Refusal, type Refused } from '../model/refusal.ts';
import { actUnder, idemKeyOf, keyConflict, keyRefusal, recordedUnder } from '../recording/idempotency.ts';
import { recordAct, type ActRequest, type RecordedAct } from '../recording/record-act.ts';
import { MAX_TRIES, tooBusy } from '../recording/record-steps.ts';
import type { Assessed } from '../risk/assess.ts';
import { decisionHoursFor } from '../risk/risk-floor.ts';
import { stepHash, type Content, type StepDraft } from '../model/steps.ts';
import { claimerOf } from '../../work/index.ts';

const MAX_REVISIONS = 50;
const SUPERSEDABLE: ReadonlySet<ChangeState> = new Set(['rejected', 'cancelled', 'expired'] as const);

export interface Proposed {
  /** `existing`: the idempotency key was used before, for the same content */
  readonly kind: 'created' | 'existing';
  readonly stored: StoredChange;
}

/** Proposals of one sponsor or on one entity wait for each other here, so that they rarely meet in the store. */
export type Turns = Map<string, Promise<unknown>>;

export interface ProposalRequest {
  readonly input: unknown;
  readonly idempotencyKey?: string | undefined;
  readonly turns: Turns;
  /** Of the version of the document that it is assessed on; absent: whatever it is. */
  readonly isExpected?: IsExpected | undefined;
}

export type IsExpected = (version: number) => boolean;

/** @throws CanonicalError, LedgerError */
export async function propose(
  context: Context,
  principal: Principal,
  { input, idempotencyKey, turns, isExpected }: ProposalRequest,
): Promise<Proposed | Refused> {
  const parsed = parseProposal(input, context.types);
  if (isRefused(parsed)) return parsed;
  const make = async (): Promise<PreparedProposal | Refusal> => (await supersedingRefusal(context, parsed)) ?? parsed;
  const isSame = (recorded: Content): boolean => saysTheSame(recorded, parsed);
  return proposePrepared(context, principal, {
    entityId: parsed.entityId,
    make,
    isSame,
    idempotencyKey,
    turns,
    isExpected,
  });
}

/** What is proposed: by its proposer, or made by the system for them. */
export type PreparedProposal = ParsedRevision & Pick<Content, 'reverts' | 'supersedes'>;

export interface ProposalDraft {
  readonly entityId: EntityId;
  /** Called for each attempt to record it, so it may rest on the document as it is. */
  readonly make: () => Promise<PreparedProposal | Refusal>;
  /** What was recorded under the same idempotency key is this proposal. */
  readonly isSame: (recorded: Content) => boolean;
  readonly idempotencyKey: string | undefined;
  readonly turns: Turns;
  readonly isExpected?: IsExpected | undefined;
}

/** @throws CanonicalError, LedgerError */
export async function proposePrepared(
  context: Context,
  principal: Principal,
  { entityId, make, isSame, idempotencyKey, turns, isExpected }: ProposalDraft,
): Promise<Proposed | Refused> {
  const refusal = rightRefusal(context, principal, entityId) ?? (await context.adopted()) ?? keyRefusal(idempotencyKey);
  if (refusal !== undefined) return refusal;
  const idemKey = idempotencyKey === undefined ? undefined : idemKeyOf(principal, idempotencyKey);
  const record = () => recordProposal(context, principal, { entityId, make, isSame, isExpected, idemKey });
  // One after the other, as the store would have it anyway.
  const sponsor = sponsorFor(principal) ?? initiatorOf(principal);
  return inTurn(turns, sponsor, () => inTurn(turns, `on ${entityId}`, record));
}

async function recordProposal(
  context: Context,
  principal: Principal,
  {
    entityId,
    make,
    isSame,
    isExpected,
    idemKey,
  }: Pick<ProposalDraft, 'entityId' | 'make' | 'isSame' | 'isExpected'> & { idemKey?: string | undefined },
): Promise<Proposed | Refusal> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const existing = idemKey === undefined ? undefined : await recordedUnder(context, idemKey);
    if (existing !== undefined) return asProposed(context, existing, { entityId, isSame });
    const made = await make();
    if (isRefused(made)) return made;
    const unfit = await erasureRefusal(context, entityId, made.operations);
    if (unfit !== undefined) return unfit;
    const id = context.ids.next();
    const content = contentOf(context, principal, { made, id, entityId });
    if (isRefused(content)) return content;
    const proposal: StepDraft = {
      type: 'change.proposed',
      actor: actorOf(principal),
      data: { ...content, revision: 1 },
    };
    const assessed = await context.assessor.assess(subjectOf(entityId, proposal, 0));
    if (isRefused(assessed)) return assessed;
    const changed = changedRefusal(assessed, entityId, isExpected);
    if (changed !== undefined) return changed;
    const full = await roomRefusal(context, content);
    if (full !== undefined) return full;
    const recorded = await context.recorder.record({
      ...{ id, entityId, current: undefined, steps: [proposal, ...assessed.steps] },
      writes: assessed.writes,
      ...defined({ idemKey, work: content.work }),
    });
    // A claim that has ended does not undo what was recorded under it meanwhile, by the same call.
    if (isStale(recorded) && idemKey !== undefined && (await recordedUnder(context, idemKey)) !== undefined) continue;
    if (recorded.kind === 'refused') return recorded;
    if (recorded.kind === 'recorded') return { kind: 'created', stored: recorded.stored };
  }
  return tooBusy();
}

export type RevisionRequest = ActRequest & Pick<ProposalRequest, 'isExpected'>;

/** Refused: NOT_PROPOSER | CHANGE_STATE_CONFLICT | CHANGE_INVALID | STALE_BASE | RISK_BLOCKED | FORBIDDEN | DOCUMENT_CHANGED */
export async function revise(
  context: Context,
  principal: Principal,
  { id, input, idempotencyKey, isExpected }: RevisionRequest,
): Promise<RecordedAct | Refused> {
  const parsed = parseRevision(input, context.types);
  if (isRefused(parsed)) return parsed;
  const badKey = keyRefusal(idempotencyKey);
  if (badKey !== undefined) return badKey;
  const idemKey = idempotencyKey === undefined ? undefined : idemKeyOf(principal, idempotencyKey);

  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const before = await actUnder(context, id, { idemKey, isSame: (body) => isRevision(body, id, parsed) });
    if (before !== undefined) return before;
    const current = await context.store.find(id);
    if (current === undefined) return noSuchChange(id);
    const { entityId, content, round } = current.record;
    if (initiatorOf(principal) !== content.initiator)
      return refused('NOT_PROPOSER', `${id} was proposed by ${content.initiator}: only the proposer may revise it`);
    const denial = rightRefusal(context, principal, entityId);
    if (denial !== undefined) return denial;
    if (content.revision >= MAX_REVISIONS)
      return refused('CHANGE_STATE_CONFLICT', `${id} has ${MAX_REVISIONS} revisions: withdraw it and propose anew`);
    const unfit = await erasureRefusal(context, entityId, parsed.operations);
    if (unfit !== undefined) return unfit;
    const data = contentOf(context, principal, { made: parsed, id, entityId, previous: content });
    if (isRefused(data)) return data;
    const revision: StepDraft = { type: 'change.revised', actor: actorOf(principal), data };
    const assessed = await context.assessor.assess(subjectOf(entityId, revision, round));
    if (isRefused(assessed)) return assessed;
    const changed = changedRefusal(assessed, entityId, isExpected);
    if (changed !== undefined) return changed;
    const done = await recordAct(context, current, {
      steps: [revision, ...assessed.steps],
      writes: assessed.writes,
      ...defined({ idemKey, work: data.work }),
    });
    if (isStale(done) && idemKey !== undefined && (await recordedUnder(context, idemKey)) !== undefined) continue;
    if (done !== 'again') return done;
  }
  return tooBusy();
}

/** FORBIDDEN */
export function rightRefusal({ policy }: Context, principal: Principal, entityId: EntityId): Denial | undefined {
  return isClosedToChanges(entityId)
    ? denied(`"${entityId}" is a chain of the system: choose another entity id`)
    : policy.denial(principal, 'proposes', entityId);
}

interface ContentSource {
  readonly made: PreparedProposal;
  readonly id: string;
  readonly entityId: EntityId;
  readonly previous?: Content;
}

export function contentOf(
  context: Context,
  principal: Principal,
  { made, id, entityId, previous }: ContentSource,
): Content | Refusal {
  const deadline = deadlineOf(context, entityId, made);
  if (isRefused(deadline)) return deadline;
  const { title, rationale, evidence, operations, reverts } = made;
  const { supersedes } = previous ?? made;
  return {
    ...{ change: id, revision: orNone(previous?.revision) + 1, title, rationale, evidence, operations },
    contentHash: contentHash(entityId, operations),
    initiator: initiatorOf(principal),
    ...sponsorField(previous === undefined ? sponsorFor(principal) : previous.sponsor),
    excludes: [...new Set([...(previous?.excludes ?? []), ...answerableFor(principal)])].sort(),
    deadline,
    ...defined({ reverts, supersedes, work: made.work && { ...made.work, by: claimerOf(principal) } }),
    ...context.under,
  };
}

/** Who answers for the principal, where that is another. */
function sponsorFor(principal: Principal): string | undefined {
  return principal.kind === 'agent' ? `person:${principal.owner}` : undefined;
}

function sponsorField(sponsor: string | undefined): Pick<Content, 'sponsor'> {
  return sponsor === undefined ? {} : { sponsor };
}

/** A bound on what may wait at the same time: exact, because the proposals of one sponsor take turns. */
async function roomRefusal({ recent, risk }: Context, content: Content): Promise<Refusal | undefined> {
  const { maxOpen } = risk.config;
  const sponsor = sponsorOf(content);
  const isFull = (await recent.open(sponsor, maxOpen)) >= maxOpen;
  return isFull
    ? refused(
        'TOO_MANY_OPEN',
        `${sponsor} has ${maxOpen} change-sets waiting: let some be decided, or withdraw what is not needed`,
      )
    : undefined;
}

/** The proposer may want an earlier end than the configuration sets, never a later one. */
function deadlineOf(context: Context, entityId: EntityId, { deadline }: ParsedRevision): IsoInstant | Refusal {
  const hours = decisionHoursFor(entityId, context.risk.config.decisionHours);
  const time = context.clock.now();
  const latest = later(time, hours * MS_PER_HOUR);
  if (deadline === undefined) return isoOf(latest);
  const wanted = msOf(deadline);
  return wanted <= time || wanted > latest
    ? invalid('/deadline', `is ${isoOf(wanted)}: choose a time between now and ${isoOf(latest)}`)
    : isoOf(wanted);
}

function subjectOf(
  entityId: EntityId,
  step: Extract<StepDraft, { type: 'change.proposed' | 'change.revised' }>,
  round: number,
): { entityId: EntityId; content: Content; proposal: StepHash; round: number } {
  return { entityId, content: step.data, proposal: stepHash(step), round };
}

/** The same key stands for the same proposal for ever, whatever has become of it. */
async function asProposed(
  context: Context,
  entry: StoredEntry,
  { entityId, isSame }: Pick<ProposalDraft, 'entityId' | 'isSame'>,
): Promise<Proposed | Refusal> {
  const recorded = parseEntry(entry.note);
  // What was recorded under it by another act has other fields, or those of a proposal without being one.
  const isProposal = recorded.kind === 'entry' && recorded.body.type === 'change.proposed';
  const data = isProposal ? (recorded.body.data as Content) : undefined;
  if (data === undefined || entry.chain !== entityId || !isSame(data)) return keyConflict('proposal');
  const stored = await context.store.find(data.change);
  return stored === undefined ? noSuchChange(data.change) : { kind: 'existing', stored };
}

/** The same words and operations; a deadline only if one is wanted, since its default moves with the clock. */
function saysTheSame(recorded: Content, { deadline, ...wanted }: Omit<ParsedProposal, 'entityId'>): boolean {
  const said = ({ title, rationale, evidence, operations, supersedes, work }: typeof wanted | Content): string =>
    canonicalize([title, rationale, evidence, operations, supersedes ?? null, work ? [work.workId, work.fence] : null]);
  return (
    (deadline === undefined || recorded.deadline === isoOf(msOf(deadline))) &&
    recorded.reverts === undefined &&
    said(recorded) === said(wanted)
  );
}

function isRevision({ type, data }: EntryBody, id: string, wanted: ParsedRevision): boolean {
  if (type !== 'change.revised') return false;
  const recorded = data as unknown as Content;
  return (
    recorded.change === id && saysTheSame(recorded, { ...wanted, ...defined({ supersedes: recorded.supersedes }) })
  );
}

/** What it follows is over, without having been carried out, and was about the same entity. */
async function supersedingRefusal(
  { store }: Context,
  { entityId, supersedes }: ParsedProposal,
): Promise<Refusal | undefined> {
  if (supersedes === undefined) return undefined;
  const record = (await store.find(supersedes))?.record;
  const detail =
    record?.entityId !== entityId
      ? `names no change-set on "${entityId}"`
      : SUPERSEDABLE.has(record.state)
        ? undefined
        : `names a change-set that is ${record.state}: only a rejected, cancelled or expired one can be superseded`;
  return detail === undefined ? undefined : invalid('/supersedes', detail);
}

/** DOCUMENT_CHANGED. What was assessed can only be carried out on the version that it was assessed on. */
function changedRefusal(
  { onVersion }: Assessed,
  entityId: EntityId,
  isExpected: IsExpected = () => true,
): Refusal | undefined {
  if (isExpected(onVersion)) return undefined;
  const message = `the document of "${entityId}" is at version ${onVersion}, which is not what If-Match names: read it, and decide anew what to change`;
  return refused('DOCUMENT_CHANGED', message);
}

function isStale(outcome: unknown): boolean {
  return isRefused(outcome) && outcome.code === 'FENCE_STALE';
}

function invalid(pointer: string, detail: string): Refusal {
  return { kind: 'refused', code: 'CHANGE_INVALID', message: `${pointer}: ${detail}`, problems: [{ pointer, detail }] };
}

async function inTurn<Result>(turns: Turns, key: string, task: () => Promise<Result>): Promise<Result> {
  const before = turns.get(key) ?? Promise.resolve();
  const mine = before.then(task, task);
  turns.set(key, mine);
  try {
    return await mine;
  } finally {
    if (turns.get(key) === mine) turns.delete(key);
  }
}

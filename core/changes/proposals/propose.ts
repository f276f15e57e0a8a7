/**
 * Proposing and revising: rights, content, assessment, then one transaction. A proposal is pending (or, at L0, approved)
 * when the caller hears of it; a change-set that was never assessed does not exist.
 */
import { canonicalize } from '../../canonical/index.ts';
import { isReserved, parseEntry, type StoredEntry } from '../../ledger/index.ts';
import { actorOf, answerableFor, initiatorOf, PolicyError, type Principal } from '../../policy/index.ts';
import {
  contentHash,
  parseProposal,
  parseRevision,
  type ParsedProposal,
  type ParsedRevision,
} from '../operations/content.ts';
import { findChange, now, type Context } from '../recording/context.ts';
import { assertErasable } from './erasure.ts';
import { ChangeError, refuse } from '../model/errors.ts';
import type { StoredChange } from '../store/change-store.ts';
import type { ChangeState } from '../model/lifecycle.ts';
import { sponsorOf } from '../store/recent-changes.ts';
import { decideUntilWritten } from '../recording/record-steps.ts';
import { decisionHoursFor } from '../risk/risk-floor.ts';
import { stepHash, type Content, type StepDraft } from '../model/steps.ts';

const MS_PER_HOUR = 3_600_000;
const MAX_REVISIONS = 50;
const SUPERSEDABLE: ReadonlySet<ChangeState> = new Set(['rejected', 'cancelled', 'expired'] as const);
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,128}$/;

export interface Proposed {
  /** `existing`: the idempotency key was used before, for the same content */
  readonly kind: 'created' | 'existing';
  readonly stored: StoredChange;
}

/** Proposals of one sponsor or on one entity wait for each other here, so that they rarely meet in the store. */
export type Turns = Map<string, Promise<unknown>>;

/** @throws ChangeError, PolicyError FORBIDDEN, CanonicalError, LedgerError */
export async function propose(
  context: Context,
  principal: Principal,
  { input, idempotencyKey, turns }: { input: unknown; idempotencyKey?: string | undefined; turns: Turns },
): Promise<Proposed> {
  const parsed = parseProposal(input, context.types);
  const make = async (): Promise<PreparedProposal> => {
    await assertSuperseded(context, parsed);
    return parsed;
  };
  const isSame = (recorded: Content): boolean => saysTheSame(recorded, parsed);
  return proposePrepared(context, principal, { entityId: parsed.entityId, make, isSame, idempotencyKey, turns });
}

/** What is proposed: by its proposer, or made by the system for them. */
export type PreparedProposal = ParsedRevision & Pick<Content, 'reverts' | 'supersedes'>;

export interface ProposalDraft {
  readonly entityId: string;
  /** Called for each attempt to record it, so it may rest on the document as it is. */
  readonly make: () => Promise<PreparedProposal>;
  /** What was recorded under the same idempotency key is this proposal. */
  readonly isSame: (recorded: Content) => boolean;
  readonly idempotencyKey: string | undefined;
  readonly turns: Turns;
}

/** @throws ChangeError, PolicyError FORBIDDEN, CanonicalError, LedgerError */
export async function proposePrepared(
  context: Context,
  principal: Principal,
  { entityId, make, isSame, idempotencyKey, turns }: ProposalDraft,
): Promise<Proposed> {
  requireRight(context, principal, entityId);
  await context.adopted();
  const idemKey = idempotencyKey === undefined ? undefined : idemKeyOf(principal, idempotencyKey);
  const attempt = () =>
    decideUntilWritten<Proposed>(async () => {
      const existing = idemKey === undefined ? undefined : await context.entries.findByIdemKey(idemKey);
      if (existing !== undefined)
        return { kind: 'done', result: await asProposed(context, existing, { entityId, isSame }) };
      const made = await make();
      await assertErasable(context, entityId, made.operations);
      const id = context.ids.next();
      const proposal: StepDraft = {
        type: 'change.proposed',
        actor: actorOf(principal),
        data: { ...contentOf(context, principal, { made, id, entityId }), revision: 1 },
      };
      const assessed = await context.assessor.assess(subjectOf(entityId, proposal, 0));
      await requireRoom(context, proposal.data);
      const recorded = await context.recorder.record({
        ...{ id, entityId, current: undefined, steps: [proposal, ...assessed.steps] },
        writes: assessed.writes,
        ...(idemKey === undefined ? {} : { idemKey }),
      });
      return recorded.kind === 'recorded'
        ? { kind: 'done', result: { kind: 'created', stored: recorded.stored } }
        : { kind: 'again' };
    });
  // One after the other, as the store would have it anyway.
  const sponsor = sponsorFor(principal) ?? initiatorOf(principal);
  return inTurn(turns, sponsor, () => inTurn(turns, `on ${entityId}`, attempt));
}

/** @throws ChangeError NOT_PROPOSER | CHANGE_STATE_CONFLICT | CHANGE_INVALID | STALE_BASE | RISK_BLOCKED, PolicyError */
export async function revise(
  context: Context,
  principal: Principal,
  { id, input }: { id: string; input: unknown },
): Promise<StoredChange> {
  const parsed = parseRevision(input, context.types);
  return decideUntilWritten(async () => {
    const current = await findChange(context, id);
    const { entityId, content, round } = current.record;
    if (initiatorOf(principal) !== content.initiator)
      refuse('NOT_PROPOSER', `${id} was proposed by ${content.initiator}: only the proposer may revise it`);
    requireRight(context, principal, entityId);
    if (content.revision >= MAX_REVISIONS)
      refuse('CHANGE_STATE_CONFLICT', `${id} has ${MAX_REVISIONS} revisions: withdraw it and propose anew`);
    await assertErasable(context, entityId, parsed.operations);
    const revision: StepDraft = {
      type: 'change.revised',
      actor: actorOf(principal),
      data: contentOf(context, principal, { made: parsed, id, entityId, previous: content }),
    };
    const { steps, writes } = await context.assessor.assess(subjectOf(entityId, revision, round));
    const recorded = await context.recorder.record({ id, entityId, current, steps: [revision, ...steps], writes });
    return recorded.kind === 'recorded' ? { kind: 'done', result: recorded.stored } : { kind: 'again' };
  });
}

/** @throws PolicyError FORBIDDEN */
export function requireRight({ policy }: Context, principal: Principal, entityId: string): void {
  if (isReserved(entityId)) {
    throw new PolicyError({
      code: 'FORBIDDEN',
      message: `"${entityId}" is a chain of the system: choose another entity id`,
    });
  }
  policy.require(principal, 'proposes', entityId);
}

interface ContentSource {
  readonly made: PreparedProposal;
  readonly id: string;
  readonly entityId: string;
  readonly previous?: Content;
}

export function contentOf(
  context: Context,
  principal: Principal,
  { made, id, entityId, previous }: ContentSource,
): Content {
  const { title, rationale, evidence, operations, reverts } = made;
  const { supersedes } = previous ?? made;
  return {
    ...{ change: id, revision: (previous?.revision ?? 0) + 1, title, rationale, evidence, operations },
    contentHash: contentHash(entityId, operations),
    initiator: initiatorOf(principal),
    ...sponsorField(previous === undefined ? sponsorFor(principal) : previous.sponsor),
    excludes: [...new Set([...(previous?.excludes ?? []), ...answerableFor(principal)])].sort(),
    deadline: deadlineOf(context, entityId, made),
    ...(reverts === undefined ? {} : { reverts }),
    ...(supersedes === undefined ? {} : { supersedes }),
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
async function requireRoom({ recent, risk }: Context, content: Content): Promise<void> {
  const { maxOpen } = risk.config;
  const sponsor = sponsorOf(content);
  if ((await recent.open(sponsor, maxOpen)) >= maxOpen)
    refuse(
      'TOO_MANY_OPEN',
      `${sponsor} has ${maxOpen} change-sets waiting: let some be decided, or withdraw what is not needed`,
    );
}

/** The proposer may want an earlier end than the configuration sets, never a later one. */
function deadlineOf(context: Context, entityId: string, { deadline }: ParsedRevision): string {
  const hours = decisionHoursFor(entityId, context.risk.config.decisionHours);
  const latest = now(context, hours * MS_PER_HOUR);
  if (deadline === undefined) return latest;
  const wanted = new Date(deadline).toISOString();
  if (wanted <= now(context) || wanted > latest) {
    const detail = `is ${wanted}: choose a time between now and ${latest}`;
    const problems = [{ pointer: '/deadline', detail }];
    throw new ChangeError({ code: 'CHANGE_INVALID', message: `/deadline: ${detail}`, problems });
  }
  return wanted;
}

function subjectOf(
  entityId: string,
  step: Extract<StepDraft, { type: 'change.proposed' | 'change.revised' }>,
  round: number,
): { entityId: string; content: Content; proposal: string; round: number } {
  return { entityId, content: step.data, proposal: stepHash(step), round };
}

function idemKeyOf({ kind, id }: Principal, key: string): string {
  if (!IDEMPOTENCY_KEY.test(key)) refuse('CHANGE_INVALID', 'an idempotency key is 1-128 visible ASCII characters');
  return `change:${kind}:${id}:${key}`;
}

/** The same key stands for the same proposal for ever, whatever has become of it. */
async function asProposed(
  context: Context,
  entry: StoredEntry,
  { entityId, isSame }: Pick<ProposalDraft, 'entityId' | 'isSame'>,
): Promise<Proposed> {
  const recorded = parseEntry(entry.note);
  const data = recorded.kind === 'entry' ? (recorded.body.data as Content) : undefined;
  if (data === undefined || entry.chain !== entityId || !isSame(data))
    return refuse('IDEMPOTENCY_CONFLICT', 'the idempotency key stands for another proposal: use a new key');
  return { kind: 'existing', stored: await findChange(context, data.change) };
}

/** The same words and operations; a deadline only if one is wanted, since its default moves with the clock. */
function saysTheSame(recorded: Content, { deadline, ...wanted }: ParsedProposal): boolean {
  const said = ({ title, rationale, evidence, operations, supersedes }: typeof wanted | Content): string =>
    canonicalize([title, rationale, evidence, operations, supersedes ?? null]);
  return (
    (deadline === undefined || recorded.deadline === new Date(deadline).toISOString()) &&
    recorded.reverts === undefined &&
    said(recorded) === said(wanted)
  );
}

/** What it follows is over, without having been carried out, and was about the same entity. */
async function assertSuperseded({ store }: Context, { entityId, supersedes }: ParsedProposal): Promise<void> {
  if (supersedes === undefined) return;
  const record = (await store.find(supersedes))?.record;
  const detail =
    record?.entityId !== entityId
      ? `names no change-set on "${entityId}"`
      : SUPERSEDABLE.has(record.state)
        ? undefined
        : `names a change-set that is ${record.state}: only a rejected, cancelled or expired one can be superseded`;
  if (detail === undefined) return;
  const problems = [{ pointer: '/supersedes', detail }];
  throw new ChangeError({ code: 'CHANGE_INVALID', message: `/supersedes: ${detail}`, problems });
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

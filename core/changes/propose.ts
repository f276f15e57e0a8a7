/**
 * Proposing and revising: rights, content, assessment, then one transaction. A proposal is pending (or, at L0, approved)
 * when the caller hears of it; a change-set that was never assessed does not exist.
 */
import { canonicalize } from '../canonical/index.ts';
import { isReserved, parseEntry, type StoredEntry } from '../ledger/index.ts';
import { actorOf, PolicyError, type Principal } from '../policy/index.ts';
import { contentHash, parseProposal, parseRevision, type ParsedRevision } from './content.ts';
import { excludedBy, findChange, initiatorOf, now, type Context } from './context.ts';
import { assertErasable } from './erasure.ts';
import { ChangeError, refuse } from './errors.ts';
import type { StoredChange } from './change-store.ts';
import { decideUntilWritten } from './record-steps.ts';
import { stepHash, type Content, type StepDraft } from './steps.ts';

const MS_PER_HOUR = 3_600_000;
const MAX_REVISIONS = 50;
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,128}$/;

export interface Proposed {
  /** `existing`: the idempotency key was used before, for the same content */
  readonly kind: 'created' | 'existing';
  readonly stored: StoredChange;
}

/** Proposals of one initiator wait for each other here, so that they rarely meet in the store. */
export type Turns = Map<string, Promise<unknown>>;

/** @throws ChangeError, PolicyError FORBIDDEN, CanonicalError, LedgerError */
export async function propose(
  context: Context,
  principal: Principal,
  { input, idempotencyKey, turns }: { input: unknown; idempotencyKey?: string | undefined; turns: Turns },
): Promise<Proposed> {
  const parsed = parseProposal(input, context.types);
  requireRight(context, principal, parsed.entityId);
  const idemKey = idempotencyKey === undefined ? undefined : idemKeyOf(principal, idempotencyKey);
  const initiator = initiatorOf(principal);
  return inTurn(turns, initiator, () =>
    decideUntilWritten(async () => {
      const existing = idemKey === undefined ? undefined : await context.entries.findByIdemKey(idemKey);
      if (existing !== undefined) return { kind: 'done', result: await asProposed(context, existing, parsed) };
      await assertErasable(context, parsed.entityId, parsed.operations);
      const id = context.ids.next();
      const proposal: StepDraft = {
        type: 'change.proposed',
        actor: actorOf(principal),
        data: { ...contentOf(context, principal, { parsed, id, entityId: parsed.entityId }), revision: 1 },
      };
      const turn = await context.store.initiatorTurn(initiator, id);
      const assessed = await context.assessor.steps(subjectOf(parsed.entityId, proposal, 0));
      const recorded = await context.recorder.record({
        ...{ id, entityId: parsed.entityId, current: undefined, steps: [proposal, ...assessed], writes: [turn] },
        ...(idemKey === undefined ? {} : { idemKey }),
      });
      return recorded.kind === 'recorded'
        ? { kind: 'done', result: { kind: 'created', stored: recorded.stored } }
        : { kind: 'again' };
    }),
  );
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
      data: contentOf(context, principal, { parsed, id, entityId, previous: content }),
    };
    const assessed = await context.assessor.steps(subjectOf(entityId, revision, round));
    const recorded = await context.recorder.record({ id, entityId, current, steps: [revision, ...assessed] });
    return recorded.kind === 'recorded' ? { kind: 'done', result: recorded.stored } : { kind: 'again' };
  });
}

function requireRight({ policy }: Context, principal: Principal, entityId: string): void {
  if (isReserved(entityId)) {
    throw new PolicyError({
      code: 'FORBIDDEN',
      message: `"${entityId}" is a chain of the system: choose another entity id`,
    });
  }
  policy.require(principal, 'proposes', entityId);
}

interface ContentSource {
  readonly parsed: ParsedRevision;
  readonly id: string;
  readonly entityId: string;
  readonly previous?: Content;
}

function contentOf(context: Context, principal: Principal, { parsed, id, entityId, previous }: ContentSource): Content {
  const { title, rationale, evidence, operations } = parsed;
  return {
    ...{ change: id, revision: (previous?.revision ?? 0) + 1, title, rationale, evidence, operations },
    contentHash: contentHash(entityId, operations),
    initiator: initiatorOf(principal),
    excludes: [...new Set([...(previous?.excludes ?? []), ...excludedBy(principal)])].sort(),
    deadline: deadlineOf(context, parsed),
  };
}

/** The proposer may want an earlier end than the configuration sets, never a later one. */
function deadlineOf(context: Context, { deadline }: ParsedRevision): string {
  const latest = now(context, context.risk.config.decisionHours * MS_PER_HOUR);
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
  { entityId, title, rationale, evidence, operations, deadline }: ParsedRevision & { readonly entityId: string },
): Promise<Proposed> {
  const recorded = parseEntry(entry.note);
  const data = recorded.kind === 'entry' ? (recorded.body.data as Content) : undefined;
  const same =
    data !== undefined &&
    entry.chain === entityId &&
    (deadline === undefined || data.deadline === new Date(deadline).toISOString()) &&
    canonicalize([data.title, data.rationale, data.evidence, data.operations]) ===
      canonicalize([title, rationale, evidence, operations]);
  if (!same) refuse('IDEMPOTENCY_CONFLICT', 'the idempotency key stands for another proposal: use a new key');
  return { kind: 'existing', stored: await findChange(context, data.change) };
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

/** Finding change-sets: by entity, by state, or what a person could still decide (the approval inbox). Only what the caller may read. */
import { msOf } from '../../brands/index.ts';
import type { Principal } from '../../policy/index.ts';
import { defined } from '../../values/index.ts';
import type { Selection } from '../store/change-store.ts';
import type { Context } from '../recording/context.ts';
import { holdsNeededRole, speaksForProposer, type UnderPolicy } from '../recording/who-may.ts';
import { mandatesOf, type Mandate } from '../decisions/delegation.ts';
import { isTerminal, type ChangeState } from '../model/lifecycle.ts';
import type { ChangeRecord } from '../model/record.ts';
import { voteRefusal } from '../reducer/reduce-vote.ts';
import { canReview } from '../decisions/review.ts';
import type { RiskLevel } from '../risk/risk-config.ts';
import { awaitingIds } from './inbox.ts';
import type { ChangeView, VoteAtHand } from './view.ts';

export interface ChangeQuery {
  readonly status?: ChangeState;
  readonly entityId?: string;
  /** personId, or id of an agent or module: proposed by it, answered for by it, or decided on by it */
  readonly person?: string;
  readonly level?: RiskLevel;
  /** ISO 8601: proposed then or later */
  readonly from?: string;
  /** ISO 8601: proposed before then */
  readonly to?: string;
  /** only what the caller could still decide on */
  readonly for?: 'me';
  /** only what ran without the usual approval and this person's review is asked for */
  readonly review?: Principal;
  /** `next` of the page before */
  readonly after?: string;
  /** 1-100, default 20 */
  readonly limit?: number;
}

export interface Listed {
  readonly record: ChangeRecord;
  /** asked with `for` */
  readonly mayVoteAs?: readonly VoteAtHand[];
}

export interface RecordPage {
  /** oldest first */
  readonly records: readonly Listed[];
  /** there may be more: pass it as `after` */
  readonly next?: string;
}

export type Ballots = Pick<ChangeView, 'mayVoteAs' | 'mayNotVote'>;

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;
/** Ids read at once, and looked at before a page is handed out although it is not full. */
const BATCH = 100;
const MAX_SCANNED = 1000;

export async function listRecords(context: Context, principal: Principal, query: ChangeQuery): Promise<RecordPage> {
  const limit = Math.min(Math.max(query.limit ?? DEFAULT_LIMIT, 1), MAX_LIMIT);
  const records: Listed[] = [];
  const mandates = query.for === undefined ? undefined : await mandatesFor(context, principal);
  let after = query.after;
  for (let scanned = 0; scanned < MAX_SCANNED; scanned += BATCH) {
    const ids = await idsOf(context, query, { mandates, after });
    for (const id of ids) {
      after = id;
      const record = (await context.store.find(id))?.record;
      if (record === undefined || !isWanted(context, record, query)) continue;
      const mayVoteAs = mandates && votesOn(context, record, mandates);
      // Whose vote is asked for may read what it is about.
      if (mayVoteAs === undefined ? !mayRead(context, principal, record) : mayVoteAs.length === 0) continue;
      records.push({ record, ...defined({ mayVoteAs }) });
      if (records.length === limit) return { records, next: id };
    }
    if (ids.length < BATCH) return { records };
  }
  return { records, ...defined({ next: after }) };
}

/** Readers of the entity, operators, the proposer and who answers for it, and everyone whose decision is asked for. */
export function mayRead(context: UnderPolicy, principal: Principal, record: ChangeRecord): boolean {
  return (
    context.policy.may(principal, 'reads', record.entityId) ||
    context.policy.isOperator(principal) ||
    speaksForProposer(principal, record) ||
    holdsNeededRole(context, principal, record)
  );
}

function partitionOf({ entityId, status, for: me, review: reviewer }: ChangeQuery): Selection {
  if (entityId !== undefined) return { entityId };
  if (reviewer !== undefined) return { review: true };
  return me !== undefined || (status !== undefined && !isTerminal(status)) ? { open: true } : 'all';
}

/** Whose vote is asked for is found by that, unless it is about one entity. */
async function idsOf(
  { ledger, items, store }: Context,
  query: ChangeQuery,
  { mandates, after }: { readonly mandates: readonly Mandate[] | undefined; readonly after: string | undefined },
): Promise<readonly string[]> {
  if (mandates !== undefined && query.entityId === undefined)
    return awaitingIds(ledger, items, { mandates, after, limit: BATCH });
  return store.ids(partitionOf(query), { limit: BATCH, ...defined({ after }) });
}

function isWanted(context: Context, record: ChangeRecord, query: ChangeQuery): boolean {
  const { status, entityId, review: reviewer, person, level, from, to } = query;
  if (status !== undefined && record.state !== status) return false;
  if (entityId !== undefined && record.entityId !== entityId) return false;
  if (level !== undefined && record.assessment?.level !== level) return false;
  const proposedAt = msOf(record.createdAt);
  if (from !== undefined && proposedAt < msOf(from)) return false;
  if (to !== undefined && proposedAt >= msOf(to)) return false;
  if (person !== undefined && !hasPart(record, person)) return false;
  return reviewer === undefined || canReview(context, reviewer, record);
}

function hasPart({ proposer, content, votes }: ChangeRecord, id: string): boolean {
  const answering = [content.initiator, content.sponsor].map((one) => one?.slice(one.indexOf(':') + 1));
  const deciding = votes.flatMap(({ personId, delegate }) => [personId, delegate?.personId]);
  return proposer.id === id || [...answering, ...deciding].includes(id);
}

/**
 * Which votes the caller could cast on a change-set now, and why not their own. What may change before they do is judged
 * again then: this is to be told before they make up their mind.
 */
export async function ballotsOf(context: Context, principal: Principal, record: ChangeRecord): Promise<Ballots> {
  if (principal.kind !== 'person') {
    const message = `${principal.kind} "${principal.id}" cannot decide: ask a person`;
    return { mayVoteAs: [], mayNotVote: { code: 'AGENTS_CANNOT_DECIDE', message } };
  }
  if (isTerminal(record.state)) return { mayVoteAs: [] };
  const mandates = await mandatesFor(context, principal);
  const own = mandates.find(({ delegate }) => delegate === undefined);
  const refusal = own === undefined ? undefined : voteRefusal(record, own);
  return {
    mayVoteAs: votesOn(context, record, mandates),
    ...(refusal === undefined ? {} : { mayNotVote: { code: refusal.code, message: refusal.message } }),
  };
}

/** Agents and modules have none. */
async function mandatesFor(context: Context, principal: Principal): Promise<readonly Mandate[]> {
  return principal.kind === 'person' ? mandatesOf(context, principal.personId) : [];
}

function votesOn({ clock }: Context, record: ChangeRecord, mandates: readonly Mandate[]): readonly VoteAtHand[] {
  if (record.state !== 'pending' || clock.now() >= msOf(record.content.deadline)) return [];
  return mandates
    .filter((mandate) => voteRefusal(record, mandate) === undefined)
    .map(({ personId, delegate }) => ({ personId, ...(delegate && { delegation: delegate.delegation }) }));
}

/** Finding change-sets: by entity, by state, or what a person could still decide (the approval tray). Only what the caller may read. */
import type { Principal } from '../policy/index.ts';
import { holdsNeededRole, speaksForProposer, type Context } from './context.ts';
import { isTerminal, type ChangeState } from './lifecycle.ts';
import type { ChangeRecord } from './record.ts';
import { voteRefusal } from './reduce-decision.ts';

export interface ChangeQuery {
  readonly status?: ChangeState;
  readonly entityId?: string;
  /** only what this person could still decide on */
  readonly for?: Principal;
  /** `next` of the page before */
  readonly after?: string;
  /** 1-100, default 20 */
  readonly limit?: number;
}

export interface RecordPage {
  /** oldest first */
  readonly records: readonly ChangeRecord[];
  /** there may be more: pass it as `after` */
  readonly next?: string;
}

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;
/** Ids read at once, and looked at before a page is handed out although it is not full. */
const BATCH = 100;
const MAX_SCANNED = 1000;

export async function listRecords(context: Context, principal: Principal, query: ChangeQuery): Promise<RecordPage> {
  const limit = Math.min(Math.max(query.limit ?? DEFAULT_LIMIT, 1), MAX_LIMIT);
  const records: ChangeRecord[] = [];
  let after = query.after;
  for (let scanned = 0; scanned < MAX_SCANNED; scanned += BATCH) {
    const ids = await context.store.ids(partitionOf(query), {
      limit: BATCH,
      ...(after === undefined ? {} : { after }),
    });
    for (const id of ids) {
      after = id;
      const record = (await context.store.find(id))?.record;
      if (record === undefined || !isWanted(context, record, query) || !mayRead(context, principal, record)) continue;
      records.push(record);
      if (records.length === limit) return { records, next: id };
    }
    if (ids.length < BATCH) return { records };
  }
  return { records, ...(after === undefined ? {} : { next: after }) };
}

/** Readers of the entity, the proposer and who answers for it, and everyone whose decision is asked for. */
export function mayRead(context: Context, principal: Principal, record: ChangeRecord): boolean {
  return (
    context.policy.may(principal, 'reads', record.entityId) ||
    speaksForProposer(principal, record) ||
    holdsNeededRole(context, principal, record)
  );
}

function partitionOf({ entityId, status, for: decider }: ChangeQuery): Parameters<Context['store']['ids']>[0] {
  if (entityId !== undefined) return { entityId };
  return decider !== undefined || (status !== undefined && !isTerminal(status)) ? { open: true } : 'all';
}

function isWanted(context: Context, record: ChangeRecord, { status, for: decider }: ChangeQuery): boolean {
  if (status !== undefined && record.state !== status) return false;
  return decider === undefined || canDecide(context, decider, record);
}

function canDecide({ policy, clock }: Context, principal: Principal, record: ChangeRecord): boolean {
  if (principal.kind !== 'person' || record.state !== 'pending') return false;
  if (clock.now() >= Date.parse(record.content.deadline)) return false;
  const { personId } = principal;
  return voteRefusal(record, { personId, roles: [...policy.rolesOf(personId)] }) === undefined;
}

/**
 * Who decided what: every decision in a segment of a ledger, recomputed from its entries, with what it was about and what came of
 * it. No projection is asked. What does not continue its chain is not believed; who signed it is verification's business.
 */
import { msOf, type ChainHash, type IsoInstant } from '../../brands/index.ts';
import type { JsonObject } from '../../canonical/index.ts';
import { defined, orBlank } from '../../values/index.ts';
import { isStepType, parseStep, type ChainEntry, type ChangeStep } from '../model/steps.ts';

export interface ReportEntry extends ChainEntry {
  /** absent while it has none */
  readonly position?: number | undefined;
}

export interface DecisionRow {
  /** ISO 8601 UTC */
  readonly at: IsoInstant;
  /** `approve`, `reject`, `request-changes`, `revoke`, `override`, `review: justified`, `resolve: executed`, `abort` … */
  readonly decision: string;
  /** whose decision it is: personId */
  readonly person: string;
  /** who cast it for them, by a delegation */
  readonly castBy?: string;
  /** the account that was signed in */
  readonly account: string;
  readonly reason?: string;
  readonly ticket?: string;
  readonly change: string;
  readonly entity: string;
  readonly title: string;
  /** `person:<personId>`, `agent:<id>` or `module:<id>` */
  readonly proposer: string;
  /** who answers for the proposer, where that is somebody else */
  readonly sponsor?: string;
  /** as assessed when the decision was taken; absent: it was not */
  readonly level?: string;
  readonly revision: number;
  /** where the change-set stands at the end of what was read */
  readonly outcome: string;
  /** of the entry that says so */
  readonly seq: number;
  readonly position?: number;
  readonly hash: ChainHash;
}

export interface ApprovalReport {
  readonly rows: readonly DecisionRow[];
  /** change-sets seen, decided on or not */
  readonly changes: number;
  readonly entries: number;
  /** steps that are not what a step is: what they decided is in no row */
  readonly unreadable: number;
  /** Where a chain breaks: of it, nothing is in a row from this entry on. */
  readonly broken: readonly { readonly entity: string; readonly seq: number }[];
  readonly notChecked: readonly string[];
}

const NOT_CHECKED = [
  'who signed the entries, and whether the log holds them: nervous verify',
  'the newest entry of each chain, which no other continues: nervous verify',
  "whether each decision was its person's to make: nervous verify",
] as const;

export interface ReportFilter {
  /** ISO 8601: decided then or later */
  readonly from?: string;
  /** ISO 8601: decided before then */
  readonly to?: string;
  /** personId or account: whose decision it is, or who cast it */
  readonly by?: string;
  /** as assessed when it was decided: `L2` */
  readonly level?: string;
  readonly entity?: string;
}

interface Known {
  readonly title: string;
  readonly proposer: string;
  readonly sponsor?: string;
  level?: string;
  outcome: string;
}

/** What ends a change-set, or moves it on, as a word. */
const OUTCOMES: Readonly<Partial<Record<ChangeStep['type'], string>>> = {
  'change.proposed': 'pending',
  'change.revised': 'pending',
  'change.returned': 'pending',
  'change.vote-revoked': 'pending',
  'change.approved': 'approved',
  'change.overridden': 'approved',
  'change.rejected': 'rejected',
  'change.withdrawn': 'cancelled',
  'change.expired': 'expired',
  'change.claimed': 'executing',
  'change.executed': 'executed',
  'change.failed': 'failed',
  'change.rolling-back': 'rolling back',
  'change.rolled-back': 'rolled back',
  'change.rollback-failed': 'rollback failed',
  'change.resolved-executed': 'executed',
  'change.resolved-rolled-back': 'rolled back',
};

/** @param entries in the order of the log, from the first: what a decision was about may stand long before it */
export async function reportApprovals(
  entries: AsyncIterable<ReportEntry>,
  filter: ReportFilter = {},
): Promise<ApprovalReport> {
  const changes = new Map<string, Known>();
  const rows: Omit<DecisionRow, 'outcome'>[] = [];
  const links = new Links();
  let [count, unreadable] = [0, 0];
  for await (const entry of entries) {
    count += 1;
    if (!links.take(entry)) continue;
    if (!isStepType(entry.body.type)) continue;
    const step = parseStep(entry);
    const known = step === undefined ? undefined : follow(changes, step);
    if (step === undefined || known === undefined) {
      unreadable += 1;
      continue;
    }
    const row = rowOf(step, known, entry.position);
    if (row !== undefined && isWanted(row, filter)) rows.push(row);
  }
  const believed = rows.filter(({ entity, seq }) => seq < links.soundTo(entity));
  const settled = believed.map((row) => ({ ...row, outcome: outcomeOf(row, changes, links) }));
  const broken = [...links.broken].map(([entity, seq]) => ({ entity, seq }));
  return { rows: settled, changes: changes.size, entries: count, unreadable, broken, notChecked: NOT_CHECKED };
}

/** What became of a change-set is not known where its chain breaks. */
function outcomeOf(
  { entity, change }: Omit<DecisionRow, 'outcome'>,
  changes: ReadonlyMap<string, Known>,
  links: Links,
): string {
  return (links.broken.has(entity) ? undefined : changes.get(change)?.outcome) ?? 'unknown';
}

/** Whether each entry continues the one before it in its chain. */
class Links {
  /** entity → seq from which on nothing is believed */
  readonly broken = new Map<string, number>();
  private readonly heads = new Map<string, { readonly seq: number; readonly hash: ChainHash }>();

  /** @returns whether it may be believed, unless the next one says otherwise */
  take({ body: { entity, seq, prev }, hash }: ReportEntry): boolean {
    if (this.broken.has(entity)) return false;
    const head = this.heads.get(entity);
    const continues = head === undefined ? seq === 0 : seq === head.seq + 1 && prev === head.hash;
    // Either of the two may be the forged one.
    if (!continues) this.broken.set(entity, head === undefined ? 0 : head.seq);
    else this.heads.set(entity, { seq, hash });
    return continues;
  }

  soundTo(entity: string): number {
    return this.broken.get(entity) ?? Infinity;
  }
}

/** undefined: it is about a change-set that was never proposed */
function follow(changes: Map<string, Known>, { type, data }: ChangeStep): Known | undefined {
  const { change } = data;
  if (type === 'change.proposed' || type === 'change.revised') {
    const { title, initiator, sponsor } = data;
    const known = { title, proposer: initiator, ...defined({ sponsor }), outcome: 'pending' };
    changes.set(change, known);
    return known;
  }
  const known = changes.get(change);
  if (known === undefined) return undefined;
  if (type === 'change.assessed') known.level = data.level;
  known.outcome = OUTCOMES[type] ?? known.outcome;
  return known;
}

function rowOf(
  step: ChangeStep,
  { title, proposer, sponsor, level }: Known,
  position: number | undefined,
): Omit<DecisionRow, 'outcome'> | undefined {
  const decision = decisionOf(step);
  if (decision === undefined) return undefined;
  const { actor, at, entity, seq, hash } = step;
  return {
    ...{ at, ...decision, account: actor.id },
    ...{ change: step.data.change, entity, title, proposer },
    ...defined({ sponsor, level }),
    ...{ revision: step.data.revision, seq, hash },
    ...defined({ position }),
  };
}

/** undefined: the step decides nothing by itself */
function decisionOf({
  type,
  data,
}: ChangeStep): Pick<DecisionRow, 'decision' | 'person' | 'castBy' | 'reason' | 'ticket'> | undefined {
  switch (type) {
    case 'change.voted': {
      const castBy = data.delegate?.personId;
      return {
        decision: data.decision,
        person: data.personId,
        ...defined({ castBy }),
        ...why(data),
      };
    }
    case 'change.vote-revoked':
      return { decision: 'revoke', person: data.personId, ...why(data) };
    case 'change.overridden':
      return { decision: 'override', person: data.personId, ticket: data.ticket, reason: data.reason };
    case 'change.reviewed':
      return { decision: `review: ${data.verdict}`, person: data.personId, reason: data.reason };
    case 'change.resolution':
      return { decision: `resolve: ${data.outcome}`, person: data.personId, reason: data.reason };
    case 'change.aborted':
      return { decision: 'abort', person: data.personId, reason: data.reason };
    default:
      return undefined;
  }
}

function why({ reason }: { readonly reason?: string | undefined }): Pick<DecisionRow, 'reason'> {
  return reason === undefined ? {} : { reason };
}

function isWanted(row: Omit<DecisionRow, 'outcome'>, { from, to, by, level, entity }: ReportFilter): boolean {
  const at = msOf(row.at);
  if (from !== undefined && at < msOf(from)) return false;
  if (to !== undefined && at >= msOf(to)) return false;
  if (level !== undefined && row.level !== level) return false;
  if (entity !== undefined && row.entity !== entity) return false;
  return by === undefined || [row.person, row.castBy, row.account].includes(by);
}

/** As a table has it: every column in every row. */
export function reportColumns(row: DecisionRow): JsonObject {
  return {
    ...{ at: row.at, decision: row.decision, person: row.person, cast_by: orBlank(row.castBy), account: row.account },
    ...{
      change: row.change,
      entity: row.entity,
      title: row.title,
      proposer: row.proposer,
      sponsor: orBlank(row.sponsor),
    },
    ...{ level: orBlank(row.level), revision: row.revision, outcome: row.outcome, reason: orBlank(row.reason) },
    ...{ ticket: orBlank(row.ticket), seq: row.seq, log_index: orBlank(row.position), hash: row.hash },
  };
}

/**
 * Replays who was entitled to decide: every entry about change-sets, delegations and the policy, in log order, through the
 * engine's own reducer and under the authority that the entries before it had given. Nothing but entries is asked. It keeps
 * open change-sets, the documents there are, a day of assessments, and a few bytes for what may be used once.
 */
import { msOf } from '../../brands/index.ts';
import { defined, orNone } from '../../values/index.ts';
import { adoptedDocument, POLICY_ADOPTED } from '../policy/adoption.ts';
import { UNDER_POLICY } from '../policy/authority.ts';
import {
  DELEGATION_GRANTED,
  DELEGATION_REVOKED,
  DELEGATIONS_CHAIN,
  readDelegation,
} from '../store/delegation-store.ts';
import { documentHash, type Document, type VersionedDocument } from '../model/document.ts';
import { isTerminal } from '../model/lifecycle.ts';
import { operationTypes, type OperationTypes } from '../operations/operations.ts';
import { awaitsReview } from '../model/post-review.ts';
import { sponsorOf } from '../store/recent-changes.ts';
import type { ChangeRecord } from '../model/record.ts';
import { reduceChange } from '../reducer/reduce.ts';
import { POLICY_ENTITY } from '../store/document-store.ts';
import { isStepType, parseStep, type ChangeStep, type PolicyEntry, type StepOf } from '../model/steps.ts';
import { effectOf } from './verify-state.ts';
import { OrderedAuthority, type Authority, type InForce, type KnownDelegation } from './authority.ts';
import { DayByTurns } from './day-by-turns.ts';
import { clockOf, isOnDocument, judgeFacts, judgeRisk, type AssessmentContext } from './judge-assessment.ts';
import { judgeGrant, judgeRevocation } from './judge-delegation.ts';
import { ALWAYS_CONDITIONAL, judgeStep } from './judge-step.ts';
import { Once, type UsedTwice } from './once.ts';
import { notTheSystem } from './principals.ts';
import { ANYTHING, NOTHING, RecentWindow, type RecentQuery } from './recent-window.ts';
import type { ReplayEntry } from './replay-entry.ts';
import { claimOf } from './claim-of.ts';
import { ClaimReplay } from '../../work/index.ts';
import { datedOf, type Open, type ReplayOutcome, type ReplayState, type Unauthorized } from './replay-state.ts';

/** Processes of a version that does not name the policy yet may go on beside newer ones for as long. */
const UPGRADE_MS = 3_600_000;

export interface ReplayOptions {
  readonly ledger: string;
  /** who was entitled when; absent: the order of the log is the order of the commits, so it is found on the way */
  readonly authority?: Authority | undefined;
  readonly types?: OperationTypes;
  /** where a replay of the entries before was left off; only with an authority that is told its chains */
  readonly from?: ReplayState | undefined;
}

const NONE = { judged: 0, beforePolicy: 0, withoutUnder: 0, advised: 0, external: 0 };
const NO_DOCUMENT: VersionedDocument = { document: null, version: 0, hash: documentHash(null) };

export class Replay {
  private readonly options: ReplayOptions;
  private readonly types: OperationTypes;
  private readonly authority: Authority;
  private hasPolicy: boolean;
  private readonly open: Map<string, Open>;
  private readonly documents: Map<string, VersionedDocument>;
  /** which change-set is being carried out on an entity */
  private readonly locks: Map<string, string>;
  /** asked only where the order of the log is that of the commits, so it is never carried over */
  private readonly recent = new RecentWindow();
  private readonly nonces: Once;
  private readonly turns: Once;
  private readonly days: DayByTurns;
  private readonly claims: ClaimReplay;
  private firstUnder: number | undefined;
  private first: Unauthorized | undefined;
  private readonly counts;

  constructor(options: ReplayOptions) {
    const { from, authority = new OrderedAuthority(), types = operationTypes() } = options;
    this.options = options;
    this.types = types;
    this.authority = authority;
    this.hasPolicy = from?.hasPolicy ?? false;
    this.open = new Map(from?.open);
    this.documents = new Map(from?.documents);
    this.locks = new Map(from?.locks);
    [this.nonces, this.turns] = [new Once(from?.nonces), new Once(from?.turns)];
    this.days = new DayByTurns(from?.days);
    this.claims = new ClaimReplay({ isOrdered: authority instanceof OrderedAuthority, from: from?.claims });
    [this.firstUnder, this.first] = [from?.firstUnder, from?.first];
    this.counts = { ...(from?.counts ?? NONE) };
    if (from !== undefined) datedOf(authority).goOn(from.authority);
  }

  state(): ReplayState {
    const { hasPolicy, open, documents, locks, firstUnder, first, counts } = this;
    return {
      ...{ authority: datedOf(this.authority).state(), hasPolicy, open, documents, locks, firstUnder, first },
      ...{ nonces: this.nonces.state(), turns: this.turns.state(), days: this.days.state(), counts: { ...counts } },
      claims: this.claims.state(),
    };
  }

  /** In log order, without gaps among the entries that matter. @returns false: something was wrong, no more is looked at */
  take(entry: ReplayEntry): boolean {
    if (this.isOver()) return false;
    if (entry.body.type === 'event') this.claims.event(entry);
    const reason = this.judge(entry);
    if (reason !== undefined) this.note({ position: entry.position, reason });
    return !this.isOver();
  }

  end(): ReplayOutcome {
    const nonce = this.nonces.firstTwice();
    const turn = this.turns.firstTwice();
    if (nonce !== undefined) this.note(usedTwice('nonce', nonce));
    // With a turn of somebody else's nothing can be said of what others counted.
    const short = turn === undefined ? this.days.firstShort() : usedTwice('turn', turn);
    if (short !== undefined) this.note(short);
    const { broken, steps, effects } = this.claims.end();
    if (broken !== undefined) this.note(broken);
    return { ...this.counts, claims: steps, underClaims: effects, ...defined({ first: this.first }) };
  }

  private isOver(): boolean {
    return this.first !== undefined;
  }

  private note(found: Unauthorized): void {
    if (this.first === undefined || found.position < this.first.position) this.first = found;
  }

  private judge(entry: ReplayEntry): string | undefined {
    const { type } = entry.body;
    if (isStepType(type)) return this.step(entry);
    if (type === POLICY_ADOPTED) return this.adopted(entry);
    if (type === DELEGATION_GRANTED || type === DELEGATION_REVOKED) return this.delegated(entry);
    return type.startsWith('change.') ? `"${type.slice(0, 64)}" is no step of a change-set` : undefined;
  }

  /** What the configuration said then cannot be known; that it is a policy, and the first one, can. */
  private adopted(entry: ReplayEntry): string | undefined {
    this.counts.judged += 1;
    const { body } = entry;
    if (this.hasPolicy) return 'a policy is adopted once';
    const adopted = adoptedDocument(entry, this.document(body.entity));
    if (typeof adopted === 'string') return adopted;
    this.hasPolicy = true;
    return this.written(entry, adopted) ?? notTheSystem(body.actor);
  }

  private delegated(entry: ReplayEntry): string | undefined {
    this.counts.judged += 1;
    const { authority } = this;
    const { body } = entry;
    if (body.entity !== DELEGATIONS_CHAIN) return `delegations are recorded on ${DELEGATIONS_CHAIN}`;
    const data = readDelegation(body);
    if (data === undefined) return `${body.type} is malformed`;
    if (data.kind === 'granted') authority.granted(entry, data.grant);
    const reason = this.under(entry, { under: data.under, isNamed: true, isLate: true }, (inForce) => {
      if (data.kind === 'granted') return judgeGrant(entry, data.grant, inForce);
      return judgeRevocation(entry, data, { inForce, known: authority.delegation(data.delegation, entry) });
    });
    if (data.kind === 'revoked') authority.revoked(entry, data.delegation);
    return reason;
  }

  private step(entry: ReplayEntry): string | undefined {
    this.counts.judged += 1;
    const step = parseStep(entry);
    if (step === undefined) return `${entry.body.type} is malformed`;
    const before = this.open.get(step.data.change);
    const reduced = reduceChange(before?.record, step);
    if (reduced.kind === 'refused') return reduced.message;
    const steps = orNone(before?.steps);
    if (entry.body.idem !== `${step.data.change}#${steps}`)
      return `it is step ${steps} of its change-set, and says another`;
    const images = before?.images ?? new Map<string, Document>();
    const work = claimOf(step, reduced.record);
    if (work !== undefined) this.claims.effect(entry, work, work.by);
    const reason =
      this.claimable(step, before) ?? this.entitled(entry, step, { before: before?.record, after: reduced.record });
    if (reason !== undefined) return reason;
    const current = this.document(step.entity);
    const isExternal =
      step.type === 'change.assessed' ? !isOnDocument({ step, document: current }) : (before?.isExternal ?? false);
    if (step.type === 'change.assessed' && isExternal) this.counts.external += 1;
    const next = effectOf(step, { record: reduced.record, current, types: this.types, images });
    if (typeof next === 'string') return next;
    const problem = next === current ? undefined : this.written(entry, next);
    if (problem !== undefined) return problem;
    this.keep({ record: withLastEntries(reduced.record), steps: steps + 1, images, isExternal }, step);
    return undefined;
  }

  private entitled(
    entry: ReplayEntry,
    step: ChangeStep,
    { before, after }: { readonly before: ChangeRecord | undefined; readonly after: ChangeRecord },
  ): string | undefined {
    if (step.type === 'change.voted' || step.type === 'change.overridden')
      this.nonces.use(step.data.nonce, entry.position);
    const under = 'under' in step.data ? step.data.under : undefined;
    const asked = { under, isNamed: UNDER_POLICY.has(step.type), isLate: !ALWAYS_CONDITIONAL.has(step.type) };
    const delegation = (id: string): KnownDelegation | undefined => this.authority.delegation(id, entry);
    return this.under(entry, asked, (inForce) =>
      step.type === 'change.assessed'
        ? this.assessmentProblem(entry, step, { record: after, inForce })
        : judgeStep(step, { types: this.types, ledger: this.options.ledger, inForce, delegation, before }),
    );
  }

  /** Judges by whatever may have been in force; where that is more than one policy, it has to fit one of them. */
  private under(
    entry: ReplayEntry,
    {
      under,
      isNamed,
      isLate,
    }: { readonly under: PolicyEntry | undefined; readonly isNamed: boolean; readonly isLate: boolean },
    judge: (inForce: InForce) => string | undefined,
  ): string | undefined {
    const at = msOf(entry.body.at);
    if (under !== undefined) this.firstUnder ??= at;
    const possible = this.authority.at(entry, under, isLate);
    if (typeof possible === 'string') return possible;
    if (possible.length === 0) this.counts.beforePolicy += 1;
    else if (under === undefined && isNamed) {
      this.counts.withoutUnder += 1;
      if (this.firstUnder !== undefined && at > this.firstUnder + UPGRADE_MS)
        return 'it does not name the policy it rests on';
    }
    const reasons = possible.map(judge);
    return reasons.includes(undefined) ? undefined : reasons[0];
  }

  private assessmentProblem(
    { position }: ReplayEntry,
    step: StepOf<'change.assessed'>,
    { record, inForce }: { readonly record: ChangeRecord; readonly inForce: InForce },
  ): string | undefined {
    const { content, proposal, id: change, entityId } = record;
    const { data, at, entity } = step;
    const { turns } = data;
    const document = this.document(entity);
    const context: AssessmentContext = { step, content, proposal, inForce, document, types: this.types };
    const reason = notTheSystem(step.actor) ?? judgeRisk(context);
    if (reason !== undefined) return reason;
    const sponsor = sponsorOf(content);
    const { from, to } = clockOf(step);
    const asked: RecentQuery = { change, sponsor, entityId, from, to };
    if (turns !== undefined) {
      this.turns.use(`by#${sponsor}#${turns.sponsor}`, position);
      this.turns.use(`on#${entity}#${turns.entity}`, position);
    }
    if (data.facts['executors'] !== undefined) this.counts.advised += 1;
    const isExternal = !isOnDocument(context);
    if (this.authority instanceof OrderedAuthority)
      return isExternal ? undefined : judgeFacts(context, this.recent.certain(asked), this.recent.possible(asked));
    if (turns !== undefined) {
      const { initiator = {}, onEntity = {} } = data.facts as {
        readonly initiator?: object;
        readonly onEntity?: object;
      };
      const taken = { ...{ position, change, sponsor, entityId }, moved: movedBy(step), at: msOf(at), asOf: to };
      this.days.take({ ...taken, turns, initiator, onEntity, ...(isExternal && { isExternal }) });
    }
    if (isExternal) return undefined;
    return judgeFacts(context, NOTHING, ANYTHING);
  }

  /** What was assessed is still what is there, and nobody else is at work on it. */
  private claimable({ type, entity, data }: ChangeStep, before: Open | undefined): string | undefined {
    if (type !== 'change.claimed') return undefined;
    const { version, hash } = this.document(entity);
    const base = before?.record.assessment?.base;
    if (base?.version !== version || base.hash !== hash || before?.isExternal === true)
      return `the document is at version ${version}, which is not what was assessed and approved`;
    const other = this.locks.get(entity);
    if (other !== undefined) return `${other} is being carried out on "${entity}"`;
    this.locks.set(entity, data.change);
    return undefined;
  }

  private keep(open: Open, step: ChangeStep): void {
    const { record, images } = open;
    const { id, entityId, state, content } = record;
    const at = msOf(step.at);
    if (step.type === 'change.assessed') {
      this.recent.assessed({ change: id, sponsor: sponsorOf(content), entityId, moved: movedBy(step), at });
    }
    if (!isTerminal(state)) {
      this.open.set(id, open);
      return;
    }
    if (this.locks.get(entityId) === id) this.locks.delete(entityId);
    if (state !== 'executed') {
      this.recent.ended(id, at);
      this.days.ended(id, at);
    }
    images.clear();
    if (awaitsReview(record)) this.open.set(id, { ...open, record: forReview(record) });
    else this.open.delete(id);
  }

  private document(entity: string): VersionedDocument {
    return this.documents.get(entity) ?? NO_DOCUMENT;
  }

  /** @returns why it may not be the document */
  private written(entry: ReplayEntry, next: VersionedDocument): string | undefined {
    this.documents.set(entry.body.entity, next);
    return entry.body.entity === POLICY_ENTITY && this.hasPolicy
      ? this.authority.policyWritten(entry, next.document)
      : undefined;
  }
}

function usedTwice(what: string, { position, first }: UsedTwice): Unauthorized {
  return { position, reason: `its ${what} was used before, at log index ${first}` };
}

function movedBy({ data }: StepOf<'change.assessed'>): number {
  const { moved } = (data.facts['money'] ?? {}) as { readonly moved?: unknown };
  return typeof moved === 'number' ? moved : 0;
}

/** Of these only what is looked at again: a change-set may have very many. */
function withLastEntries(record: ChangeRecord): ChangeRecord {
  const { entries } = record;
  const assessed = entries.findLast(({ type }) => type === 'change.assessed');
  const last = entries.slice(-1);
  return { ...record, entries: assessed === undefined || assessed === last[0] ? last : [assessed, ...last] };
}

/** What whoever reviews it may not have had a part in. */
function forReview(record: ChangeRecord): ChangeRecord {
  return { ...record, content: { ...record.content, operations: [], evidence: [], rationale: '' }, progress: [] };
}

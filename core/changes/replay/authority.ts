/**
 * Who may decide what, as entries have it: the policies that came into force and the delegations that stand. Where the log has
 * the order of the commits, the last policy before an entry is the one; where a sequencer made that order later, the times say
 * which ones it can have been, and a minute is left between clocks.
 */
import type { Signers } from '../../assertions/index.ts';
import { msOf, type ChainHash } from '../../brands/index.ts';
import { createPolicy, type Policy } from '../../policy/index.ts';
import type { DelegationTerms } from '../store/delegation-store.ts';
import type { Document } from '../model/document.ts';
import { attempt } from '../model/errors.ts';
import { parsePolicy, signersOf } from '../policy/policy-document.ts';
import { createRiskTable, type RiskTable } from '../risk/risk.ts';
import { POLICY_ENTITY } from '../store/document-store.ts';
import type { PolicyEntry } from '../model/steps.ts';
import type { ReplayEntry } from './replay-entry.ts';

/** A reading of the clock and the time of the entry it led to are never further apart; nor are two clocks. */
export const CLOCK_SLACK_MS = 60_000;
/** What is recorded is in the log within a day, or is lost to the sequencer: an old policy is not named after that. */
const LATE_MS = 86_400_000;

export interface InForce {
  readonly policy: Policy;
  readonly risk: RiskTable;
  /** whose keys count */
  readonly signers: Signers;
}

export type KnownDelegation = DelegationTerms & { readonly isRevoked: boolean };

export interface Authority {
  /**
   * What may have been in force at an entry: one policy, or, where nothing tells them apart, a few. None: the ledger had not
   * adopted one. Text: why nobody was entitled to anything, or what is wrong with the policy that the entry names.
   * @param isLate older engines may have recorded this under a policy that had just been replaced
   */
  at(entry: ReplayEntry, under: PolicyEntry | undefined, isLate: boolean): readonly InForce[] | string;
  delegation(id: string, entry: Pick<ReplayEntry, 'body'>): KnownDelegation | undefined;
  /** The entry made this the document of the policy's entity. @returns why that is no policy */
  policyWritten(entry: ReplayEntry, document: Document): string | undefined;
  granted(entry: ReplayEntry, grant: DelegationTerms): void;
  revoked(entry: ReplayEntry, id: string): void;
}

interface Period {
  /** of the entry that began it */
  readonly seq: number;
  readonly hash: ChainHash;
  /** ms since the Unix epoch */
  readonly at: number;
  /** undefined: the document is no policy */
  readonly inForce: InForce | string;
}

interface Lent {
  readonly grant: DelegationTerms;
  readonly grantedAt: number;
  revokedAt?: number;
}

/** The order of the log is that of the commits: told everything in that order, it knows what was in force. */
export class OrderedAuthority implements Authority {
  private current: Period | undefined;
  private previous: Period | undefined;
  private readonly lent = new Map<string, Lent>();

  at(_entry: ReplayEntry, under: PolicyEntry | undefined, isLate: boolean): readonly InForce[] | string {
    const { current, previous } = this;
    if (under !== undefined && (current?.seq !== under.seq || current.hash !== under.hash))
      return `it rests on "${POLICY_ENTITY}" #${under.seq}, in force was ${current === undefined ? 'none' : `#${current.seq}`}`;
    if (current === undefined) return [];
    return usable(under === undefined && isLate && previous !== undefined ? [current, previous] : [current]);
  }

  delegation(id: string): KnownDelegation | undefined {
    const known = this.lent.get(id);
    return known && { ...known.grant, isRevoked: known.revokedAt !== undefined };
  }

  policyWritten(entry: ReplayEntry, document: Document): string | undefined {
    this.previous = this.current;
    this.current = periodOf(entry, document);
    return typeof this.current.inForce === 'string' ? this.current.inForce : undefined;
  }

  granted(entry: ReplayEntry, grant: DelegationTerms): void {
    this.lent.set(entry.hash, { grant, grantedAt: timeOf(entry) });
  }

  revoked(entry: ReplayEntry, id: string): void {
    const known = this.lent.get(id);
    if (known !== undefined) known.revokedAt = timeOf(entry);
  }
}

/** Plain data: what the answers so far leave for those to come. */
export interface AuthorityState {
  readonly reached: ReadonlyMap<string, number>;
  readonly latest: number;
}

/** Told the chains of policy and delegations first, each in its own order; then it answers for entries in whatever order. */
export class DatedAuthority implements Authority {
  private readonly periods: Period[] = [];
  private readonly lent = new Map<string, Lent>();
  /** chain → seq of the newest policy that something on it rests on: the commits of one chain have an order, so it only grows */
  private readonly reached = new Map<string, number>();
  /** the newest time that the log has come to */
  private latest = 0;
  /** the chains are told */
  private isTold = false;

  state(): AuthorityState {
    return { reached: this.reached, latest: this.latest };
  }

  /** Told the chains anew, it answers as if it had been asked what `from` was left by. */
  goOn({ reached, latest }: AuthorityState): void {
    for (const [chain, seq] of reached) this.reached.set(chain, seq);
    this.latest = latest;
  }

  told(): void {
    this.isTold = true;
  }

  at(entry: ReplayEntry, under: PolicyEntry | undefined, isLate: boolean): readonly InForce[] | string {
    const { periods } = this;
    const time = timeOf(entry);
    const { latest } = this;
    this.latest = Math.max(latest, time);
    // On the policy's own chain the order is known.
    const isOwn = entry.body.entity === POLICY_ENTITY;
    const possible = isOwn
      ? periods.filter(({ seq }) => seq < entry.body.seq).slice(isLate && under === undefined ? -2 : -1)
      : periods.filter((one, i) => one.at <= time + CLOCK_SLACK_MS && !isOver(periods[i + 1], time));
    if (under === undefined) return usable(possible);
    const { entity } = entry.body;
    const reached = this.reached.get(entity) ?? under.seq;
    if (under.seq < reached)
      return `it rests on "${POLICY_ENTITY}" #${under.seq}, although something before it on its chain rests on #${reached}`;
    const named = possible.find(({ seq, hash }) => seq === under.seq && hash === under.hash);
    if (named === undefined) return `it rests on "${POLICY_ENTITY}" #${under.seq}, which was not in force then`;
    const next = periods[periods.indexOf(named) + 1];
    if (!isOwn && next !== undefined && latest > next.at + LATE_MS)
      return `it rests on "${POLICY_ENTITY}" #${under.seq}, and came into the log a day after that had ended`;
    this.reached.set(entity, under.seq);
    return usable([named]);
  }

  delegation(id: string, entry: Pick<ReplayEntry, 'body'>): KnownDelegation | undefined {
    const known = this.lent.get(id);
    const time = timeOf(entry);
    if (known === undefined || known.grantedAt > time + CLOCK_SLACK_MS) return undefined;
    return { ...known.grant, isRevoked: known.revokedAt !== undefined && known.revokedAt + CLOCK_SLACK_MS < time };
  }

  policyWritten(entry: ReplayEntry, document: Document): string | undefined {
    const period = periodOf(entry, document);
    if (!this.isTold) this.periods.push(period);
    return typeof period.inForce === 'string' ? period.inForce : undefined;
  }

  granted(entry: ReplayEntry, grant: DelegationTerms): void {
    if (!this.isTold) this.lent.set(entry.hash, { grant, grantedAt: timeOf(entry) });
  }

  revoked(entry: ReplayEntry, id: string): void {
    const known = this.lent.get(id);
    if (known !== undefined && !this.isTold) known.revokedAt ??= timeOf(entry);
  }
}

function periodOf({ body, hash }: ReplayEntry, document: Document): Period {
  const parsed = attempt(() => parsePolicy(document));
  const inForce =
    typeof parsed === 'string'
      ? `the document of "${POLICY_ENTITY}" is no policy: ${parsed}`
      : // Modules are the configuration's, which no entry knows.
        { policy: createPolicy(parsed.roster, {}), risk: createRiskTable(parsed.risk), signers: signersOf(parsed) };
  return { seq: body.seq, hash, at: msOf(body.at), inForce };
}

function usable(periods: readonly Period[]): readonly InForce[] | string {
  const found = periods.map(({ inForce }) => inForce).filter((one) => typeof one !== 'string');
  return found.length > 0
    ? found
    : (periods.map(({ inForce }) => inForce).find((one) => typeof one === 'string') ?? []);
}

function isOver(next: Period | undefined, time: number): boolean {
  return next !== undefined && next.at + CLOCK_SLACK_MS < time;
}

function timeOf({ body }: Pick<ReplayEntry, 'body'>): number {
  return msOf(body.at);
}

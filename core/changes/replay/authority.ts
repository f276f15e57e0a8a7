/**
 * Who may decide what, as the entries so far have it: the policy in force and the delegations that stand. It is told every
 * entry in log order, so at any entry it knows what was in force there, and nothing of what came later.
 */
import { createPolicy, type Policy } from '../../policy/index.ts';
import { DELEGATION_GRANTED, type Grant } from '../delegation-store.ts';
import type { VersionedDocument } from '../document.ts';
import { attempt } from '../errors.ts';
import { parsePolicy } from '../policy-document.ts';
import { createRiskTable, type RiskTable } from '../risk.ts';
import type { ReplayEntry } from './replay-entry.ts';

/** A reading of the clock and the time of the entry it led to are never further apart. */
export const CLOCK_SLACK_MS = 60_000;

export interface InForce {
  /** of the entry that brought it into force */
  readonly seq: number;
  readonly hash: string;
  readonly policy: Policy;
  readonly risk: RiskTable;
}

export type KnownDelegation = Grant & { readonly isRevoked: boolean };

export class Authority {
  /** the last policy that an entry brought into force; text: why it cannot be read, so nobody may do anything */
  private current: InForce | string | undefined;
  private previous: InForce | undefined;
  private readonly delegations = new Map<string, KnownDelegation>();

  /** undefined: the ledger has adopted none yet; text: it cannot be read */
  inForce(): InForce | string | undefined {
    return this.current;
  }

  /**
   * What a step that names no policy may have been taken under: older engines recorded proposals and assessments without
   * asking whether the policy they had read was still in force.
   */
  lately(): readonly InForce[] {
    const { current, previous } = this;
    return [current, previous].filter((one): one is InForce => typeof one === 'object');
  }

  /** The entry made this the document of the policy's entity. */
  policyWritten({ body, hash }: ReplayEntry, { document }: VersionedDocument): void {
    const parsed = attempt(() => parsePolicy(document));
    if (typeof this.current === 'object') this.previous = this.current;
    this.current =
      typeof parsed === 'string'
        ? parsed
        : {
            ...{ seq: body.seq, hash },
            // Modules are the configuration's, which no entry knows.
            policy: createPolicy(parsed.roster, {}),
            risk: createRiskTable(parsed.risk),
          };
  }

  hasPolicy(): boolean {
    return this.current !== undefined;
  }

  delegation(id: string): KnownDelegation | undefined {
    return this.delegations.get(id);
  }

  granted({ hash }: ReplayEntry, grant: Grant): void {
    this.delegations.set(hash, { ...grant, isRevoked: false });
  }

  revoked(id: string): void {
    const known = this.delegations.get(id);
    if (known !== undefined) this.delegations.set(id, { ...known, isRevoked: true });
  }
}

export function isGrant({ body }: ReplayEntry): boolean {
  return body.type === DELEGATION_GRANTED;
}

import { defined } from '../../values/index.ts';

/** What verification answers: one verdict, the first bad entry, what it was held against, what was and was not looked at. */

/** What each means: docs/formats.md, "Verification". */
export const VERDICTS = [
  'OK',
  'NOT_YET_ANCHORED',
  'CONTENT_MISMATCH',
  'LINK_BROKEN',
  'SIGNATURE_INVALID',
  'KEY_UNKNOWN',
  'KEY_REVOKED',
  'MISSING_ENTRY',
  'FORK',
  'ROLLED_BACK',
  'STALE',
  'DRIFT',
  'UNREADABLE',
  'UNAUTHORIZED_DECISION',
  'DUPLICATE_ENTRY',
  'NOT_FOUND',
  'CLAIM_INVALID',
  'STALE_EFFECT',
] as const;
export type Verdict = (typeof VERDICTS)[number];

export interface Finding {
  readonly verdict: Exclude<Verdict, 'OK'>;
  /** `(log)` when it is not about one entry */
  readonly entity: string;
  readonly seq: number;
  /** log index, when known */
  readonly position?: number;
  /** the file that is bad or missing, when it is one */
  readonly path?: string;
  /** what was expected and what was found */
  readonly detail: string;
}

/** Something signed (or remembered) that the ledger was held against and agrees with. */
export interface TrustedPoint {
  readonly kind: 'published' | 'anchor' | 'cosignature' | 'witness-memory' | 'remembered';
  readonly size: number;
  /** base64 */
  readonly root: string;
  /** whose signature or memory it is */
  readonly by: string;
  /** cosignatures: when it was made, ISO 8601 UTC */
  readonly at?: string;
  /** anchors: how many were checked; this one is the newest */
  readonly count?: number;
}

export interface VerificationReport {
  readonly verdict: Verdict;
  /** the bad entry with the lowest log index; absent when OK */
  readonly firstBad?: Finding;
  readonly entries: number;
  readonly chains: number;
  /** absent: the log was not looked at; empty: there was nothing to hold the ledger against */
  readonly against?: readonly TrustedPoint[];
  /** what was checked, in words */
  readonly checked: readonly string[];
  /** what was not, and therefore is not claimed */
  readonly notChecked: readonly string[];
  /** the signed checkpoint that the entries were found to lead to: keep it for `since`. Only when OK */
  readonly checkpoint?: string;
}

/** A verdict where nothing could be looked at. */
export function nothingChecked(firstBad: Finding, notChecked: string): VerificationReport {
  return {
    ...{ verdict: firstBad.verdict, firstBad, entries: 0, chains: 0, checked: [] },
    notChecked: [notChecked],
  };
}

/** The stand-in for an entity where a finding is about the log as a whole. */
export const THE_LOG = '(log)';

export function logFinding(
  verdict: Finding['verdict'],
  detail: string,
  place: { readonly path?: string | undefined; readonly position?: number | undefined } = {},
): Finding {
  return {
    verdict,
    entity: THE_LOG,
    seq: 0,
    ...defined({ position: place.position, path: place.path }),
    detail,
  };
}

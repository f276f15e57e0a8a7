/** What verification answers: one verdict, the first bad entry, and honestly what was and was not looked at. */

export const VERDICTS = [
  'OK',
  'CONTENT_MISMATCH',
  'LINK_BROKEN',
  'SIGNATURE_INVALID',
  'KEY_UNKNOWN',
  'MISSING_ENTRY',
  'DRIFT',
  'UNREADABLE',
] as const;
/** Verdicts that need the Merkle log (NOT_YET_ANCHORED, FORK, ROLLED_BACK, STALE, KEY_REVOKED) come with it. */
export type Verdict = (typeof VERDICTS)[number];

export interface Finding {
  readonly verdict: Exclude<Verdict, 'OK'>;
  readonly entity: string;
  readonly seq: number;
  /** log index, when known */
  readonly position?: number;
  /** what was expected and what was found */
  readonly detail: string;
}

export interface VerificationReport {
  readonly verdict: Verdict;
  /** the bad entry with the lowest log index; absent when OK */
  readonly firstBad?: Finding;
  readonly entries: number;
  readonly chains: number;
  /** what was checked, in words */
  readonly checked: readonly string[];
  /** what was not, and therefore is not claimed */
  readonly notChecked: readonly string[];
}

/** The one table of exit codes (docs/cli.md repeats it). A code never changes its meaning: scripts depend on it. */
import type { Verdict } from '../../../core/ledger/index.ts';

export const EXIT = {
  ok: 0,
  /** refused, or something is wrong that is not listed below */
  problem: 1,
  /** the command line itself cannot be understood */
  usage: 2,
  /** nobody answers at the URL */
  unreachable: 3,
  /** Ctrl-C: 128 and the number of the signal, as shells have it */
  stopped: 130,
} as const;

/** `nervous verify` and `nervous verify log`: each verdict its own, so that a script knows what was found without reading. */
export const VERDICT_EXIT: Readonly<Record<Verdict, number>> = {
  OK: EXIT.ok,
  CONTENT_MISMATCH: 10,
  LINK_BROKEN: 11,
  SIGNATURE_INVALID: 12,
  KEY_UNKNOWN: 13,
  MISSING_ENTRY: 14,
  DRIFT: 15,
  UNREADABLE: 16,
  NOT_YET_ANCHORED: 17,
  KEY_REVOKED: 18,
  FORK: 19,
  ROLLED_BACK: 20,
  STALE: 21,
  UNAUTHORIZED_DECISION: 22,
  DUPLICATE_ENTRY: 23,
  NOT_FOUND: 24,
  CLAIM_INVALID: 25,
  STALE_EFFECT: 26,
};

/**
 * When a webhook that failed is tried again: a list of waits with jitter on top, so that nothing comes before its time, and
 * `Retry-After` where the receiver asks for more. Pure arithmetic.
 */
import { later, type EpochMs } from '../../brands/index.ts';
import { MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND } from '../../values/index.ts';

/** Waits before each attempt, in ms: eight attempts in 27 h 35 m, as Svix makes them. No step is longer than 10 h. */
export const WEBHOOK_SCHEDULE: readonly number[] = [
  0,
  5 * MS_PER_SECOND,
  5 * MS_PER_MINUTE,
  30 * MS_PER_MINUTE,
  2 * MS_PER_HOUR,
  5 * MS_PER_HOUR,
  10 * MS_PER_HOUR,
  10 * MS_PER_HOUR,
];
/** So much of a wait comes on top of it, at most: those who failed together do not come back together. */
export const JITTER = 0.2;
/** No receiver puts us off for longer. */
export const MAX_RETRY_AFTER_MS = MS_PER_DAY;

export interface FailedAttempt {
  /** attempts so far, at least 1 */
  readonly attempts: number;
  readonly nowMs: EpochMs;
  /** uniform in [0, 1) */
  readonly random: number;
  /** what the receiver asked for */
  readonly retryAfterMs?: number;
}

/** When it is due again; undefined: it was tried often enough. */
export function nextAttemptAt(
  schedule: readonly number[],
  { attempts, nowMs, random, retryAfterMs: asked = 0 }: FailedAttempt,
): EpochMs | undefined {
  const wait = schedule[attempts];
  if (wait === undefined) return undefined;
  return later(nowMs, Math.max(Math.ceil(wait * (1 + JITTER * random)), Math.min(asked, MAX_RETRY_AFTER_MS)));
}

/** `Retry-After` (RFC 9110 section 10.2.3): seconds, or a date. Undefined: none, or none that can be read. */
export function retryAfterMs(header: string | undefined, nowMs: EpochMs): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  if (/^[0-9]{1,9}$/.test(text)) return Number(text) * MS_PER_SECOND;
  if (!HTTP_DATE.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

/** The one form that senders of today use. */
const HTTP_DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT$/;

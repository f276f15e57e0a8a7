/**
 * A rate limit as a token bucket: so many at once, then as fast as tokens come back. The bucket is one number, the time at
 * which it will be full again (the generic cell rate algorithm, ITU-T I.371), so that processes can share it by adding.
 */
import { MS_PER_MINUTE } from '../values/index.ts';

/** Times of today are floating-point numbers with a step of a quarter of a microsecond: what is that near is there. */
const ROUNDING_MS = 1e-3;

export interface Rate {
  /** tokens that come back in a minute */
  readonly perMinute: number;
  /** tokens in a full bucket: the most at once */
  readonly burst: number;
}

export interface TokenGrant {
  /** of the bucket, afterwards */
  readonly fullAtMs: number;
  /** how many of the wanted tokens there were */
  readonly taken: number;
  /** until the next token; 0 when all were there */
  readonly retryAfterMs: number;
}

/** Takes what there is of `wanted` tokens. @param fullAtMs 0: a bucket never used */
export function takeTokens(rate: Rate, fullAtMs: number, wanted: number, nowMs: number): TokenGrant {
  const tokenMs = tokenMsOf(rate);
  const begin = trueFullAt(rate, fullAtMs, nowMs);
  const room = rate.burst - (begin - nowMs - ROUNDING_MS) / tokenMs;
  const taken = Math.max(0, Math.min(wanted, Math.floor(room)));
  const next = begin + taken * tokenMs;
  const retryAfterMs = taken === wanted ? 0 : Math.max(0, next + tokenMs - (nowMs + rate.burst * tokenMs));
  return { fullAtMs: next, taken, retryAfterMs };
}

/** The bucket after tokens were taken that cannot be refused any more: it may be emptier than empty, but not without end. */
export function oweTokens(rate: Rate, fullAtMs: number, tokens: number, nowMs: number): number {
  return trueFullAt(rate, fullAtMs, nowMs) + tokens * tokenMsOf(rate);
}

/** The time a token takes to come back, in milliseconds. */
export function tokenMsOf({ perMinute }: Rate): number {
  return MS_PER_MINUTE / perMinute;
}

/** A bucket is never fuller than full. One that is emptier than empty saw a clock that was set back since: it is empty. */
function trueFullAt(rate: Rate, fullAtMs: number, nowMs: number): number {
  return Math.min(Math.max(fullAtMs, nowMs), nowMs + rate.burst * tokenMsOf(rate));
}

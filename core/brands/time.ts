/** Times: text in entries and answers, milliseconds wherever one is compared with another. */
import type { EpochMs, Given, IsoInstant } from './brand.ts';

/** NaN where the text is no time, which no comparison holds for. */
export function msOf(instant: Given<IsoInstant>): EpochMs {
  return Date.parse(instant) as EpochMs;
}

/** `YYYY-MM-DDThh:mm:ss.sssZ`, the one form that entries have. */
export function isoOf(ms: EpochMs): IsoInstant {
  return new Date(ms).toISOString() as IsoInstant;
}

/** Witnesses write whole seconds. */
export function ofSeconds(seconds: number): EpochMs {
  return (seconds * 1_000) as EpochMs;
}

/** A span after (or, negative, before) a time. */
export function later(at: EpochMs, spanMs: number): EpochMs {
  return (at + spanMs) as EpochMs;
}

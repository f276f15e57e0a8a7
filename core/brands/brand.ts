/**
 * Types that the compiler keeps apart although they are all text or numbers at run time: kinds of hashes, ids, times. A brand is
 * a type alone: it costs nothing and changes no JSON. Only the checks make one (a schema, a parser, a hash function, the clock):
 * the lint refuses `as IsoInstant` and `.brand()` anywhere else (eslint.config.mjs), and test/types shows what does not compile.
 */
import type { $brand } from 'zod';

/** A `Base` that was found to be a `Name`; the same type that a schema with `.brand<Name>()` gives. */
export type Brand<Base, Name extends string> = Base & $brand<Name>;

/**
 * What somebody hands in to name an `Id`: the id itself, or text or a number that nobody has looked at yet; never a value of
 * another kind. For callers, who need none of our constructors.
 */
export type Given<Id> = Id | (Plain<Id> & Partial<Record<typeof $brand, never>>);
type Plain<Id> = Id extends number ? number : string;

/** Milliseconds since the Unix epoch. Times are compared as these. */
export type EpochMs = Brand<number, 'EpochMs'>;
/** UTC as text (RFC 3339), as entries and answers have it. Its milliseconds may be missing, so its order is not that of time. */
export type IsoInstant = Brand<string, 'IsoInstant'>;

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

/** SHA-256 of a step's type, actor and data, hex: what later steps rest on. */
export type StepHash = Brand<string, 'StepHash'>;
/** RFC 6962 leaf hash of an entry's bytes, hex: the next entry's `prev`. */
export type ChainHash = Brand<string, 'ChainHash'>;
/** The same as bytes: the leaf of the log. */
export type LeafHash = Brand<Uint8Array, 'LeafHash'>;
/** SHA-256 of what a change-set will carry out, and on what, hex. */
export type ContentHash = Brand<string, 'ContentHash'>;
/** SHA-256 of everything an assessment says, hex: what a vote binds to. */
export type AssessmentHash = Brand<string, 'AssessmentHash'>;
/** SHA-256 of a document or its absence, hex. */
export type DocumentHash = Brand<string, 'DocumentHash'>;
/** SHA-256 of the risk rules, hex. */
export type RiskTableHash = Brand<string, 'RiskTableHash'>;
/** SHA-256 of what an executor planned, hex. */
export type PlanHash = Brand<string, 'PlanHash'>;
/** SHA-256 of what an executor wants to be so, hex. */
export type PreconditionHash = Brand<string, 'PreconditionHash'>;
/** SHA-256 of what a link showed, hex; who proposes says it. */
export type EvidenceHash = Brand<string, 'EvidenceHash'>;
/** Commitment to a confidential field, hex. */
export type FieldHash = Brand<string, 'FieldHash'>;

/** Name of a chain and of what it is about, such as `account:1695`. */
export type EntityId = Brand<string, 'EntityId'>;
/** A person of the roster, whatever account they use. */
export type PersonId = Brand<string, 'PersonId'>;

/** A number that is counted with: what is computed from it is a plain number, which fits again; a place of another kind does not. */
type Place<Name extends string> = number & Partial<$brand<Name>>;
/** Place in an entity's chain, from 0. */
export type Seq = Place<'Seq'>;
/** Place in the ledger's commit order, from 0. */
export type Position = Place<'Position'>;

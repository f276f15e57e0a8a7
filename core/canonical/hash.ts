/**
 * SHA-256 with domain separation: every kind of hashed thing starts with its own tag, so no byte string of one kind can
 * be passed off as another; the tag says which type the hash has. RFC 6962 section 2.1 for leaves.
 */
import { hash } from 'node:crypto';
import type {
  AssessmentHash,
  ChainHash,
  ContentHash,
  DocumentHash,
  LeafHash,
  PlanHash,
  PreconditionHash,
  RiskTableHash,
  StepHash,
} from '../brands/index.ts';

/** What a tag makes of a hash; any other makes plain text. */
interface Kinds {
  readonly 'nervous-system.genesis.v1': ChainHash;
  readonly 'nervous-system.document.v1': DocumentHash;
  readonly 'nervous-system.risk-table.v1': RiskTableHash;
  readonly 'nervous-system.change.step.v1': StepHash;
  readonly 'nervous-system.change.content.v1': ContentHash;
  readonly 'nervous-system.change.assessment.v1': AssessmentHash;
  /** both have this tag; what is hashed tells them apart */
  readonly 'nervous-system.executor.plan.v1': PlanHash & PreconditionHash;
}
type HashOf<Tag extends string> = Tag extends keyof Kinds ? Kinds[Tag] : string;

/** One for all leaves: hashing is synchronous, and an allocation of a leaf's length takes half as long as hashing it. */
const leafInput = new Uint8Array(1 << 17); // no Buffer: clients in browsers load this file
const LEAF_PREFIX_BYTES = 1;

/** RFC 6962 leaf hash: SHA-256(0x00 || parts, one after the other), 32 bytes. Of a note it is also the chain hash of the entry. */
export function leafHash(...parts: readonly Uint8Array[]): LeafHash {
  let end = LEAF_PREFIX_BYTES;
  for (const part of parts) end += part.length;
  const input = end > leafInput.length ? new Uint8Array(end) : leafInput.subarray(0, end);
  end = LEAF_PREFIX_BYTES;
  for (const part of parts) {
    input.set(part, end);
    end += part.length;
  }
  return sha256(input) as Uint8Array as LeafHash;
}

/** 32 bytes. Node takes twice as long to make a buffer of its own for them as to hand them over in a string. */
export function sha256(input: Uint8Array | string): Buffer {
  return Buffer.from(hash('sha256', input, 'binary'), 'binary');
}

/** Lower-case hex SHA-256 of `"<tag>\n" || parts joined and ended by "\n"`. */
export function taggedHash<Tag extends string>(tag: Tag, ...parts: readonly string[]): HashOf<Tag> {
  return hash('sha256', `${tag}\n${parts.join('\n')}\n`, 'hex') as HashOf<Tag>;
}

export function toHex(bytes: LeafHash): ChainHash;
export function toHex(bytes: Uint8Array): string;
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

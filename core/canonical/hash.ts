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

/** RFC 6962 leaf hash: SHA-256(0x00 || bytes), 32 bytes. It is also the chain hash of an entry. */
export function leafHash(bytes: Uint8Array): LeafHash {
  const input = new Uint8Array(bytes.length + 1);
  input.set(bytes, 1);
  return hash('sha256', input, 'buffer') as Uint8Array as LeafHash;
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

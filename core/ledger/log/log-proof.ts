/**
 * A proof that needs nothing but itself and the log's public key: an entry, its place, the path to the root, the signed
 * checkpoint. https://c2sp.org/tlog-proof, with the entry's bytes as extra data. It knows no entry formats.
 */
import { leafHash } from '../../canonical/index.ts';
import { openCheckpoint, type Checkpoint } from '../notes/checkpoint.ts';
import { HASH_BYTES } from '../merkle/merkle-hash.ts';
import { inclusionProof } from '../merkle/merkle-prove.ts';
import { verifyInclusion } from '../merkle/merkle-verify.ts';
import type { NoteKey } from '../notes/open-note.ts';
import { tileHashReader, type ReadLogFile } from '../merkle/tile-reader.ts';
import type { Verdict } from '../entries/verification.ts';

const HEADER = 'c2sp.org/tlog-proof@v1';
const MAX_PROOF = 63;

export interface LogProof {
  /** the entry's stored bytes */
  readonly entry: Uint8Array;
  readonly index: number;
  readonly proof: readonly Uint8Array[];
  /** the signed checkpoint with its cosignatures */
  readonly note: Uint8Array;
}

/** @param note the checkpoint to prove against, of size `size` > index. @throws LogError TILE_MISSING | PROOF_IMPOSSIBLE */
export async function proveEntry(options: {
  readonly entry: Uint8Array;
  readonly index: number;
  readonly size: number;
  readonly note: Uint8Array;
  readonly read: ReadLogFile;
}): Promise<LogProof> {
  const { entry, index, size, note, read } = options;
  return { entry, index, note, proof: await inclusionProof(index, size, tileHashReader(read, size)) };
}

export function formatProof({ entry, index, proof, note }: LogProof): Uint8Array {
  const hashes = proof.map((hash) => `${base64(hash)}\n`).join('');
  return Buffer.concat([Buffer.from(`${HEADER}\nextra ${base64(entry)}\nindex ${index}\n${hashes}\n`), note]);
}

/** Input is untrusted. */
export function parseProof(bytes: Uint8Array): LogProof | { readonly malformed: string } {
  const whole = Buffer.from(bytes);
  const split = whole.indexOf('\n\n');
  if (split < 0) return { malformed: 'no blank line between the proof and the checkpoint' };
  const [header, extra = '', index = '', ...hashes] = whole.subarray(0, split).toString('utf8').split('\n');
  if (header !== HEADER) return { malformed: `the first line is not "${HEADER}"` };
  const entry = extra.startsWith('extra ') ? fromBase64(extra.slice('extra '.length)) : undefined;
  if (entry === undefined) return { malformed: 'the second line is not "extra <base64 of the entry>"' };
  const at = /^index (0|[1-9][0-9]{0,15})$/.exec(index)?.[1];
  if (at === undefined || !Number.isSafeInteger(Number(at))) return { malformed: 'the third line is not "index <n>"' };
  if (hashes.length > MAX_PROOF) return { malformed: `more than ${MAX_PROOF} hashes` };
  const proof: Uint8Array[] = [];
  for (const line of hashes) {
    const hash = fromBase64(line);
    if (hash?.length !== HASH_BYTES) return { malformed: 'a line of the proof is not the base64 of 32 bytes' };
    proof.push(hash);
  }
  return { entry, index: Number(at), proof, note: whole.subarray(split + 2) };
}

export type CheckedProof =
  | { readonly verdict: 'OK'; readonly entry: Uint8Array; readonly index: number; readonly checkpoint: Checkpoint }
  | { readonly verdict: Exclude<Verdict, 'OK'>; readonly detail: string };

/** Whether the entry is in the log that `keys` sign for. Input is untrusted. */
export function checkProof(bytes: Uint8Array, keys: readonly NoteKey[], origin: string): CheckedProof {
  const parsed = parseProof(bytes);
  if ('malformed' in parsed) return { verdict: 'UNREADABLE', detail: parsed.malformed };
  const { entry, index, proof, note } = parsed;
  const opened = openCheckpoint(note, keys, origin);
  if (opened.kind === 'refused') return { verdict: opened.verdict, detail: `its checkpoint: ${opened.reason}` };
  const { checkpoint } = opened;
  const claim = {
    leafHash: leafHash(entry),
    leafIndex: index,
    treeSize: checkpoint.size,
    proof,
    root: checkpoint.root,
  };
  if (verifyInclusion(claim)) return { verdict: 'OK', entry, index, checkpoint };
  const detail = `the entry is not at index ${index} of the log of size ${checkpoint.size}: it, its place or the path was changed`;
  return { verdict: 'CONTENT_MISMATCH', detail };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** The one spelling of these bytes, or undefined. */
function fromBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

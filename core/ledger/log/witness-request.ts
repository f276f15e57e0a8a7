/** The bodies of C2SP tlog-witness `add-checkpoint`: what a log asks and a witness reads. https://c2sp.org/tlog-witness */
import { HASH_BYTES } from '../merkle/merkle-hash.ts';

/** A proof has at most this many hashes (the specification's bound). */
const MAX_PROOF = 63;

export interface AddCheckpoint {
  /** size the log believes the witness to know */
  readonly oldSize: number;
  /** from that size to the checkpoint's */
  readonly proof: readonly Uint8Array[];
  /** the signed checkpoint */
  readonly note: Uint8Array;
}

export function addCheckpointBody({ oldSize, proof, note }: AddCheckpoint): Uint8Array {
  const lines = proof.map((hash) => `${Buffer.from(hash).toString('base64')}\n`).join('');
  return Buffer.concat([Buffer.from(`old ${oldSize}\n${lines}\n`), note]);
}

/** Input is untrusted. */
export function parseAddCheckpoint(body: Uint8Array): AddCheckpoint | { readonly malformed: string } {
  const bytes = Buffer.from(body);
  const split = bytes.indexOf('\n\n');
  if (split < 0) return { malformed: 'no blank line between the proof and the checkpoint' };
  const [first = '', ...hashes] = bytes.subarray(0, split).toString('utf8').split('\n');
  const old = /^old (0|[1-9][0-9]{0,15})$/.exec(first)?.[1];
  if (old === undefined || !Number.isSafeInteger(Number(old)))
    return { malformed: 'the first line is not "old <size>"' };
  if (hashes.length > MAX_PROOF) return { malformed: `more than ${MAX_PROOF} hashes` };
  const proof = hashes.map((line) => ({ line, hash: Buffer.from(line, 'base64') }));
  if (proof.some(({ line, hash }) => hash.length !== HASH_BYTES || hash.toString('base64') !== line))
    return { malformed: 'a line of the proof is not the base64 of 32 bytes' };
  return { oldSize: Number(old), proof: proof.map(({ hash }) => hash), note: bytes.subarray(split + 2) };
}

/** The size in the body of a 409: where the witness stands. */
export function conflictSize(body: string): number | undefined {
  const size = /^(0|[1-9][0-9]{0,15})\n$/.exec(body)?.[1];
  return size !== undefined && Number.isSafeInteger(Number(size)) ? Number(size) : undefined;
}

/**
 * A witness: it cosigns a checkpoint only if that begins with the last one it saw of the same log, and remembers it first.
 * So a log that shows different histories to different people cannot have both cosigned. https://c2sp.org/tlog-witness
 */
import { orNone } from '../../values/index.ts';
import { must } from '../../errors/index.ts';
import { openCheckpoint, type Checkpoint } from '../notes/checkpoint.ts';
import { cosign } from '../notes/checkpoint-cosignature.ts';
import { EMPTY_ROOT } from '../merkle/merkle-hash.ts';
import { verifyConsistency } from '../merkle/merkle-verify.ts';
import type { NoteKey, NoteSignatory } from '../notes/open-note.ts';
import type { Clock } from '../entries/ports.ts';
import { parseAddCheckpoint, type AddCheckpoint } from './witness-request.ts';

export interface Remembered {
  readonly size: number;
  /** 32 bytes */
  readonly root: Uint8Array;
}

export interface WitnessMemory {
  /** Strongly consistent. */
  load(origin: string): Promise<Remembered | undefined>;
  /** Durable on return, only if what is remembered still is `before`. False: it is not. */
  store(origin: string, next: Remembered, before: Remembered | undefined): Promise<boolean>;
}

export interface WitnessOptions {
  readonly signatory: NoteSignatory;
  /** origin of each log it serves, with the keys that sign its checkpoints */
  readonly logs: ReadonlyMap<string, readonly NoteKey[]>;
  readonly memory: WitnessMemory;
  readonly clock: Pick<Clock, 'now'>;
}

/** An HTTP answer: 200 has cosignature lines, 409 the size the witness stands at, the others a reason. */
export interface WitnessAnswer {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422;
  readonly body: string;
}

/** @returns the handler of `add-checkpoint`; the body is untrusted */
export function createWitness(options: WitnessOptions): (body: Uint8Array) => Promise<WitnessAnswer> {
  const { signatory, logs, memory, clock } = options;
  return async (body) => {
    const request = parseAddCheckpoint(body);
    if ('malformed' in request) return { status: 400, body: `${request.malformed}\n` };
    const origin = originOf(request.note);
    const keys = logs.get(origin);
    if (keys === undefined) return { status: 404, body: 'this witness does not serve that log\n' };
    const opened = openCheckpoint(request.note, keys, origin);
    if (opened.kind === 'refused')
      return { status: opened.verdict === 'UNREADABLE' ? 400 : 403, body: `${opened.reason}\n` };
    const before = await memory.load(origin);
    const refusal = refuse(request, opened.checkpoint, before ?? { size: 0, root: EMPTY_ROOT });
    if (refusal !== undefined) return refusal;
    // Remembered before it is signed: a cosignature never exists for what the witness could forget.
    if (!(await memory.store(origin, opened.checkpoint, before))) {
      const now = await memory.load(origin);
      return { status: 409, body: `${orNone(now?.size)}\n` };
    }
    return { status: 200, body: await cosign(opened.text, Math.floor(clock.now() / 1_000), signatory) };
  };
}

function refuse(request: AddCheckpoint, next: Checkpoint, known: Remembered): WitnessAnswer | undefined {
  const { oldSize, proof } = request;
  if (oldSize > next.size) return { status: 400, body: 'the old size is larger than the checkpoint\n' };
  if (oldSize !== known.size) return { status: 409, body: `${known.size}\n` };
  // Same size, other root: the log was forked. The specification answers 409 here too.
  if (oldSize === next.size && Buffer.compare(next.root, known.root) !== 0)
    return { status: 409, body: `${known.size}\n` };
  const claim = { size1: known.size, size2: next.size, root1: known.root, root2: next.root, proof };
  return verifyConsistency(claim) ? undefined : { status: 422, body: 'the consistency proof is wrong\n' };
}

function originOf(note: Uint8Array): string {
  return must(Buffer.from(note).toString('utf8').split('\n', 1)[0], 'the first line');
}

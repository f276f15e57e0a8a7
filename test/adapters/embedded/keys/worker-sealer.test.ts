import { afterEach, beforeEach, expect, it } from 'vitest';
import type { EpochMs, IsoInstant, ChainHash } from '../../../../core/brands/index.ts';
import { WorkerSealer } from '../../../../adapters/embedded/keys/worker-sealer.ts';
import { CountingIds } from '../../../../adapters/memory/index.ts';
import {
  createSessionKey,
  isSignedBy,
  noteVerifier,
  parseBatchSignature,
  parseEntry,
  prepareEntry,
  SignedTrees,
  type RunToSeal,
  type SealedEntry,
} from '../../../../core/ledger/index.ts';
import { leafHash, toHex } from '../../../../core/canonical/index.ts';
import { checked } from '../../../support/checked.ts';

const ORIGIN = 'nervous.example/dev/main';
const signer = createSessionKey(new CountingIds().keyPair(), checked<EpochMs>(0));
const run = (entity: string, length: number): RunToSeal => ({
  prev: checked<ChainHash>('0'.repeat(64)),
  seq: length,
  run: Array.from({ length }, (_, i) =>
    prepareEntry(
      { ledger: 'main', entity, at: checked<IsoInstant>('2026-11-21T09:00:00.000Z') },
      { type: 'event', actor: { kind: 'module', id: 'm' }, idem: `${i}`, data: { text: 'ü'.repeat(i) } },
    ),
  ),
});

let sealer: WorkerSealer;
beforeEach(() => void (sealer = new WorkerSealer(ORIGIN)));
afterEach(() => sealer.close());

/** Of each run: its entries in their order, each linked to the one before, with its own hash and a signature that is right. */
function assertSealed(runs: readonly RunToSeal[], sealed: readonly (readonly SealedEntry[])[]): void {
  const verifier = noteVerifier(signer.name, signer.publicKey);
  const trees = new SignedTrees(ORIGIN);
  expect(sealed.map(({ length }) => length)).toEqual(runs.map(({ run: { length } }) => length));
  for (const [r, run] of runs.entries()) {
    let { prev, seq } = run;
    for (const [i, { note, hash }] of (sealed[r] ?? []).entries()) {
      const parsed = parseEntry(note);
      if (parsed.kind === 'unreadable') throw new Error(parsed.reason);
      const { body } = parsed;
      expect([body.prev, body.seq, body.idem, toHex(hash)]).toEqual([prev, seq, `${i}`, toHex(leafHash(note))]);
      expect(isSignedBy(parsed.note, verifier) || trees.isSignedBy(parsed.note, verifier)).toBe(true);
      [prev, seq] = [toHex(hash), seq + 1];
    }
  }
}

it('seals on another thread and on this one, many jobs at once', async () => {
  const jobs = [[run('a', 1)], [run('a', 9), run('b', 0), run('c', 40)], [], [run('d', 3), run('e', 5)]];
  const sealed = await Promise.all(jobs.map((runs, i) => sealer.seal(runs, signer, i % 2 === 0)));
  for (const [i, runs] of jobs.entries()) assertSealed(runs, sealed[i] ?? []);
});

it.each([true, false])(
  'signs the entries of many chains in trees, with salts of their own; caller idle: %s',
  async (idle) => {
    const runs = Array.from({ length: 20 }, (_, i) => run(`chain-${i}`, 2));
    const sealed = await sealer.seal(runs, signer, idle);
    assertSealed(runs, sealed);
    const batches = sealed.flat().map(({ note }) => {
      const parsed = parseEntry(note);
      const line = parsed.kind === 'entry' ? parsed.note.signatures[0]?.signature : undefined;
      return line === undefined ? undefined : parseBatchSignature(line);
    });
    expect(batches).not.toContain(undefined);
    expect(new Set(batches.map((batch) => toHex(batch?.salt ?? Buffer.of()))).size).toBe(40);
    expect(new Set(batches.map((batch) => toHex(batch?.signature ?? Buffer.of()))).size).toBe(4);
  },
);

it('refuses what was under way when the thread ends, and then signs by itself', async () => {
  const pending = sealer.seal([run('a', 60)], signer, false);
  const outcome = pending.then(
    () => 'sealed',
    () => 'refused',
  );
  await sealer.close();
  expect(['sealed', 'refused']).toContain(await outcome);
  expect((await sealer.seal([run('a', 10)], signer, true))[0]).toHaveLength(10);
});

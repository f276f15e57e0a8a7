import { afterEach, beforeEach, expect, it } from 'vitest';
import type { EpochMs, IsoInstant, ChainHash } from '../../../../core/brands/index.ts';
import { WorkerSealer } from '../../../../adapters/embedded/keys/worker-sealer.ts';
import { CountingIds, localSealer } from '../../../../adapters/memory/index.ts';
import { createSessionKey, prepareEntry, type RunToSeal } from '../../../../core/ledger/index.ts';
import { checked } from '../../../support/checked.ts';

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
beforeEach(() => void (sealer = new WorkerSealer()));
afterEach(() => sealer.close());

it('seals the same bytes on another thread as on this one, many jobs at once', async () => {
  const jobs = [[run('a', 1)], [run('a', 9), run('b', 0), run('c', 40)], [], [run('d', 3), run('e', 5)]];
  const sealed = await Promise.all(jobs.map((runs, i) => sealer.seal(runs, signer, i % 2 === 0)));
  const expected = await Promise.all(jobs.map((runs) => localSealer.seal(runs, signer, true)));
  const plain = (all: typeof sealed): string[][][] =>
    all.map((runs) =>
      runs.map((entries) => entries.map(({ note, hash }) => Buffer.concat([note, hash]).toString('base64'))),
    );
  expect(plain(sealed)).toEqual(plain(expected));
});

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

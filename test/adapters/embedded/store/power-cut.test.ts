/**
 * A power cut, simulated: what was acknowledged had been flushed; what was written after the last flush is on the disk in part, in
 * another order, as garbage, or not at all. Whatever of it is there, the ledger opens with everything that was acknowledged.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openForWriting } from '../../../../adapters/embedded/store/sqlite-schema.ts';
import { SqliteStore } from '../../../../adapters/embedded/store/sqlite-store.ts';
import { ThreadedStore } from '../../../../adapters/embedded/store/threaded-store.ts';
import { IDENTITY } from '../../../contract/stores.ts';
import { appenderOn, note, recordedIds } from '../../../core/ledger/ledger-fixture.ts';

const WAL = 'ledger.db-wal';
/** SQLite's unit of writing: the header of a frame and its page. */
const FRAME = 24 + 4_096;
const ROUNDS = 6;
const CUTS = 12;

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'nervous-power-'));
});
afterEach(() => rmSync(parent, { recursive: true }));

/** Seeded: a failure can be looked at again. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % below;
  };
}

/** The bytes behind `flushed` as a disk may have them that lost its power: the frames of a later moment, some of them. */
function cut(wal: Buffer, flushed: number, random: (below: number) => number): Buffer {
  const torn = Buffer.from(wal);
  for (let at = flushed; at < torn.length; at += FRAME) {
    const end = Math.min(at + FRAME, torn.length);
    const what = random(4);
    if (what === 0) torn.fill(0, at, end); // never came
    if (what === 1) torn.fill(random(256), at + random(end - at), end); // came in part
    if (what === 2) torn[at + random(end - at)] = random(256); // came wrong
  }
  return random(3) === 0 ? torn.subarray(0, flushed + random(torn.length - flushed + 1)) : torn;
}

it.each([1, 2, 3])('keeps every acknowledged entry, and nothing by halves (seed %i)', async (seed) => {
  const random = randomFrom(seed);
  const dataDir = join(parent, 'data');
  const store = new ThreadedStore(openForWriting(dataDir, IDENTITY), { dataDir });
  const appender = appenderOn(store);
  const publish = (round: number, entries: number): Promise<unknown> =>
    Promise.all(
      Array.from({ length: entries }, (_, i) => appender.append({ entries: [note(`c${i % 5}`, `${round}-${i}`)] })),
    );
  for (let round = 0; round < ROUNDS; round++) {
    await publish(round, 1 + random(12)); // few are written on one thread, many on the other
    const acknowledged = await recordedIds(store);
    const flushed = statSync(join(dataDir, WAL)).size;
    const file = readFileSync(join(dataDir, 'ledger.db'));
    const unanswered = 1 + random(12);
    await publish(round + ROUNDS, unanswered); // nobody was told of these
    const wal = readFileSync(join(dataDir, WAL));
    for (let i = 0; i < CUTS; i++) {
      const after = join(parent, `after-${round}-${i}`);
      mkdirSync(after);
      writeFileSync(join(after, 'ledger.db'), file);
      writeFileSync(join(after, WAL), cut(wal, flushed, random));
      const again = new SqliteStore(openForWriting(after, IDENTITY));
      const ids = await recordedIds(again); // sound, too: no gap, no fork, no half of anything
      again.close();
      expect(ids.slice(0, acknowledged.length)).toEqual(acknowledged);
      expect(ids.length).toBeLessThanOrEqual(acknowledged.length + unanswered);
      rmSync(after, { recursive: true });
    }
  }
  await store.close();
});

it('is one in which the acknowledged entries stand behind the last checkpoint of the file, in the log beside it', async () => {
  const dataDir = join(parent, 'data');
  const store = new ThreadedStore(openForWriting(dataDir, IDENTITY), { dataDir });
  await appenderOn(store).append({ entries: [note('a', 'only in the log')] });
  const without = join(parent, 'without');
  mkdirSync(without);
  copyFileSync(join(dataDir, 'ledger.db'), join(without, 'ledger.db'));
  const again = new SqliteStore(openForWriting(without, IDENTITY));
  expect(await recordedIds(again)).toEqual([]); // so the simulation cuts where it matters
  again.close();
  await store.close();
});

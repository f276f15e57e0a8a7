/**
 * A power cut, simulated: what was acknowledged had been flushed; what was written after the last flush is on the disk in part, in
 * another order, as garbage, or not at all. Whatever of it is there, the ledger opens with everything that was acknowledged.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openForWriting } from '../../../../adapters/embedded/store/sqlite-schema.ts';
import { SqliteStore } from '../../../../adapters/embedded/store/sqlite-store.ts';
import { ThreadedStore } from '../../../../adapters/embedded/store/threaded-store.ts';
import { IDENTITY } from '../../../contract/stores.ts';
import { appenderOn, note, recordedIds } from '../../../core/ledger/ledger-fixture.ts';

const WAL = 'ledger.db-wal';
/** The first bytes of SQLite's log, which change when it begins anew. */
const WAL_HEADER = 32;
/** What a disk writes whole, or tears. */
const SECTOR = 512;
const ROUNDS = 6;
const CUTS = 12;
/** In these rounds the log was brought into the ledger's file, so that it is written from its start again, over older frames. */
const isRestarted = (round: number): boolean => round % 3 === 2;

interface Files {
  readonly ledger: Buffer;
  readonly wal: Buffer;
}

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'nervous-power-'));
});
afterEach(() => rmSync(parent, { recursive: true }));

const filesOf = (folder: string): Files => ({
  ledger: readFileSync(join(folder, 'ledger.db')),
  wal: readFileSync(join(folder, WAL)),
});

type Random = (below: number) => number;

/** Seeded: a failure can be looked at again. */
function randomFrom(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) % below;
  };
}

/**
 * A file as a disk may have it that lost its power between two flushes: of the sectors that were written, some came, in whatever order, some
 * came in part or wrong, and some never came; where the file grew, it may have grown in part.
 */
function cut(before: Buffer, after: Buffer, random: Random): Buffer {
  const torn = Buffer.alloc(after.length);
  before.copy(torn);
  const fate = [1 + random(8), random(3) === 0 ? random(4) : 0] as const; // how often something came, and came wrong
  for (let at = 0; at < torn.length; at += SECTOR) {
    const end = Math.min(at + SECTOR, torn.length);
    if (after.compare(torn, at, end, at, end) === 0 || random(10) >= fate[0]) continue;
    after.copy(torn, at, at, end);
    if (random(10) < fate[1]) torn.fill(random(256), at + random(end - at), end);
  }
  const grown = after.length - before.length;
  return grown > 0 && random(3) === 0 ? torn.subarray(0, before.length + random(grown + 1)) : torn;
}

async function reopened({ ledger, wal }: Files): Promise<string[]> {
  const folder = mkdtempSync(join(parent, 'after-'));
  writeFileSync(join(folder, 'ledger.db'), ledger);
  writeFileSync(join(folder, WAL), wal);
  const store = new SqliteStore(openForWriting(folder, IDENTITY));
  const ids = await recordedIds(store); // sound, too: no gap, no fork, no half of anything
  store.close();
  rmSync(folder, { recursive: true });
  return ids;
}

/** As SQLite does by itself when its log is long enough. */
function checkpoint(dataDir: string): void {
  const db = new DatabaseSync(join(dataDir, 'ledger.db'));
  db.exec('PRAGMA wal_checkpoint(PASSIVE)');
  db.close();
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
    if (isRestarted(round)) checkpoint(dataDir);
    const acknowledged = await recordedIds(store);
    const flushed = filesOf(dataDir);
    const unanswered = 1 + random(12);
    await publish(round + ROUNDS, unanswered); // nobody was told of these
    const written = filesOf(dataDir);
    expect(written.ledger.equals(flushed.ledger)).toBe(true);
    const keepsItsStart = written.wal.compare(flushed.wal, 0, WAL_HEADER, 0, WAL_HEADER) === 0;
    expect(keepsItsStart).toBe(!isRestarted(round));
    for (let i = 0; i < CUTS; i++) {
      const ids = await reopened({ ledger: flushed.ledger, wal: cut(flushed.wal, written.wal, random) });
      expect(ids.slice(0, acknowledged.length)).toEqual(acknowledged);
      expect(ids.length).toBeLessThanOrEqual(acknowledged.length + unanswered);
    }
  }
  await store.close();
});

it.each([1, 2])('keeps it where the log was being brought into the file of the ledger (seed %i)', async (seed) => {
  const random = randomFrom(seed);
  const dataDir = join(parent, 'data');
  const store = new ThreadedStore(openForWriting(dataDir, IDENTITY), { dataDir });
  const appender = appenderOn(store);
  for (let round = 0; round < ROUNDS; round++) {
    const entries = Array.from({ length: 40 }, (_, i) => note(`c${i % 5}`, `${round}-${i}`));
    await Promise.all(entries.map((entry) => appender.append({ entries: [entry] })));
    const flushed = filesOf(dataDir);
    checkpoint(dataDir);
    const written = filesOf(dataDir);
    expect(written.ledger.equals(flushed.ledger)).toBe(false);
    const acknowledged = await recordedIds(store);
    for (let i = 0; i < CUTS; i++)
      expect(await reopened({ ledger: cut(flushed.ledger, written.ledger, random), wal: written.wal })).toEqual(
        acknowledged,
      );
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

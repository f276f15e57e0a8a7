/**
 * A lake: every position in exactly one file, whenever whoever exports dies and however often it runs; and whatever is changed in it is
 * named. LAKE_ENTRIES says how long the log is (npm run test:long: a million).
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { openParquetTables } from '../../../adapters/machine/parquet-table.ts';
import type { JsonObject } from '../../../core/canonical/index.ts';
import {
  expectedFingerprint,
  exportLake,
  verifyLake,
  type ClassName,
  type ExportedLake,
  type LakeFiles,
  type LakeReport,
  type LakeTable,
} from '../../../core/lake/index.ts';
import { memoryRootSigner } from '../../../adapters/memory/index.ts';
import { Killed, MemoryLake, PublishedLog, ROOT } from './lake-fixture.ts';

const ENTRIES = Number(process.env['LAKE_ENTRIES'] ?? 20_000);
/** It only ends a hang. */
const LONGEST_MS = 7_200_000;
/** Files that a run makes before it dies: no multiple of a range's, so that it dies at each of them. */
const WRITES_BETWEEN = 7;
const PLACE = { region: 'local', accountId: 'main' };

let table: LakeTable;
beforeAll(async () => {
  table = await openParquetTables();
});

function exportTo(files: LakeFiles, log: PublishedLog, maxRange?: number): Promise<ExportedLake> {
  return exportLake({ files, table, log: log.read, ...PLACE, ...(maxRange === undefined ? {} : { maxRange }) });
}

function verify(files: LakeFiles, root = ROOT): Promise<LakeReport> {
  return verifyLake({ files, table, root });
}

async function* rowsOf(lake: MemoryLake): AsyncGenerator<JsonObject> {
  for (const path of await lake.list(''))
    if (path.endsWith('.parquet')) {
      const rows = await table.read(path.split('/')[0] as ClassName, lake.stored.get(path) as Uint8Array);
      yield* rows ?? [];
    }
}

function positionOf(row: JsonObject): number {
  return (row['unmapped'] as { readonly position: number }).position;
}

/** Each run makes so many files more and dies, before the last is there or after, until there is nothing more to make. */
async function killedAtWrites(
  log: PublishedLog,
  maxRange: number,
  every = 1,
): Promise<{ lake: MemoryLake; kills: number }> {
  const lake = new MemoryLake();
  for (let kills = 0; ; kills += 1) {
    let left = every;
    const die = (): void => {
      left -= 1;
      if (left === 0) throw new Killed();
    };
    // Each write is lost once, and is made once without its answer.
    if (kills % 2 === 0) lake.before = die;
    else lake.after = die;
    const isDone = await exportTo(lake, log, maxRange).then(
      () => true,
      (error: unknown) => {
        if (error instanceof Killed) return false;
        throw error;
      },
    );
    [lake.before, lake.after] = [() => {}, () => {}];
    if (isDone) return { lake, kills };
  }
}

describe('an export', () => {
  it(
    `of ${ENTRIES} entries has each position in one row of one file, twice the same bytes, and killed in each range as well`,
    async () => {
      const log = await new PublishedLog().grow(ENTRIES);
      const [once, again] = [new MemoryLake(), new MemoryLake()];
      expect(await exportTo(once, log)).toMatchObject({ from: 0, to: ENTRIES, ranges: Math.ceil(ENTRIES / 20_000) });
      await exportTo(again, log);
      expect(sameFiles(again, once)).toBe(true);
      const { lake, kills } = await killedAtWrites(log, 20_000, WRITES_BETWEEN);
      expect(kills).toBeGreaterThanOrEqual(Math.floor(once.stored.size / WRITES_BETWEEN));
      expect(sameFiles(lake, once)).toBe(true);
      const found = new Uint8Array(ENTRIES);
      for await (const row of rowsOf(lake)) found[positionOf(row)] = (found[positionOf(row)] as number) + 1;
      expect(found.every((times) => times === 1)).toBe(true);
      expect(await verify(lake)).toMatchObject({ verdict: 'OK', entries: ENTRIES, signedTo: ENTRIES });
    },
    LONGEST_MS,
  );

  it('killed at every write, before it and after, is the export of one that was not', async () => {
    const log = await new PublishedLog().grow(700);
    const alone = new MemoryLake();
    await exportTo(alone, log, 200);
    const { lake, kills } = await killedAtWrites(log, 200);
    expect(kills).toBeGreaterThan(alone.stored.size);
    expect(sameFiles(lake, alone)).toBe(true);
  });

  it('goes on where it ended, and leaves the files that are there as they are', async () => {
    const log = await new PublishedLog().grow(500);
    const lake = new MemoryLake();
    await exportTo(lake, log, 200);
    const before = new Map(lake.stored);
    expect(await exportTo(lake, log, 200)).toEqual({ from: 500, to: 500, ranges: 0, files: 0, bytes: 0 });
    expect(lake.stored).toEqual(before);
    await log.grow(333);
    expect(await exportTo(lake, log, 200)).toMatchObject({ from: 500, to: 833, ranges: 2 });
    for (const [path, bytes] of before) expect(lake.stored.get(path)).toEqual(bytes);
    expect(await verify(lake)).toMatchObject({ verdict: 'OK', entries: 833, signedTo: 833 });
  });

  it('killed at every write while the log grows finishes the ranges that it began', async () => {
    const log = await new PublishedLog().grow(100);
    const lake = new MemoryLake();
    for (let kill = 0; kill < 60; kill += 1) {
      lake.after = () => {
        throw new Killed();
      };
      await exportTo(lake, log, 40).catch(() => undefined);
      await log.grow(7);
    }
    lake.after = () => {};
    await exportTo(lake, log, 40);
    const positions: number[] = [];
    for await (const row of rowsOf(lake)) positions.push(positionOf(row));
    expect(positions.sort((a, b) => a - b)).toEqual(Array.from({ length: log.size }, (_, i) => i));
    expect(await verify(lake)).toMatchObject({ verdict: 'OK', signedTo: log.size });
  });

  it('by two at once is the export of one', async () => {
    const log = await new PublishedLog().grow(900);
    const [alone, lake] = [new MemoryLake(), new MemoryLake()];
    await exportTo(alone, log, 250);
    await Promise.all([exportTo(lake, log, 250), exportTo(lake, log, 250), exportTo(lake, log, 250)]);
    expect(sameFiles(lake, alone)).toBe(true);
  });

  it('has a file of other bytes and the same rows stand, as another library would have left it', async () => {
    const log = await new PublishedLog().grow(20);
    const [alone, lake] = [new MemoryLake(), new MemoryLake()];
    await exportTo(alone, log);
    const [path, bytes] = [...alone.stored].find(([name]) => name.startsWith('api_activity')) as [string, Uint8Array];
    const rows = (await table.read('api_activity', bytes)) as readonly JsonObject[];
    const other = Buffer.from((await table.write('api_activity', rows)).map((byte) => byte));
    other.write('Nervous', other.lastIndexOf('nervous-system')); // who made it
    lake.stored.set(path, other);
    await exportTo(lake, log);
    expect(lake.stored.get(path)).toEqual(other);
    expect((await verify(lake)).verdict).toBe('OK');
  });

  it('refuses a file of the range with other rows, a lake of another log, and a log that is shorter than the lake', async () => {
    const log = await new PublishedLog().grow(300);
    const lake = new MemoryLake();
    await exportTo(lake, log, 100);
    const shorter = await new PublishedLog().grow(200);
    await expect(exportTo(lake, shorter)).rejects.toMatchObject({ code: 'LAKE_AHEAD' });
    const other = await new PublishedLog().grow(300, [memoryRootSigner('other.test/main')], 'other.test/main');
    await expect(exportTo(lake, other)).rejects.toMatchObject({ code: 'LAKE_FOREIGN' });
    const paths = await lake.list('api_activity');
    const blocked = new MemoryLake([[paths[1] as string, lake.stored.get(paths[0] as string) as Uint8Array]]);
    await expect(exportTo(blocked, log, 100)).rejects.toMatchObject({ code: 'LAKE_FILE_DIFFERS' });
    await expect(
      exportLake({ files: new MemoryLake(), table, log: log.read, region: 'a/b', accountId: 'm' }),
    ).rejects.toMatchObject({ code: 'LAKE_INVALID' });
  });

  it('refuses a log whose entry is missing, or is not what was published, and fixes nothing wrong', async () => {
    const log = await new PublishedLog().grow(600);
    const bundle = [...log.files.keys()].find((path) => path === 'tile/entries/001') as string;
    const bytes = log.files.get(bundle) as Uint8Array;
    log.files.delete(bundle);
    const lake = new MemoryLake();
    await expect(exportTo(lake, log)).rejects.toMatchObject({ code: 'LAKE_SOURCE_DAMAGED' });
    const changed = Buffer.from(bytes);
    changed[changed.indexOf('amount')] = 'b'.charCodeAt(0);
    log.files.set(bundle, changed);
    await expect(exportTo(lake, log)).rejects.toMatchObject({
      code: 'LAKE_SOURCE_DAMAGED',
      message: /log index \d+ is not what was published/,
    });
    log.files.set(bundle, bytes);
    await exportTo(lake, log);
    expect((await verify(lake)).verdict).toBe('OK');
  });
});

it('the fingerprint of every row can be computed from the row alone', async () => {
  const lake = new MemoryLake();
  await exportTo(lake, await new PublishedLog().grow(10_000));
  let rows = 0;
  for await (const row of rowsOf(lake)) {
    const { fingerprint } = (row['unmapped'] as { ns_attestation: { fingerprint: JsonObject } }).ns_attestation;
    expect(expectedFingerprint(row)).toBe(fingerprint['value']);
    rows += 1;
  }
  expect(rows).toBe(10_000);
});

function sameFiles(one: MemoryLake, other: MemoryLake): boolean {
  const paths = [...one.stored.keys()].sort();
  if (paths.join() !== [...other.stored.keys()].sort().join()) return false;
  return paths.every(
    (path) => Buffer.compare(one.stored.get(path) as Uint8Array, other.stored.get(path) as Uint8Array) === 0,
  );
}

/**
 * The store that writes on its thread, in a process of its own, at one write after the other: the process dies in it, or the disk refuses it.
 * Limits of file sizes choose the write; from one to the next is a little more than a frame of SQLite's log, so that all places in one come by.
 */
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openForWriting } from '../../../../adapters/embedded/store/sqlite-schema.ts';
import { SqliteStore } from '../../../../adapters/embedded/store/sqlite-store.ts';
import { IDENTITY } from '../../../contract/stores.ts';
import { soundLog } from '../../../core/ledger/ledger-fixture.ts';
import { LIMIT_BLOCK_BYTES, spawnWithFileLimit } from '../../../support/file-limit.ts';

const CHILD = fileURLToPath(new URL('./sqlite-crash-child.ts', import.meta.url));
const REFUSED_CHILD = fileURLToPath(new URL('./refused-writes-child.ts', import.meta.url));
/** A frame of the log has 24 + 4,096 bytes. */
const STEP_BLOCKS = 9;
const DEATHS = 24;
const REFUSALS = 2;
/** Publishers whose commits have few writes. */
const FEW = '2';
/** Room for some commits, and for what they leave in the ledger's file. */
const REFUSED_FROM_BLOCKS = 1_200;
/** Items that make the ledger's file larger than the log ever is, so that only a checkpoint reaches the limit. */
const LARGE_BYTES = 20_000_000;
const ITEM_BYTES = 1_000_000;

const parent = mkdtempSync(join(tmpdir(), 'nervous-every-write-'));
const fresh = join(parent, 'fresh');
const large = join(parent, 'large');

beforeAll(async () => {
  await ledgerOf(fresh, 0);
  await ledgerOf(large, LARGE_BYTES);
});
afterAll(() => rmSync(parent, { recursive: true }));

async function ledgerOf(folder: string, bytes: number): Promise<void> {
  const store = new SqliteStore(openForWriting(folder, IDENTITY));
  for (let i = 0; i * ITEM_BYTES < bytes; i++)
    await store.write([
      { kind: 'put', key: { pk: 'filling', sk: `${i}` }, value: '.'.repeat(ITEM_BYTES), expect: 'any' },
    ]);
  store.close();
}

interface Said {
  /** as they stand in the log: id, position, hash */
  readonly acknowledged: readonly string[];
  /** id and code */
  readonly failed: ReadonlyMap<string, string>;
  readonly code: number | null;
  readonly signal: string | null;
}

/** Appends on a copy of the ledger. @returns what was said completely before the process ended */
async function append(folder: string, limitBlocks: number, ...told: readonly string[]): Promise<Said> {
  const command = [process.execPath, '--no-warnings', CHILD, folder, '0', ...told];
  const child = spawnWithFileLimit(limitBlocks, command, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (said += text));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  const lines = said.split('\n').slice(0, -1);
  const failed = lines.flatMap((line): [string, string][] => {
    const [id = '', , reason] = line.includes(' failed ') ? line.split(' ') : [];
    return reason === undefined ? [] : [[id, reason]];
  });
  return { acknowledged: lines.filter((line) => !line.includes(' failed ')), failed: new Map(failed), code, signal };
}

/** What the ledger has after it, opened anew and found sound: acknowledged appends as they were said, no append by halves. */
async function expectKept(folder: string, { acknowledged }: Said): Promise<readonly string[]> {
  const store = new SqliteStore(openForWriting(folder, IDENTITY));
  const log = await soundLog(store);
  store.close();
  const recorded = log.map(({ idem, position, hash }) => `${idem} ${position} ${Buffer.from(hash).toString('hex')}`);
  expect(acknowledged.filter((line) => recorded[Number(line.split(' ')[1])] !== line)).toEqual([]);
  const ids = log.filter(({ chain }) => chain.startsWith('account:')).map(({ idem }) => idem);
  expect(new Set(ids).size).toBe(ids.length);
  const halves = (part: string): string[] => ids.filter((id) => id.endsWith(part)).map((id) => id.slice(0, -1));
  expect(halves('a').sort()).toEqual(halves('b').sort());
  return ids;
}

async function on<T>(original: string, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(parent, 'run-'));
  cpSync(original, folder, { recursive: true });
  const result = await work(folder);
  rmSync(folder, { recursive: true });
  return result;
}

it('keeps what was acknowledged, and nothing by halves, whichever write the process dies in', async () => {
  const counts: number[] = [];
  for (let i = 0; i < DEATHS; i++)
    await on(fresh, async (folder) => {
      const said = await append(folder, 1 + i * STEP_BLOCKS, 'dies', FEW);
      expect([said.code, said.signal]).toEqual([null, 'SIGXFSZ']);
      await expectKept(folder, said);
      counts.push(said.acknowledged.length);
    });
  expect(new Set(counts).size).toBeGreaterThan(2); // before the first commit, between commits, and in them
});

it.each([1, 2_001, 7_003])(
  'keeps it in a checkpoint that dies when the file has grown by %i blocks',
  async (blocks) => {
    await on(large, async (folder) => {
      const before = statSync(join(folder, 'ledger.db')).size;
      const said = await append(folder, before / LIMIT_BLOCK_BYTES + blocks, 'dies');
      expect([said.code, said.signal]).toEqual([null, 'SIGXFSZ']);
      const after = statSync(join(folder, 'ledger.db')).size;
      expect([after > before, statSync(join(folder, 'ledger.db-wal')).size < before]).toEqual([true, true]);
      expect((await expectKept(folder, said)).length).toBeGreaterThan(1_000);
    });
  },
);

it('tells whom it could not write for, whichever write is refused, and goes on when there is space', async () => {
  for (let i = 0; i < REFUSALS; i++)
    await on(fresh, async (folder) => {
      const said = await append(folder, REFUSED_FROM_BLOCKS + i * STEP_BLOCKS, 'goes on');
      expect([said.code, said.signal]).toEqual([0, null]);
      expect(new Set(said.failed.values())).toEqual(new Set(['STORE_UNAVAILABLE']));
      const ids = await expectKept(folder, said);
      expect(ids.filter((id) => said.failed.has(id))).toEqual([]);
      expect(said.acknowledged.length).toBeGreaterThan(80);
    });
});

it('commits a group or refuses it, whole, whichever of its writes fails, again and again', async () => {
  await on(fresh, async (folder) => {
    const command = [process.execPath, '--no-warnings', REFUSED_CHILD, folder];
    const child = spawnWithFileLimit(REFUSED_FROM_BLOCKS, command, { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (part: string) => (text += part));
    expect(await once(child, 'close')).toEqual([0, null]);
    const said = new Map(
      text.split('\n').flatMap((line) => (line === '' ? [] : [line.split(' ') as [string, string]])),
    );
    const idsThat = (kind: string): string[] => [...said].filter(([, what]) => what === kind).map(([id]) => id);
    expect(new Set(said.values())).toEqual(new Set(['committed', 'STORE_UNAVAILABLE']));

    const store = new SqliteStore(openForWriting(folder, IDENTITY));
    const log = await store.readLog(0, 1_000_000);
    const items = await store.list('group', { limit: 1_000_000 });
    const keys = await Promise.all(log.map(({ note }) => store.findByIdemKey(Buffer.from(note).toString())));
    store.close();
    expect(log.map(({ position }) => position)).toEqual(log.map((_, i) => i));
    expect(log.map(({ note }) => Buffer.from(note).toString())).toEqual(
      idsThat('committed').flatMap((id) => [`${id}a`, `${id}b`]),
    );
    expect(keys.map((found) => found?.position)).toEqual(log.map((_, i) => i));
    expect(items.map(({ sk }) => sk).sort()).toEqual(idsThat('committed').sort());
    expect(idsThat('STORE_UNAVAILABLE').length).toBeGreaterThan(32);
  });
});

/** R8: a folder or file that cannot be written, and a disk that is full: said at the start, and while it runs. */
import { execFile } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startEngine } from '../../../../adapters/embedded/index.ts';
import { openForWriting } from '../../../../adapters/embedded/store/sqlite-schema.ts';
import { SqliteStore } from '../../../../adapters/embedded/store/sqlite-store.ts';
import { openingTrouble } from '../../../../adapters/embedded/machine/sqlite-trouble.ts';
import { createWriteProbe } from '../../../../adapters/embedded/store/write-probe.ts';
import { config } from '../../../../nervous.config.ts';
import { appenderOn, note, recordedIds } from '../../../core/ledger/ledger-fixture.ts';

const IDENTITY = { ledger: 'main', origin: 'ledger.test/main' };
let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'nervous-unwritable-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

/** Root may write everything: its child runs as nobody, to whom everything is given. */
const NOBODY = 65_534;

function modesOf(folder: string, file: number, directory: number): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) modesOf(path, file, directory);
    else setMode(path, file);
  }
  setMode(folder, directory);
}

function setMode(path: string, mode: number): void {
  if (process.getuid?.() === 0) chownSync(path, NOBODY, NOBODY);
  chmodSync(path, mode);
}

async function startAsNobody(): Promise<{ code?: string; message?: string }> {
  const child = join(import.meta.dirname, 'read-only-child.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [child, dataDir]);
  return JSON.parse(stdout) as { code?: string; message?: string };
}

describe('R8: an engine is not started', () => {
  beforeEach(async () => (await startEngine({ config, dataDir, http: false })).close());
  afterEach(() => modesOf(dataDir, 0o600, 0o700));

  it('R8: on a ledger file that is read-only', async () => {
    modesOf(dataDir, 0o600, 0o700);
    chmodSync(join(dataDir, 'ledger.db'), 0o400);
    const { code, message } = await startAsNobody();
    expect([code, message]).toEqual(['DATA_READ_ONLY', expect.stringMatching(/read-only for this user: .*chmod u\+w/)]);
  });

  it('R8: on a folder that is read-only', async () => {
    modesOf(dataDir, 0o400, 0o500);
    expect(await startAsNobody()).toMatchObject({ code: 'DATA_READ_ONLY' });
  });

  it('R8: where no folder can be made', async () => {
    writeFileSync(join(dataDir, 'file'), '');
    const started = startEngine({ config, dataDir: join(dataDir, 'file', 'data'), http: false });
    await expect(started).rejects.toMatchObject({ code: 'DATA_READ_ONLY' });
  });
});

describe('R8: the write probe', () => {
  const open = (): { db: DatabaseSync; store: SqliteStore } => {
    const db = openForWriting(dataDir, IDENTITY);
    return { db, store: new SqliteStore(db) };
  };

  it('R8: says that a write took place, and changes nothing', async () => {
    const { store } = open();
    expect(createWriteProbe(store, dataDir)()).toMatchObject({ name: 'writing', ok: true });
    expect(await store.size()).toBe(0);
    store.close();
  });

  it('R8: says that the file has become read-only', () => {
    const { store } = open();
    store.close();
    const readOnly = new SqliteStore(new DatabaseSync(join(dataDir, 'ledger.db'), { readOnly: true }));
    const check = createWriteProbe(readOnly, dataDir)();
    expect(check).toMatchObject({ ok: false, detail: expect.stringMatching(/read-only/) as string });
  });

  it('R8: is what /dependencies tells', async () => {
    const engine = await startEngine({ config, dataDir, http: false });
    const { checks } = await engine.system.validate();
    expect(checks).toContainEqual({
      name: 'writing',
      ok: true,
      detail: expect.stringMatching(/MiB are free/) as string,
    });
    await engine.close();
  });
});

it('R8: a full disk is 503 for who writes, loses nothing acknowledged, and goes on when there is space', async () => {
  const db = openForWriting(dataDir, IDENTITY);
  const store = new SqliteStore(db);
  const appender = appenderOn(store);
  await appender.append({ entries: [note('account:1', 'before')] });
  const limit = (pages: number): unknown => db.prepare(`PRAGMA max_page_count = ${pages}`).get();
  limit(1); // as many as there are
  const large = { ...note('account:1', 'large') };
  large.draft = { ...large.draft, data: { text: 'x'.repeat(30_000) } };
  await expect(appender.append({ entries: [large] })).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    message: expect.stringMatching(/retry/) as string,
    cause: { message: expect.stringMatching(/no space left/) as string },
  });
  expect(await recordedIds(store)).toEqual(['before']);
  limit(1_000_000);
  await appender.append({ entries: [note('account:1', 'after')] });
  expect(await recordedIds(store)).toEqual(['before', 'after']);
  store.close();
});

it('R8: what is no matter of writing is not called one', () => {
  expect(openingTrouble(new Error('other'), dataDir)).toBeUndefined();
  expect(openingTrouble(Object.assign(new Error('x'), { errcode: 11 }), dataDir)).toBeUndefined();
});

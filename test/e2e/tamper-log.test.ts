/** Attacks on a ledger whose log was published: what removes every trace inside the store still meets what was signed. */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EpochMs } from '../../core/brands/index.ts';
import { verifyDataDir, type VerifyDataDirOptions } from '../../adapters/embedded/index.ts';
import type { VerificationReport } from '../../core/ledger/index.ts';
import {
  anchorPath,
  changeDocument,
  copyOf,
  flipped,
  leaf,
  newDir,
  overwrite,
  publishFiles,
  removeDirs,
  round,
  rowsOf,
  storeOnly,
  textIn,
  withDb,
  withEngine,
  type Row,
} from './tamper-fixture.ts';
import { checked } from '../support/checked.ts';

const original = newDir();
/** the folder as it was at an earlier checkpoint, and that checkpoint */
let earlier = '';
let early: Uint8Array = Buffer.of();
/** grown from the earlier one by the same keys, otherwise: the other branch of a fork */
let forked = '';
let rows: Row[] = [];
let sizes: number[] = [];
const LATER = Date.now() + 3_600_000;

beforeAll(async () => {
  await withEngine(original, async (engine) => {
    await round(engine, '1.00');
    await round(engine, '2.00');
  });
  earlier = copyOf(original);
  early = readFileSync(join(earlier, 'log', 'checkpoint'));
  forked = copyOf(original);
  await withEngine(original, async (engine) => {
    await round(engine, '3.00');
    await changeDocument(engine, 'account:1', '500.00');
    await round(engine, '4.00', [0, 1, 2, 3]);
  });
  await withEngine(forked, async (engine) => {
    await round(engine, '30.00');
    await round(engine, '40.00', [0, 1, 2, 3, 4, 5]);
    for (let more = 0; rowsOf(forked).length < rowsOf(original).length; more += 1)
      await round(engine, `5${more}.00`, [0]);
  });
  rows = rowsOf(original);
  sizes = readdirSync(join(original, 'anchors', 'ckpt')).map(Number);
});

afterAll(removeDirs);

const verify = (dir: string, options: VerifyDataDirOptions = {}): Promise<VerificationReport> =>
  verifyDataDir(dir, options);
const newest = (): number => sizes.at(-1) ?? 0;
const last = (): Row => rows.at(-1) as Row;

/** A copy with something done to it, verified. */
async function after(
  change: (dir: string) => unknown,
  options: VerifyDataDirOptions = {},
): Promise<VerificationReport> {
  const dir = copyOf(original);
  await change(dir);
  return verify(dir, options);
}

describe('a ledger with a published log', () => {
  it('is OK, and says against what', async () => {
    const report = await verify(original, { requireAnchored: true, now: checked<EpochMs>(LATER) });
    expect(report).toMatchObject({ verdict: 'OK', entries: rows.length });
    expect(new Set(report.against?.map(({ kind }) => kind))).toEqual(
      new Set(['published', 'cosignature', 'witness-memory', 'anchor']),
    );
    expect(report.against?.every(({ size }) => size === rows.length)).toBe(true);
  });

  it.each(['entity', 'range', 'state'] as const)('is OK in mode %s', async (mode) => {
    const scope =
      mode === 'entity' ? { mode, entity: 'account:1' } : mode === 'range' ? { mode, from: 0, to: 5 } : { mode };
    expect(await verify(original, { scope })).toMatchObject({ verdict: 'OK' });
  });
});

describe('entries removed together with every record of them in the store', () => {
  it('names the first of a tail, from the bundles', async () => {
    const first = rows[rows.length - 3] as Row;
    const report = await after((dir) => storeOnly(dir, rows.slice(0, -3)));
    expect(report.firstBad).toMatchObject({ verdict: 'MISSING_ENTRY', entity: first.chain, seq: first.seq });
    expect(report.firstBad?.position).toBe(first.position);
  });

  it('says ROLLED_BACK when the log was put back with them', async () => {
    const report = await after((dir) => {
      storeOnly(dir, rows.slice(0, rowsOf(earlier).length));
      rmSync(join(dir, 'log'), { recursive: true });
      cpSync(join(earlier, 'log'), join(dir, 'log'), { recursive: true });
    });
    expect(report.firstBad).toMatchObject({ verdict: 'ROLLED_BACK', position: rowsOf(earlier).length });
  });

  it.each([
    ['first of a chain', () => rows.findIndex(({ chain, seq }) => chain === 'account:0' && seq === 0)],
    ['one in the middle', () => rows.findIndex(({ chain, seq }) => chain === 'account:0' && seq === 1)],
    [
      'last of its chain, with others after it',
      () => rows.findIndex(({ chain, seq }) => chain === 'account:1' && seq === 1),
    ],
  ])('names the %s when the others moved up', async (_, find) => {
    const at = find();
    const gone = rows[at] as Row;
    // From a chain nothing may remain after it, or its link would show it already.
    const kept = rows.filter((row, i) => i !== at && !(row.chain === gone.chain && row.seq > gone.seq));
    for (const signatures of [true, false]) {
      const report = await after((dir) => storeOnly(dir, kept), { signatures });
      expect(report.firstBad).toMatchObject({ verdict: 'MISSING_ENTRY', entity: gone.chain, seq: gone.seq });
    }
  });

  it('names the first entry of a whole entity', async () => {
    const report = await after((dir) =>
      storeOnly(
        dir,
        rows.filter(({ chain }) => chain !== 'account:2'),
      ),
    );
    expect(report.firstBad).toMatchObject({ verdict: 'MISSING_ENTRY', entity: 'account:2', seq: 0 });
  });

  it('says ROLLED_BACK when tiles and bundles were made to fit, too', async () => {
    const kept = rows.filter(({ chain }) => chain !== 'account:3');
    const report = await after(async (dir) => {
      storeOnly(dir, kept);
      rmSync(join(dir, 'log', 'tile'), { recursive: true });
      await publishFiles(dir, kept);
    });
    expect(report.firstBad).toMatchObject({ verdict: 'ROLLED_BACK', position: kept.length });
  });

  it('is found by verifying the entity alone', async () => {
    const scope = { mode: 'entity', entity: 'account:0' } as const;
    const chain = rows.filter((row) => row.chain === 'account:0');
    const gone = chain.at(-1) as Row;
    const report = await after(
      (dir) =>
        storeOnly(
          dir,
          rows.filter((row) => row !== gone),
        ),
      { scope },
    );
    expect(report.firstBad).toMatchObject({ verdict: 'MISSING_ENTRY', entity: 'account:0', seq: gone.seq });
    const none = await after(
      (dir) =>
        storeOnly(
          dir,
          rows.filter((row) => row.chain !== 'account:0'),
        ),
      { scope },
    );
    expect(none.firstBad).toMatchObject({ verdict: 'MISSING_ENTRY', entity: 'account:0', seq: 0 });
  });

  it('V7: ends with a verdict on the entity when the tiles are gone with it', async () => {
    const report = await after(
      (dir) => {
        rmSync(join(dir, 'log', 'tile', '0'), { recursive: true });
        storeOnly(
          dir,
          rows.filter((row) => row.chain !== 'account:0'),
        );
      },
      { scope: { mode: 'entity', entity: 'account:0' } },
    );
    expect(report.firstBad).toMatchObject({ verdict: 'UNREADABLE', entity: '(log)', seq: 0 });
  });
});

describe('entries changed or moved, with hashes and records made to fit', () => {
  it('names an entry that no other rests on, without looking at signatures', async () => {
    const changed = rows.map((row) => {
      const note = row === last() ? flipped(row.note, Buffer.from(row.note).indexOf('4.00')) : row.note;
      return { ...row, note, hash: leaf(note) };
    });
    const report = await after((dir) => storeOnly(dir, changed), { signatures: false });
    expect(report.firstBad).toMatchObject({ verdict: 'CONTENT_MISMATCH', entity: last().chain, seq: last().seq });
    const published = await after(
      async (dir) => {
        storeOnly(dir, changed);
        await publishFiles(dir, changed);
      },
      { signatures: false },
    );
    expect(published.verdict).toBe('FORK');
  });

  it('names the first of two entries of different chains that changed places', async () => {
    const [a, b] = [rows.length - 2, rows.length - 1];
    const swapped = rows.map((row, i) => (i === a ? rows[b] : i === b ? rows[a] : row) as Row);
    const report = await after((dir) => storeOnly(dir, swapped));
    expect(report.firstBad).toMatchObject({ verdict: 'LINK_BROKEN', position: a });
  });

  it('names a duplicate put at the end', async () => {
    const copy = rows.find(({ chain }) => chain === 'account:2') as Row;
    const seq = rows.filter(({ chain }) => chain === 'account:2').length;
    const report = await after((dir) => storeOnly(dir, [...rows, { ...copy, seq }]));
    expect(report.firstBad).toMatchObject({ verdict: 'LINK_BROKEN', entity: copy.chain, seq, position: rows.length });
    const schema = await after((dir) => withDb(dir, (db) => db.exec('DROP INDEX entry_place')));
    expect(schema.verdict).toBe('UNREADABLE');
  });

  it('names an entry that comes from another ledger of the same name', async () => {
    const foreign = newDir();
    await withEngine(foreign, (engine) => round(engine, '9.00', [7, 3]));
    const theirs = rowsOf(foreign).find(({ chain }) => chain === 'account:7') as Row;
    const signed = await after((dir) => storeOnly(dir, [...rows, theirs]));
    expect(signed.firstBad).toMatchObject({ verdict: 'KEY_UNKNOWN', entity: 'account:7', position: rows.length });
    const onTop = { ...(rowsOf(foreign).find(({ chain }) => chain === 'account:3') as Row), seq: 1 };
    const hashed = await after((dir) => storeOnly(dir, [...rows, onTop]), { signatures: false });
    expect(hashed.firstBad).toMatchObject({ verdict: 'LINK_BROKEN', entity: 'account:3', position: rows.length });
  });
});

describe('files of the log', () => {
  it('are checked byte by byte', async () => {
    const dir = copyOf(original);
    for (const [path, step] of [
      [`tile/0/000.p/${rows.length}`, 5],
      [`tile/entries/000.p/${rows.length}`, 97],
    ] as const) {
      const file = join(dir, 'log', path);
      const sound = readFileSync(file);
      for (let i = 0; i < sound.length; i += step) {
        writeFileSync(file, flipped(sound, i));
        const report = await verify(dir, { signatures: false });
        expect(['CONTENT_MISMATCH', 'UNREADABLE'], `${path}, byte ${i}`).toContain(report.verdict);
        expect(report.firstBad?.position).toBeLessThan(rows.length);
      }
      rmSync(file);
      const gone = await verify(dir, { signatures: false });
      expect(gone.firstBad).toMatchObject({ verdict: 'UNREADABLE', path });
      writeFileSync(file, sound);
    }
    expect((await verify(dir)).verdict).toBe('OK');
  });

  it('have a checkpoint of which every signed byte counts', async () => {
    const dir = copyOf(original);
    const path = join(dir, 'log', 'checkpoint');
    const sound = readFileSync(path);
    const rootLineEnds = sound.indexOf('\n', sound.indexOf('\n\n') + 2);
    for (let i = 0; i < sound.length; i += 1) {
      writeFileSync(path, flipped(sound, i));
      const { verdict, against } = await verify(dir, { signatures: false });
      if (i <= rootLineEnds) expect(['UNREADABLE', 'SIGNATURE_INVALID', 'KEY_UNKNOWN'], `byte ${i}`).toContain(verdict);
      // A witness's line can be spoilt so that it counts for nothing, but never so that it counts.
      else if (verdict === 'OK')
        expect(
          against?.some(({ kind }) => kind === 'cosignature'),
          `byte ${i}`,
        ).toBe(false);
    }
  });

  it.each([
    ['rolled back to an earlier one', 'ROLLED_BACK', (path: string) => overwrite(path, early)],
    ['withheld', 'ROLLED_BACK', (path: string) => rmSync(path)],
    ['replaced by rubbish', 'UNREADABLE', (path: string) => overwrite(path, 'log.example\n7\n')],
    [
      'that of another branch signed by the same key',
      'FORK',
      (path: string) => overwrite(path, readFileSync(join(forked, 'log', 'checkpoint'))),
    ],
  ])('have a checkpoint %s: %s', async (_, verdict, change) => {
    const report = await after((dir) => change(join(dir, 'log', 'checkpoint')));
    expect(report.verdict).toBe(verdict);
  });

  it('have a checkpoint signed by a key that nobody knows', async () => {
    const foreign = newDir();
    await withEngine(foreign, (engine) => round(engine, '9.00'));
    const report = await after((dir) =>
      overwrite(join(dir, 'log', 'checkpoint'), readFileSync(join(foreign, 'log', 'checkpoint'))),
    );
    expect(report.firstBad).toMatchObject({ verdict: 'KEY_UNKNOWN', path: 'checkpoint' });
  });
});

describe('anchors and witness', () => {
  it.each([
    ['rubbish', 'UNREADABLE', () => Buffer.from('nothing')],
    ['an older checkpoint', 'CONTENT_MISMATCH', () => early],
    ['a changed one', 'SIGNATURE_INVALID', () => changedRoot(anchorPath(original, newest()))],
  ])('name an anchor shadowed by %s: %s', async (_, verdict, bytes) => {
    const report = await after((dir) => overwrite(anchorPath(dir, newest()), bytes()));
    expect(report.firstBad).toMatchObject({ verdict, path: `ckpt/${String(newest()).padStart(20, '0')}` });
  });

  it('say FORK for an anchor of the same size from another branch', async () => {
    const size = Math.max(
      ...sizes.filter((one) => existsSync(anchorPath(forked, one)) && one > rowsOf(earlier).length),
    );
    expect(size).toBeGreaterThan(0);
    const report = await after((dir) => overwrite(anchorPath(dir, size), readFileSync(anchorPath(forked, size))));
    expect(report.firstBad).toMatchObject({ verdict: 'FORK', path: `ckpt/${String(size).padStart(20, '0')}` });
  });

  it('say that the newest checkpoint has no anchor, once it should have one', async () => {
    const remove = (dir: string): void => rmSync(anchorPath(dir, newest()), { force: true });
    expect((await after(remove, { now: checked<EpochMs>(LATER - 3_600_000) })).verdict).toBe('OK');
    expect((await after(remove, { now: checked<EpochMs>(LATER) })).verdict).toBe('NOT_YET_ANCHORED');
    expect((await after(remove, { requireAnchored: true })).verdict).toBe('NOT_YET_ANCHORED');
    const all = await after((dir) => rmSync(join(dir, 'anchors'), { recursive: true }), {
      now: checked<EpochMs>(LATER),
    });
    expect(all.verdict).toBe('NOT_YET_ANCHORED');
  });

  it('find the branch that was swapped in, with its log, by the same root key', async () => {
    const dir = copyOf(forked);
    for (const size of sizes) overwrite(anchorPath(dir, size), readFileSync(anchorPath(original, size)));
    expect((await verify(dir)).verdict).toBe('FORK');
  });

  it('know when the witness has seen more, or something else', async () => {
    const memory = readdirSync(join(original, 'witness')).find((name) => name.endsWith('.json')) ?? '';
    const path = (dir: string): string => join(dir, 'witness', memory);
    const remembered = JSON.parse(textIn(path(original))) as { size: number; root: string };
    const put = (dir: string, value: unknown): void => overwrite(path(dir), JSON.stringify(value));
    const more = await after((dir) => put(dir, { ...remembered, size: remembered.size + 2 }));
    expect(more.firstBad).toMatchObject({ verdict: 'ROLLED_BACK', position: rows.length });
    const other = await after((dir) => put(dir, { ...remembered, root: Buffer.alloc(32).toString('base64') }));
    expect(other.verdict).toBe('FORK');
    expect((await after((dir) => put(dir, [1]))).verdict).toBe('UNREADABLE');
  });

  it('tell a log that is not kept up, when asked to', async () => {
    expect((await verify(original, { maxAgeMinutes: 5 })).verdict).toBe('OK');
    expect((await verify(original, { maxAgeMinutes: 5, now: checked<EpochMs>(LATER) })).verdict).toBe('STALE');
  });
});

describe('a remembered checkpoint', () => {
  const since = (dir: string, remembered: Uint8Array = early): Promise<VerificationReport> =>
    verify(dir, { scope: { mode: 'since' }, remembered });

  it('is where the log goes on', async () => {
    expect(await since(original)).toMatchObject({ verdict: 'OK', entries: rows.length });
    expect((await since(original)).against?.map(({ kind }) => kind)).toContain('remembered');
    expect((await since(forked)).verdict).toBe('OK');
  });

  it('finds a history that was replaced with all that was signed of it, by who has every key', async () => {
    const remembered = readFileSync(join(original, 'log', 'checkpoint'));
    expect((await verify(forked)).verdict).toBe('OK');
    expect((await since(forked, remembered)).verdict).toBe('FORK');
    expect((await since(earlier, remembered)).verdict).toBe('ROLLED_BACK');
  });

  it('counts only when the root key signed it', async () => {
    const report = await since(original, flipped(early, Buffer.from(early).indexOf('\n') + 1));
    expect(report.verdict).toBe('SIGNATURE_INVALID');
  });
});

describe('documents', () => {
  it('are checked byte by byte', async () => {
    const dir = copyOf(original);
    const key = ['main#document', 'account:1'] as const;
    const value = withDb(dir, (db) =>
      String(db.prepare('SELECT value FROM items WHERE pk = ? AND sk = ?').get(...key)?.['value']),
    );
    for (let i = 0; i < value.length; i += 2) {
      const changed = Buffer.from(flipped(Buffer.from(value), i)).toString('utf8');
      withDb(dir, (db) => db.prepare('UPDATE items SET value = ? WHERE pk = ? AND sk = ?').run(changed, ...key));
      for (const scope of [{ mode: 'full' }, { mode: 'state' }] as const) {
        const report = await verify(dir, { signatures: false, scope });
        expect(['DRIFT', 'UNREADABLE'], `${scope.mode}, byte ${i} of ${value}`).toContain(report.verdict);
        expect(report.firstBad?.entity).toBe('account:1');
      }
    }
    withDb(dir, (db) => db.prepare('DELETE FROM items WHERE pk = ? AND sk = ?').run(...key));
    expect((await verify(dir)).firstBad).toMatchObject({ verdict: 'DRIFT', entity: 'account:1' });
  });
});

function changedRoot(path: string): Uint8Array {
  const note = readFileSync(path);
  return flipped(note, note.indexOf('\n') + 1);
}

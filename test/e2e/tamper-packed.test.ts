/** Attacks on a ledger whose first bundle is full, and so lies packed: it is the witness that a plain one is. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync, gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportDataDir, verifyDataDir, verifyExport, type Engine } from '../../adapters/embedded/index.ts';
import { packBundle } from '../../adapters/embedded/log/packed-bundle.ts';
import { logFiles } from '../../clients/cli/connection/log-files.ts';
import { fsckLog, type Finding, type VerificationReport } from '../../core/ledger/index.ts';
import { must } from '../../core/errors/index.ts';
import {
  copyOf,
  flipped,
  newDir,
  overwrite,
  removeDirs,
  rowsOf,
  storeOnly,
  withEngine,
  type Row,
} from './tamper-fixture.ts';

const PATH = 'tile/entries/000';
/** Of them 256 are in the full bundle; each entity has its entries one after the other. */
const EVENTS = 280;
const EVENTS_AN_ENTITY = 4;

const original = newDir();
let rows: Row[] = [];

beforeAll(async () => {
  await withEngine(original, async (engine) => {
    await publish(engine, EVENTS);
    await engine.log.loop.flush();
  });
  rows = rowsOf(original);
});
afterAll(removeDirs);

async function publish(engine: Engine, count: number): Promise<void> {
  const feed = must(engine.system.policy.principal('bank-feed'), 'the principal');
  for (let i = 0; i < count; i += EVENTS_AN_ENTITY) {
    const entityId = `account:${i / EVENTS_AN_ENTITY}`;
    const event = { topic: 'transactions.new', entityId, payload: { amount: '1.00', kind: 'credit' } };
    await engine.system.publish(feed, new Array<typeof event>(EVENTS_AN_ENTITY).fill(event));
  }
}

const plain = (dir: string): string => join(dir, 'log', PATH);
const packed = (dir: string): string => `${plain(dir)}.gz`;
const bundle = (): Buffer => gunzipSync(readFileSync(packed(original)));

async function after(change: (dir: string) => void, options = {}): Promise<VerificationReport> {
  const dir = copyOf(original);
  change(dir);
  return verifyDataDir(dir, options);
}

const vkey = (): string => readFileSync(join(original, 'root.vkey'), 'utf8').trim();
const fsck = (dir: string) => fsckLog({ read: logFiles(join(dir, 'log')), verifierKeys: [vkey()] });

describe('a ledger with a packed bundle', () => {
  it('is sound, and so are its log and its export, which is plain', async () => {
    expect([existsSync(packed(original)), existsSync(plain(original))]).toEqual([true, false]);
    expect(readFileSync(packed(original)).length).toBeLessThan(bundle().length / 3);
    expect(await verifyDataDir(original)).toMatchObject({ verdict: 'OK', entries: rows.length });
    expect(await verifyDataDir(original, { scope: { mode: 'entity', entity: 'account:1' } })).toMatchObject({
      verdict: 'OK',
    });
    expect(await fsck(original)).toMatchObject({ verdict: 'OK', entries: rows.length });
    const out = join(newDir(), 'export');
    await exportDataDir({ dataDir: original, out });
    expect(readFileSync(join(out, 'log', PATH)).equals(bundle())).toBe(true);
    expect(existsSync(join(out, 'log', `${PATH}.gz`))).toBe(false);
    expect((await verifyExport(out, { verifierKeys: [vkey()] })).verdict).toBe('OK');
  });

  it('is sound where an older engine left the bundle plain, and an engine goes on with it', async () => {
    const dir = copyOf(original);
    overwrite(plain(dir), bundle());
    rmSync(packed(dir));
    expect((await verifyDataDir(dir)).verdict).toBe('OK');
    expect((await fsck(dir)).verdict).toBe('OK');
    await withEngine(dir, async (engine) => {
      await publish(engine, EVENTS);
      await engine.log.loop.flush();
    });
    expect([existsSync(plain(dir)), existsSync(packed(dir))]).toEqual([true, false]);
    expect(existsSync(join(dir, 'log', 'tile/entries/001.gz'))).toBe(true);
    expect((await verifyDataDir(dir)).verdict).toBe('OK');
  });
});

describe('entries removed together with every record of them in the store', () => {
  const gone = (): Row =>
    must(
      rows.findLast(({ chain }) => chain === 'account:7'),
      'the last of the chain',
    );
  const without = (dir: string): void =>
    storeOnly(
      dir,
      rows.filter(({ position }) => position !== gone().position),
    );
  const named = (): Partial<Finding> => ({ verdict: 'MISSING_ENTRY', entity: 'account:7', seq: gone().seq });

  it('are named out of the packed bundle', async () => {
    expect(gone().position).toBeLessThan(255);
    expect((await after(without)).firstBad).toMatchObject(named());
    expect((await after(without, { signatures: false })).firstBad).toMatchObject(named());
  });

  it('are missed by the verification of their entity', async () => {
    const scope = { mode: 'entity', entity: 'account:7' };
    expect((await after(without, { scope })).firstBad).toMatchObject(named());
  });
});

describe('the file', () => {
  const flip = (path: string, at: number): void => writeFileSync(path, flipped(readFileSync(path), at));

  it.each<[string, (dir: string) => void]>([
    ['a byte of its header', (dir) => flip(packed(dir), 4)],
    ['a byte of its stream', (dir) => flip(packed(dir), 4_000)],
    ['its checksum', (dir) => flip(packed(dir), readFileSync(packed(dir)).length - 8)],
    ['its end', (dir) => truncateSync(packed(dir), 5_000)],
    ['everything', (dir) => truncateSync(packed(dir), 0)],
    ['what is behind it', (dir) => appendFileSync(packed(dir), 'x')],
    ['its form, as another program packs', (dir) => writeFileSync(packed(dir), gzipSync(bundle(), { level: 9 }))],
    ['all of it, to a bomb', (dir) => writeFileSync(packed(dir), deflateRawSync(Buffer.alloc(50_000_000)))],
    [
      'its kind',
      (dir) => {
        rmSync(packed(dir));
        mkdirSync(packed(dir));
      },
    ],
    ['its being there', (dir) => rmSync(packed(dir))],
    ['what stands before it, a plain one', (dir) => writeFileSync(plain(dir), bundle().subarray(0, -1))],
  ])('is not what was published when somebody changed %s', async (_, change) => {
    const { firstBad } = await after(change);
    expect(firstBad?.path).toBe(PATH);
    expect(['CONTENT_MISMATCH', 'UNREADABLE']).toContain(firstBad?.verdict);
    const dir = copyOf(original);
    change(dir);
    expect((await fsck(dir)).verdict).not.toBe('OK');
  });

  it('is told the entry of, where its content was changed and packed again', async () => {
    const bytes = bundle();
    const at = bytes.indexOf('"entity":"account:9"');
    bytes.write('8', at + '"entity":"account:'.length);
    const file = await packBundle(bytes);
    const { firstBad } = await after((dir) => writeFileSync(packed(dir), file));
    expect(firstBad).toMatchObject({ verdict: 'CONTENT_MISMATCH', entity: 'account:9', seq: 0, path: PATH });
  });
});

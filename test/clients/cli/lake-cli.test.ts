/** `nervous lake` on the ledger of a real engine: exported from the folder and from an export of it, verified, changed, asked. */
import { spawnSync } from 'node:child_process';
import { appendFileSync, globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { exportDataDir } from '../../../adapters/embedded/index.ts';
import { changeDocument, round, withEngine } from '../../e2e/tamper-fixture.ts';

const CLI = join(import.meta.dirname, '../../../clients/cli/nervous.mjs');
const dir = mkdtempSync(join(tmpdir(), 'nervous-lake-cli-'));
const [data, lake, vkey] = [join(dir, 'data'), join(dir, 'lake'), join(dir, 'data', 'root.vkey')];
beforeAll(async () => {
  await withEngine(data, async (engine) => {
    await round(engine, '12.50');
    await changeDocument(engine, 'account:1', '100.00');
    await engine.log.loop.flush();
  });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function nervous(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], { encoding: 'utf8' });
  return { code: status, out: stdout, err: stderr };
}

it('exports a data folder once, verifies it, and names what was changed', () => {
  const first = nervous('lake', 'export', '--data', data, '--out', lake);
  expect(first.out).toMatch(/log indices 0 to \d+, \d+ files, \d+ bytes/);
  expect(nervous('lake', 'export', '--data', data, '--out', lake).out).toMatch(
    /nothing new was published; it has \d+ entries/,
  );
  const verdict = nervous('lake', 'verify', lake, '--vkey', vkey);
  expect(verdict.out).toMatch(/^OK: (\d+) entries, \1 of them in the log that was signed\n {2}checked: /);
  expect(verdict.code).toBe(0);
  const more = join(lake, 'api_activity', 'more.parquet');
  writeFileSync(more, '');
  const added = nervous('lake', 'verify', lake, '--vkey', vkey, '--json');
  expect(JSON.parse(added.out)).toMatchObject({
    verdict: 'CONTENT_MISMATCH',
    firstBad: { path: 'api_activity/more.parquet' },
  });
  expect(added.code).toBe(10);
  rmSync(more);
});

it('an export of the ledger makes the same files', async () => {
  const [exported, other] = [join(dir, 'export'), join(dir, 'other')];
  await exportDataDir({ dataDir: data, out: exported });
  expect(nervous('lake', 'export', '--export', exported, '--out', other).code).toBe(0);
  const names = (of: string): string[] => globSync('*/*/*/*/*.parquet', { cwd: of }).sort();
  expect(names(other)).toEqual(names(lake));
  expect(nervous('lake', 'verify', other, '--vkey', vkey).code).toBe(0);
  const [file = ''] = names(other);
  rmSync(join(other, file));
  expect(nervous('lake', 'verify', other, '--vkey', vkey).out).toContain(`first bad: ${file}, log index`);
});

it('a process that died left a file without a name of the lake, which is none of it', () => {
  appendFileSync(join(lake, 'manifests', '.123-4.new'), 'half');
  expect(nervous('lake', 'verify', lake, '--vkey', vkey).code).toBe(0);
});

it('asks: lists questions, prints one with its tables, and says what is not there', () => {
  expect(nervous('lake', 'ask').out).toMatch(
    /^overrides-without-review {2}emergency approvals that nobody reviewed yet$/m,
  );
  const { out } = nervous('lake', 'ask', 'votes', '--lake', lake);
  expect(out).toContain(`CREATE VIEW api_activity AS SELECT * FROM read_parquet('${lake}/api_activity/**/*.parquet'`);
  expect(out).toMatch(/FROM api_activity WHERE metadata\.event_code = 'change\.voted' ORDER BY position;$/m);
  expect(nervous('lake', 'ask', 'nonsense').err).toMatch(/there is no question "nonsense"/);
  expect(nervous('lake', 'ask', 'votes', '--lake', dir).err).toMatch(/has no tables/);
  expect(nervous('lake', 'ask', 'votes', '--run').err).toMatch(/name it with --lake/);
  expect(nervous('lake', 'export', '--out', lake).err).toMatch(/name what to read/);
  expect(nervous('lake', 'verify', dir, '--vkey', vkey).err).toMatch(/there is no lake\.json/);
});

/** The Berka examples as a user runs them; totals are computed here independently. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, expect, it } from 'vitest';
import { startEngine } from '../../adapters/embedded/index.ts';
import { config } from '../../nervous.config.ts';

const SAMPLES = join(import.meta.dirname, '../samples/berka');
const dir = mkdtempSync(join(tmpdir(), 'nervous-berka-test-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const run = (script: string, ...args: string[]) =>
  spawnSync(process.execPath, [`examples/berka/${script}`, ...args], { encoding: 'utf8' });
const lastLine = (text: string): unknown => JSON.parse(text.trim().split('\n').at(-1) ?? '');

it('sums a small file exactly', () => {
  const { status, stdout } = run('replay.ts', 'test/e2e/fixtures/trans.csv', '--json');
  expect(status).toBe(0);
  const total = { signedTotal: '905.00', verified: 'OK' }; // 1000.10 + 5.05 - 0.20 - 99.95
  expect(lastLine(stdout)).toMatchObject({ events: 4, entities: 2, delivered: 4, ...total });
});

it('replays onto a running engine, as many rows as asked for', async () => {
  const engine = await startEngine({ config, dataDir: join(dir, 'engine') });
  try {
    const args = ['test/e2e/fixtures/trans.csv', '--json', '--limit', '2', '--url', engine.url];
    // Not spawnSync: the engine lives in this process.
    const child = spawn(process.execPath, [
      'examples/berka/replay.ts',
      ...args,
      '--token',
      JSON.stringify(engine.tokens),
    ]);
    const stdout = await text(child.stdout);
    const total = { signedTotal: '1005.15', verified: 'OK' }; // 1000.10 + 5.05
    expect(lastLine(stdout)).toMatchObject({ events: 2, delivered: 2, ...total });
  } finally {
    await engine.close();
  }
});

it.each([
  [['--url', 'http://127.0.0.1:1'], 1, '--url needs --token'],
  [['--url', 'http://127.0.0.1:1', '--token', '{}'], 1, 'cannot reach http://127.0.0.1:1'],
  [['--url', 'http://127.0.0.1:1', '--token', 'secret'], 1, '--token must be a JSON object such as'],
  [['--limit', 'all'], 2, '--limit is "all", expected a positive number of rows'],
])('explains %j', (args, exitCode, sentence) => {
  const { status, stderr } = run('replay.ts', 'test/e2e/fixtures/trans.csv', ...args);
  expect({ status, lines: stderr.trim().split('\n').length }).toEqual({ status: exitCode, lines: 1 });
  expect(stderr).toContain(sentence);
});

it('names the line of a malformed row', () => {
  const path = join(dir, 'bad.csv');
  writeFileSync(path, readFileSync('test/e2e/fixtures/trans.csv', 'utf8').replace('0.20', '0,20'));
  const { status, stderr } = run('replay.ts', path, '--json');
  expect(status).toBe(1);
  expect(stderr).toContain('line 4: amount is "0,20"');
});

it('sums real rows exactly', () => {
  const path = join(SAMPLES, 'trans.csv');
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  const rows = lines.slice(1).map((line) => line.split(';'));
  const cents = rows.reduce((sum, row) => sum + Math.round(Number(row[5]) * 100) * (row[3] === '"PRIJEM"' ? 1 : -1), 0);
  const { stdout } = run('replay.ts', path, '--json');
  const entities = new Set(rows.map((row) => row[1])).size;
  const signedTotal = (cents / 100).toFixed(2);
  expect(lastLine(stdout)).toMatchObject({ events: 2000, entities, delivered: 2000, signedTotal, verified: 'OK' });
});

it('carries out loans that people approved', () => {
  const { status, stdout } = run('loans.ts', join(SAMPLES, 'loan.csv'), '--limit', '20');
  expect(status).toBe(0);
  expect(stdout).toMatch(/L2 executed: \d+/);
  expect(stdout).toContain('ledger verified: OK');
});

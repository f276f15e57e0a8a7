import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openForWriting } from '../../../../adapters/embedded/store/sqlite-schema.ts';
import { SqliteStore } from '../../../../adapters/embedded/store/sqlite-store.ts';
import { IDENTITY } from '../../../contract/stores.ts';
import { soundLog } from '../../../core/ledger/ledger-fixture.ts';

const CHILD = fileURLToPath(new URL('./sqlite-crash-child.ts', import.meta.url));
const ROUNDS = 4;

it('keeps every acknowledged entry, once, through kill -9 at random moments', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nervous-crash-'));
  const acknowledged: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    acknowledged.push(...(await appendUntilKilled(folder, round)));
    const store = new SqliteStore(openForWriting(folder, IDENTITY));
    const log = await soundLog(store);
    store.close();
    const recorded = log.map(({ idem, position, hash }) => `${idem} ${position} ${Buffer.from(hash).toString('hex')}`);
    expect(new Set(log.map(({ idem }) => idem)).size).toBe(log.length);
    expect(acknowledged.filter((line) => recorded[Number(line.split(' ')[1])] !== line)).toEqual([]);
  }
  rmSync(folder, { recursive: true });
});

/** @returns the lines that were said completely before the process died */
async function appendUntilKilled(folder: string, round: number): Promise<string[]> {
  const child = spawn(process.execPath, ['--no-warnings', CHILD, folder, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lethal = 1 + Math.floor(Math.random() * 40_000);
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (said.length >= lethal) child.kill('SIGKILL');
  });
  const [, signal] = (await once(child, 'close')) as [number | null, string | null];
  expect(signal).toBe('SIGKILL');
  return said.split('\n').slice(0, -1);
}

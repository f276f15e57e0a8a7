/**
 * No false alarm: random honest ledgers (honest-life.ts) are OK to both verifiers, and so is every tenth as an export.
 * `VERIFIER_HONEST` says how many (2,000 take a quarter of an hour), `VERIFIER_SEED` the first seed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { exportDataDir } from '../../adapters/embedded/index.ts';
import { liveHonestly } from './honest-life.ts';
import { TwoVerifiers } from './two-verifiers.ts';

vi.unmock('../../adapters/embedded/index.ts');

const COUNT = Number(process.env['VERIFIER_HONEST'] ?? 100);
const FIRST_SEED = Number(process.env['VERIFIER_SEED'] ?? 1);
const EXPORT_EVERY = 10;
const MS_PER_LEDGER = 5_000;

const place = mkdtempSync(join(tmpdir(), 'nervous-honest-'));
let both: TwoVerifiers;

beforeAll(async () => {
  both = await TwoVerifiers.start();
});

afterAll(() => {
  both.stop();
  rmSync(place, { recursive: true, force: true });
});

it(`two verifiers find ${COUNT} honest ledgers OK`, { timeout: 300_000 + COUNT * MS_PER_LEDGER }, async () => {
  const alarms: string[] = [];
  let entries = 0;
  for (let seed = FIRST_SEED; seed < FIRST_SEED + COUNT; seed += 1) {
    const dir = join(place, `seed-${seed}`);
    const life = await liveHonestly(seed, dir);
    entries += life.entries;
    const { verdict, different, detail } = await both.dataDir(dir, [life.vkey], life.now);
    if (verdict !== 'OK' || different !== undefined)
      alarms.push(`seed ${seed}: ${different ?? `${verdict} ${detail}`}`);
    if (seed % EXPORT_EVERY === 0 && life.entries > 0) {
      const out = join(place, `export-${seed}`);
      await exportDataDir({ dataDir: dir, out });
      const exported = await both.export(out, [life.vkey]);
      if (exported.verdict !== 'OK' || exported.different !== undefined)
        alarms.push(`seed ${seed}, exported: ${exported.different ?? `${exported.verdict} ${exported.detail}`}`);
      rmSync(out, { recursive: true, force: true });
    }
    if (process.env['VERIFIER_KEEP'] === undefined) rmSync(dir, { recursive: true, force: true });
  }
  console.info(`${COUNT} honest ledgers, ${entries} entries`);
  expect(alarms.slice(0, 20).join('\n'), `${alarms.length} false alarms`).toBe('');
});

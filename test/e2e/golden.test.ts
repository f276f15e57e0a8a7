/**
 * Ledgers that an earlier commit wrote (test/golden) still verify, entry for entry; a changed byte in them is named, and the engine
 * of today goes on with them. `npm run test:verifier` asks docs/verifier.py as well.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { EpochMs } from '../../core/brands/index.ts';
import { startEngine, verifyDataDir } from '../../adapters/embedded/index.ts';
import { parseVerifierKey } from '../../core/ledger/index.ts';
import { config } from '../support/plain-config.ts';
import { newDir, removeDirs, round, rowsOf, withDb, type Row } from './tamper-fixture.ts';
import { checked } from '../support/checked.ts';

const FOLDERS = join(import.meta.dirname, '..', 'golden');
const BEFORE_ROOMS = 'before-rooms';
interface Golden {
  readonly name: string;
  readonly size: number;
  readonly root: string;
  /** folder of test/golden */
  readonly of?: string;
}

/** What the commit that wrote them said of each: entries, and the root of the tree over them. */
const GOLDEN: readonly Golden[] = [
  { name: 'engine', size: 56, root: 'IpxYlrluwaekTMtBUoHm35RP8Nfe+06qiybxmDHLFdU=' },
  { name: 'confidential', size: 18, root: '5XGkTRhAjdWfZUeVOAfor2lS5YHEGAjMoNR2bs/A4OM=' },
  { name: 'life-9', size: 66, root: 'PYmajvLP0VBbM8uQXw4xBM6ym2++lTT1OvT0yz9ZkmE=' },
  { name: 'life-10', size: 78, root: 'iFMTvPr8s3orEFvCXAUg58dwQrPbqrHeUZb8EvGgbJQ=' },
  { name: 'life-18', size: 65, root: 'i1G0r9ZL2wr0xEpZ5j3CZ6u6+BR7b5DK4QxWwYS40uM=' },
  { name: 'life-20', size: 45, root: 'BDviI+MHnwTrehuUlSL/WWcoTqWw5e0fF+7ine/uqJU=' },
  { name: 'everything', size: 164, root: '6H299xvxYpELkobbQ3Rg3HvDJ4056umdOhl+lDFHkis=', of: 'a3e27e8' },
];
/** After all of them were written: the clocks of the lives ran ahead. */
const NOW = Date.parse('2026-12-24T00:00:00Z');
/** Of this many entries one is changed, to end in seconds. */
const EVERY = 7;

afterAll(removeDirs);

describe.each(GOLDEN)('the golden ledger "$name"', ({ name, size, root, of }) => {
  it('is OK, with the entries and the root that its writer said', async () => {
    const dir = unpacked(name, of);
    const { verdict, entries, against } = await verifyDataDir(dir, { root: rootOf(dir), now: checked<EpochMs>(NOW) });
    expect({ verdict, entries }).toEqual({ verdict: 'OK', entries: size });
    expect(against).toContainEqual(expect.objectContaining({ kind: 'published', size, root }));
  });

  it('is not OK when one byte of an entry is changed, and the entry is named', async () => {
    const dir = unpacked(name, of);
    for (const row of rowsOf(dir).filter(({ position }) => position % EVERY === 0)) {
      write(dir, { ...row, note: changed(row.note) });
      const { verdict, firstBad } = await verifyDataDir(dir, { root: rootOf(dir), now: checked<EpochMs>(NOW) });
      expect(verdict, `entry ${row.position}`).not.toBe('OK');
      // Whoever breaks the link between two root keys makes everything doubtful that the other one signed, from its first entry on.
      const named = row.chain === 'keys/root' ? { verdict: 'SIGNATURE_INVALID' } : { entity: row.chain, seq: row.seq };
      expect(firstBad, `entry ${row.position}`).toMatchObject(named);
      write(dir, row);
    }
  });
});

it.each(['engine', 'confidential'])('the engine of today goes on with the golden ledger "%s"', async (name) => {
  const dir = unpacked(name);
  const before = rowsOf(dir);
  const engine = await startEngine({ config, dataDir: dir, http: false, checkpointMs: 3_600_000 });
  try {
    await round(engine, '5.00');
  } finally {
    await engine.close();
  }
  const after = rowsOf(dir);
  expect(after.slice(0, before.length)).toEqual(before);
  expect(after.length).toBeGreaterThanOrEqual(before.length + 3);
  expect(await verifyDataDir(dir, { root: rootOf(dir) })).toMatchObject({ verdict: 'OK', entries: after.length });
});

function unpacked(name: string, of = BEFORE_ROOMS): string {
  const dir = newDir();
  execFileSync('tar', ['-xzf', join(FOLDERS, of, `${name}.tgz`), '-C', dir, '--strip-components=1']);
  return dir;
}

function rootOf(dir: string): { readonly name: string; readonly publicKey: Uint8Array } {
  const key = parseVerifierKey(readFileSync(join(dir, 'root.vkey'), 'utf8').trim());
  if (key === undefined) throw new Error('root.vkey holds no verifier key');
  return key;
}

function changed(note: Uint8Array): Uint8Array {
  const bytes = Buffer.from(note);
  const at = bytes.length >> 1;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
}

function write(dir: string, { position, note }: Row): void {
  withDb(dir, (db) => db.prepare('UPDATE entries SET note = ? WHERE position = ?').run(note, position));
}

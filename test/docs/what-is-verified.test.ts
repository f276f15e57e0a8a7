/** What is verified: the page shows the code's list, and reports of real verifications say what the list says, no more and no less. */
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportDataDir, startEngine, verifyDataDir, verifyExport } from '../../adapters/embedded/index.ts';
import { createClient } from '../../clients/sdk/index.ts';
import {
  MODES,
  parseVerifierKey,
  VERDICTS,
  verifyProof,
  WHAT_IS_VERIFIED,
  type Mode,
  type VerificationReport,
} from '../../core/ledger/index.ts';
import { config } from '../../nervous.config.ts';
import { REPOSITORY } from './pages.ts';

const ENTITY = 'account:1';
const MODE_NAMES = Object.keys(MODES) as Mode[];
const folder = mkdtempSync(join(tmpdir(), 'nervous-verified-'));
afterAll(() => rmSync(folder, { recursive: true }));

let reports: Readonly<Record<Mode, VerificationReport>>;
beforeAll(async () => {
  const [dataDir, out] = [join(folder, 'data'), join(folder, 'export')];
  const engine = await startEngine({ config, dataDir, checkpointMs: 3_600_000 });
  const as = (name: string) => createClient({ url: engine.url, token: engine.tokens[name] ?? '' });
  const publish = (id: string) =>
    as('bank-feed').publish({
      ...{ topic: 'transactions.new', eventId: id, entityId: ENTITY, payload: { amount: '1.00', kind: 'credit' } },
    });
  await publish('one');
  await engine.log.loop.flush();
  const remembered = Buffer.from(await as('eva').checkpoint());
  await publish('two');
  await engine.log.loop.flush();
  const proof = await as('eva').proof(ENTITY, 0);
  await engine.close();
  const vkey = readFileSync(join(dataDir, 'root.vkey'), 'utf8');
  const root = parseVerifierKey(vkey);
  if (root === undefined) throw new Error('the folder has no root key');
  await exportDataDir({ dataDir, out });
  reports = {
    full: await verifyDataDir(dataDir),
    since: await verifyDataDir(dataDir, { scope: { mode: 'since' }, remembered }),
    range: await verifyDataDir(dataDir, { scope: { mode: 'range', from: 0, to: 2 } }),
    entity: await verifyDataDir(dataDir, { entity: ENTITY }),
    state: await verifyDataDir(dataDir, { scope: { mode: 'state' } }),
    export: await verifyExport(out, { verifierKeys: [vkey] }),
    proof: verifyProof(proof, root),
  };
});

/** `#` stands for what differs from report to report. */
function isSaid(words: string, by: readonly string[]): boolean {
  const pattern = words.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('#', '.+');
  return by.some((said) => new RegExp(`^${pattern}$`).test(said));
}

describe('what is verified', () => {
  it('is the table of the page', () => {
    const [, section = ''] = readFileSync(join(REPOSITORY, 'docs/auditing.md'), 'utf8').split('## What is verified\n');
    const rows = [...section.matchAll(/^\| (?!check |-)(.+) \|$/gm)].map(([, row = '']) => row.split(/ *\| */));
    const wanted = WHAT_IS_VERIFIED.map(({ what, says, finds }) => [
      ...[what, ...MODE_NAMES.map((mode) => (says[mode] === undefined ? '' : '✓'))],
      finds.map((verdict) => `\`${verdict}\``).join(', '),
    ]);
    expect(rows.slice(0, wanted.length)).toEqual(wanted);
    expect(section).toContain(`| check | ${MODE_NAMES.join(' | ')} | finds |`);
  });

  it('finds every verdict there is', () => {
    const found = new Set(WHAT_IS_VERIFIED.flatMap(({ finds }) => finds));
    expect(VERDICTS.filter((verdict) => !found.has(verdict))).toEqual(['OK', 'NOT_FOUND']);
  });

  it.each(MODE_NAMES)('says in a report of %s nothing but what is in the list', (mode) => {
    const { verdict, checked } = reports[mode];
    const words = WHAT_IS_VERIFIED.flatMap(({ says }) => says[mode] ?? []);
    expect(verdict).toBe('OK');
    const unlisted = checked.filter((said) => !words.some((one) => isSaid(one, [said])));
    expect(unlisted.filter((said) => !/^log indices \d+ to \d+$/.test(said))).toEqual([]);
  });

  it.each(MODE_NAMES)('makes every check that the list has for %s, or says that it did not', (mode) => {
    const { checked, notChecked } = reports[mode];
    const onAws = (what: string): boolean => what.endsWith('(AWS)');
    const silent = WHAT_IS_VERIFIED.filter(({ what, says, leftOut }) => {
      const words = says[mode];
      if (words === undefined || onAws(what) || isSaid(words, checked)) return false;
      return leftOut === undefined || !notChecked.includes(leftOut);
    });
    expect(silent).toEqual([]);
  });

  it.each(['since', 'range'] as const)('says of %s that it does not replay decisions', (mode) => {
    const replayed = WHAT_IS_VERIFIED.find(({ what }) => what.startsWith('who was entitled'));
    expect(replayed?.says[mode]).toBeUndefined();
    expect(reports[mode].notChecked).toContain(replayed?.leftOut);
  });

  it('is said in words of one place', () => {
    const shells = globSync('{core,adapters,clients,lambdas,testing}/**/*.ts', { cwd: REPOSITORY });
    const own = shells.filter((file) => {
      const text = readFileSync(join(REPOSITORY, file), 'utf8');
      const lists = [...text.matchAll(/\b(?:checked|notChecked)(?::| =) \[([^\]]*)\]/g)].map(([, list = '']) => list);
      return lists.some((list) => /['"`]/.test(list));
    });
    // A lake is no ledger, and docs/lake.md says what is verified of one; a log alone is none either, nor is one in memory, that publishes none: what is said of them is their own.
    expect(own.sort()).toEqual(['core/lake/verify-lake.ts', 'core/ledger/log/fsck.ts', 'testing/verify-small.ts']);
  });
});

/**
 * Some hundreds of tamperings, each from a seed: files, rows, and ledgers signed anew by a thief with the root key. Both
 * verifiers must name the same verdict, entry, index and file. `VERIFIER_TAMPERINGS` says how many, `VERIFIER_SEED` the first.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { exportDataDir } from '../../adapters/embedded/index.ts';
import { rowsOf } from '../e2e/tamper-fixture.ts';
import { copyTo, exportForged, makeConfidentialLedger, makeLedger, storeForged } from './base-ledger.ts';
import { forge } from './forged-entries.ts';
import { Random } from './random.ts';
import { tamperWithFields, tamperWithFile, tamperWithRows } from './tampered-files.ts';
import { rememberNames, takeApart, Thief, type Draft, type Sealed } from './thief.ts';
import { TwoVerifiers } from './two-verifiers.ts';

vi.unmock('../../adapters/embedded/index.ts');

const COUNT = Number(process.env['VERIFIER_TAMPERINGS'] ?? 400);
const FIELD_COUNT = Math.ceil(COUNT / 4);
const PART_COUNT = Math.ceil(COUNT / 4);
const FIRST_SEED = Number(process.env['VERIFIER_SEED'] ?? 1);
const ORIGIN = 'nervous.example/dev/main';

const place = mkdtempSync(join(tmpdir(), 'nervous-verifier-'));
const [small, large, confidential, exported, largeExport] = [
  ...['small', 'large', 'confidential', 'exported', 'large-export'].map((name) => join(place, name)),
] as [string, string, string, string, string];
let both: TwoVerifiers;
let thief: Thief;
let fieldThief: Thief;
let vkeys: Record<'small' | 'large', string>;

beforeAll(async () => {
  both = await TwoVerifiers.start();
  await makeLedger(small, 12);
  await makeLedger(large, 280);
  await makeConfidentialLedger(confidential);
  await exportDataDir({ dataDir: small, out: exported, withSensitive: true });
  await exportDataDir({ dataDir: large, out: largeExport });
  thief = new Thief(ORIGIN, readFileSync(join(small, 'root.key'), 'utf8'));
  fieldThief = new Thief(ORIGIN, readFileSync(join(confidential, 'root.key'), 'utf8'));
  const vkeyOf = (dir: string): string => readFileSync(join(dir, 'root.vkey'), 'utf8').trim();
  vkeys = { small: vkeyOf(small), large: vkeyOf(large) };
});

afterAll(() => {
  both.stop();
  rmSync(place, { recursive: true, force: true });
});

describe('two verifiers', () => {
  it('find the honest ledgers sound', async () => {
    for (const folder of [small, large, confidential])
      expect(await both.compareDataDir(folder)).toMatchObject({ verdict: 'OK' });
    expect(await both.compareExport(exported, [vkeys.small])).toMatchObject({ verdict: 'OK' });
    expect(await both.compareExport(largeExport, [vkeys.large])).toMatchObject({ verdict: 'OK' });
  });

  it('find a ledger sound that the thief sealed anew without changing what it says', async () => {
    const copy = join(place, 'resealed');
    copyTo(small, copy);
    const drafts = takeApart(rowsOf(small), ORIGIN);
    const { forged } = sealedAnew(drafts);
    await storeForged(copy, forged, thief);
    expect(await both.compareDataDir(copy)).toMatchObject({ verdict: 'OK' });
    rmSync(copy, { recursive: true, force: true });
  });

  it('V3: name an assessment that somebody else than the system made', async () => {
    const copy = join(place, 'assessed');
    copyTo(small, copy);
    const drafts = takeApart(rowsOf(small), ORIGIN);
    const assessed = drafts.find(({ body }) => body['type'] === 'change.assessed') as Draft;
    rememberNames(drafts);
    assessed.body['actor'] = { kind: 'person', id: 'boris' };
    await storeForged(copy, sealedAnew(drafts).forged, thief);
    expect(await both.compareDataDir(copy)).toMatchObject({ verdict: 'UNAUTHORIZED_DECISION' });
    rmSync(copy, { recursive: true, force: true });
  });

  it(`name the same of ${COUNT} tamperings`, () => compareAll(COUNT, tampering));

  it(`V11: name the same of ${FIELD_COUNT} tamperings with confidential fields`, () =>
    compareAll(FIELD_COUNT, fieldTampering));

  it(`V11: name the same of ${PART_COUNT} tamperings, of one chain and of decisions and documents alone`, () =>
    compareAll(PART_COUNT, partTampering));
});

async function compareAll(count: number, tamper: (seed: number) => Promise<Outcome>): Promise<void> {
  const disagreements: string[] = [];
  const verdicts = new Map<string, number>();
  for (let seed = FIRST_SEED; seed < FIRST_SEED + count; seed += 1) {
    const { what, verdict, different } = await tamper(seed);
    verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
    if (different !== undefined) disagreements.push(`seed ${seed}: ${what}\n  ${different}`);
  }
  console.info(`${count} tamperings: ${[...verdicts].map(([name, n]) => `${name} ${n}`).join(', ')}`);
  expect(disagreements.slice(0, 20).join('\n'), `${disagreements.length} disagreements`).toBe('');
}

function sealedAnew(drafts: Parameters<Thief['seal']>[0]) {
  const random = new Random(0);
  const { drafts: all } = forge(random, drafts, thief, { changes: 0 });
  return { forged: thief.seal(all, { links: true }) };
}

interface Outcome {
  readonly what: string;
  readonly verdict: string;
  readonly different: string | undefined;
}

function haveOwnPlaces(sealed: readonly Sealed[]): boolean {
  return new Set(sealed.map(({ chain, seq }) => `${chain}#${seq}`)).size === sealed.length;
}

/** Items without their entries, and entries signed anew that say other things of them. */
async function fieldTampering(seed: number): Promise<Outcome> {
  const random = new Random(seed);
  const copy = join(place, `fields-${seed}`);
  try {
    copyTo(confidential, copy);
    const what: string[] = [];
    if (random.chance(0.4)) {
      const drafts = takeApart(rowsOf(confidential), ORIGIN);
      const { drafts: all, what: forged } = forge(random, drafts, fieldThief, { only: /^redacted$|^event$/ });
      const sealed = fieldThief.seal(all, { links: true });
      if (haveOwnPlaces(sealed)) {
        await storeForged(copy, sealed, fieldThief);
        what.push(forged);
      }
    }
    if (what.length === 0 || random.chance(0.4)) what.push(tamperWithFields(random, copy));
    return { what: what.join('; '), ...(await both.dataDir(copy)) };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Seeds take turns: forged entries, rows, files; and which chain is asked about. */
async function partTampering(seed: number): Promise<Outcome> {
  const random = new Random(seed);
  const copy = join(place, `part-${seed}`);
  try {
    copyTo(small, copy);
    const rows = rowsOf(small);
    const entity = rows[seed % rows.length]?.chain ?? '';
    const { drafts, links, what } = forge(random, takeApart(rows, ORIGIN), thief);
    const sealed = thief.seal(drafts, { links });
    if (seed % 3 === 0 && haveOwnPlaces(sealed)) {
      await storeForged(copy, sealed, thief);
      return { what, ...(await both.partsOf(copy, entity)) };
    }
    const tampered = seed % 3 === 1 ? tamperWithFile(random, copy) : tamperWithRows(random, copy);
    return { what: tampered, ...(await both.partsOf(copy, entity)) };
  } finally {
    if (process.env['VERIFIER_KEEP'] === undefined) rmSync(copy, { recursive: true, force: true });
  }
}

/** Seeds take turns: forged data folders and exports, rows, files. */
async function tampering(seed: number): Promise<Outcome> {
  const random = new Random(seed);
  const copy = join(place, `seed-${seed}`);
  try {
    switch (seed % 6) {
      case 0:
      case 1:
      case 2: {
        const { drafts, links, what } = forge(random, takeApart(rowsOf(small), ORIGIN), thief);
        const sealed = thief.seal(drafts, { links });
        // Two entries of one place cannot be in one table; in the bundles of an export they can.
        if (random.chance(0.7) && haveOwnPlaces(sealed)) {
          copyTo(small, copy);
          await storeForged(copy, sealed, thief);
          return { what, ...(await both.dataDir(copy)) };
        }
        copyTo(exported, copy);
        await exportForged(copy, sealed, thief);
        return { what: `export: ${what}`, ...(await both.export(copy, [vkeys.small])) };
      }
      case 3:
      case 4: {
        copyTo(random.chance(0.8) ? small : large, copy);
        return { what: tamperWithRows(random, copy), ...(await both.dataDir(copy)) };
      }
      default: {
        const isLarge = random.chance(0.4);
        if (random.chance(0.5)) {
          copyTo(isLarge ? large : small, copy);
          return { what: tamperWithFile(random, copy), ...(await both.dataDir(copy)) };
        }
        copyTo(isLarge ? largeExport : exported, copy);
        const vkey = isLarge ? vkeys.large : vkeys.small;
        return { what: `export: ${tamperWithFile(random, copy)}`, ...(await both.export(copy, [vkey])) };
      }
    }
  } finally {
    if (process.env['VERIFIER_KEEP'] === undefined) rmSync(copy, { recursive: true, force: true });
  }
}

/** The simulation of the pipeline on AWS: its givens are what is counted and published, the same seed gives the same figures, and a limit that breaks shows. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { must } from '../../core/errors/index.ts';
import { DESIGNS, type Design } from '../../bench/scale/designs.ts';
import { benchScale, ceilings, dollarsAMillion, loadOf, rowOf } from '../../bench/scale/index.ts';
import { COUNTED, LIMITS, PRICES } from '../../bench/scale/limits.ts';
import { simulate, type Run } from '../../bench/scale/pipeline.ts';

const [TODAY, , LEDGERS, LANES] = DESIGNS as readonly [Design, Design, Design, Design];
const costs = readFileSync('docs/costs.md', 'utf8');

/** Round trips and write units of an act, which test/aws/budgets.test.ts counts. */
function countedIn(act: string): { readonly roundTrips: number; readonly writeUnits: number } {
  const row = must(
    costs.split('\n').find((line) => line.startsWith(`| ${act} |`)),
    act,
  );
  const [roundTrips, , , writeUnits] = row.split('|').slice(2).map(Number);
  return { roundTrips: roundTrips ?? NaN, writeUnits: writeUnits ?? NaN };
}

it('takes what the calls of the real adapters were counted to be', () => {
  const { publishUnits, markUnits, publishRoundTrips, sequence, sequenceRoundTrips } = COUNTED;
  const writeUnits = publishUnits.entries + publishUnits.state + markUnits;
  expect(countedIn('publish 1, warm')).toEqual({ roundTrips: publishRoundTrips, writeUnits });
  expect(countedIn('sequence 1 entry of a known chain')).toEqual({
    roundTrips: sequenceRoundTrips,
    writeUnits: sequence.one,
  });
  expect(countedIn('sequence 99 entries of known chains')).toEqual({
    roundTrips: sequenceRoundTrips,
    writeUnits: sequence.batch,
  });
  for (const price of [PRICES.writeUnit, PRICES.readUnit, PRICES.gigabyteSecond])
    expect(costs).toContain(`| ${price} |`);
});

it('spends as many write units as were counted', () => {
  const quiet = simulate(TODAY, { ...loadOf(2), seconds: 600 });
  // Two events of one look at the stream share a record.
  expect(quiet.writeUnits / quiet.accepted).toBeGreaterThan(6.5);
  expect(quiet.writeUnits / quiet.accepted).toBeLessThanOrEqual(7);
  const [, dollars] = /\*\*together\*\* \| \*\*[\d.]+\*\* \| \*\*([\d.]+)\*\*/.exec(costs) ?? [];
  expect(dollarsAMillion(quiet) / Number(dollars)).toBeGreaterThan(0.9);
  expect(dollarsAMillion(quiet) / Number(dollars)).toBeLessThan(1.1);
});

it('gives the same figures for the same seed, and others for another', () => {
  const load = loadOf(1_000, 0.02);
  expect(rowOf(simulate(TODAY, load))).toEqual(rowOf(simulate(TODAY, load)));
  expect(rowOf(simulate(TODAY, { ...load, seed: 1 }))).not.toEqual(rowOf(simulate(TODAY, load)));
});

it('shows the limit that breaks: in front of it all is well, behind it something is refused, waits or falls behind', () => {
  const falls = (run: Run): number => rowOf(run).fallsBehind;
  const at = (design: Design, perSecond: number): Run =>
    simulate(design, { ...loadOf(perSecond), seconds: 8, events: 10 });
  const sequencers = must(
    ceilings(at(TODAY, 1_000)).find(({ name }) => name === 'sequencers'),
    'the sequencers',
  ).perSecond;
  expect(falls(at(TODAY, 0.8 * sequencers))).toBe(0);
  expect(falls(at(TODAY, 1.5 * sequencers))).toBeGreaterThan(0.3 * sequencers);
  expect(at(TODAY, 0.8 * sequencers).accepted).toBe(at(TODAY, 0.8 * sequencers).offered);
  const alone = (perSecond: number): Run => simulate(TODAY, { ...loadOf(perSecond), seconds: 8, events: 1 });
  expect(rowOf(alone(1_900)).accepted).toBe('100 %');
  expect(rowOf(alone(4_000))).toMatchObject({ breaksFirst: 'requests that the API takes', breaksAt: 2_000 });
  expect(alone(4_000).accepted).toBeLessThan(0.8 * alone(4_000).offered);
  const hot = ceilings(simulate(TODAY, { ...loadOf(1_000), seconds: 4, hottest: 0.5 }))[0];
  expect(hot?.name).toBe('write units of the busiest entity');
  expect(
    (must(hot, 'a limit').perSecond * 0.5 * COUNTED.publishUnits.entries) / LIMITS.partitionWriteUnits,
  ).toBeCloseTo(1, 1);
});

it.each([LEDGERS, LANES])('keeps the log up with 100,000 events a second on $name', (design) => {
  const row = rowOf(simulate(design, loadOf(100_000)));
  expect(row).toMatchObject({ accepted: '100 %', fallsBehind: 0 });
  expect(row.lagP99Ms).toBeLessThan(2_000);
});

it('is what docs/scale.md says', async () => {
  const lines = Object.entries(await benchScale(1)).map(
    ([what, row]) => `| ${[what, ...Object.values<string | number>({ ...row })].join(' | ')} |`,
  );
  const page = readFileSync('docs/scale.md', 'utf8');
  for (const line of lines) expect(page).toContain(line);
});

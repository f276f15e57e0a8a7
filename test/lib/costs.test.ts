/** The money in docs/costs.md is what its prices and counts make, and as little as was promised; nothing that is deployed is left out. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ofType, synthesize } from './synthesized.ts';

const page = readFileSync('docs/costs.md', 'utf8');
const prod = synthesize();

/** The cells of the row that begins so. */
function row(name: string): readonly number[] {
  const line = page.split('\n').find((one) => one.startsWith(`| ${name}`));
  if (line === undefined) throw new Error(`docs/costs.md has no row "${name}"`);
  const cells = line.split('|').slice(2, -1);
  return cells.map((cell) => Number(cell.replaceAll(/[*,$]/g, ''))).filter((n) => !Number.isNaN(n));
}
const price = (name: string): number => row(name)[0] ?? NaN;

const [WRITE, READ] = [price('DynamoDB on-demand, write unit'), price('DynamoDB on-demand, read unit')];
const [API, CALL, GB_S] = [price('HTTP API, request'), price('Lambda, request'), price('Lambda on arm64')];
const [EVENT, SQS, LOGS] = [price('EventBridge, custom event'), price('SQS, request'), price('CloudWatch, logs')];
const ARCHIVE = price('EventBridge, events archived');
/** Seconds of a request; an event in GB a million, and kept for a month of 30 days. */
const [T, EVENT_GB, KEPT] = [0.03, 0.67, 0.023];

/** What stands counted there: write units of sequencing, one alone and a batch of 99. */
const unitsOf = (act: string): number => row(act)[3] ?? NaN;
const ALONE = unitsOf('sequence 1 entry');
const OF_99 = unitsOf('sequence 99 entries') / 99;

function perMillion({ b, e, d }: { b: number; e: number; d: number }): number {
  const behind = CALL + (GB_S * T) / 4;
  return [
    API / b + (CALL + GB_S * T) / b,
    WRITE * (unitsOf('publish 1, warm') - 1 + 1 / b),
    WRITE * (e === 1 ? ALONE : OF_99) + behind / e,
    (behind + 2 * READ) / e,
    EVENT,
    EVENT_GB * (ARCHIVE + KEPT),
    READ * 1.4,
    SQS * (1 + 2 / d) + READ,
    LOGS * (1.1 / b + 0.4 / e),
  ].reduce((sum, one) => sum + one, 0);
}

describe('W11: a million events', () => {
  it.each([
    ['busy', 0, { b: 1, e: 99, d: 10 }],
    ['quiet', 1, { b: 1, e: 1, d: 10 }],
    ['alone', 2, { b: 1, e: 1, d: 1 }],
    ['batches', 3, { b: 100, e: 99, d: 10 }],
  ] as const)('W11: %s, cost what is counted and priced', (_, column, traffic) => {
    expect(row('**together** | **')[column]).toBeCloseTo(perMillion(traffic), 1);
  });

  it('W11: quiet ones cost less than $10, not what tracing and logs of every call would make of them', () => {
    expect(perMillion({ b: 1, e: 1, d: 10 })).toBeLessThan(10);
    for (const { Properties } of ofType(prod, 'AWS::Lambda::Function').filter(({ id }) => !id.startsWith('Custom')))
      if (Properties['Runtime'] === 'nodejs24.x') expect(Properties['TracingConfig']).toEqual({ Mode: 'PassThrough' });
  });
});

it('W11: an idle subscriber costs less than $0.10 a month', () => {
  const [dollars = NaN] = row('a subscriber that has had nothing').slice(-1);
  const look = API + CALL + GB_S * T + 2 * READ + SQS + LOGS * 1.1;
  const month = 30 * 86_400;
  expect(dollars).toBeCloseTo(((month / 90) * look) / 1e6, 2);
  expect(dollars).toBeLessThanOrEqual(0.1);
});

it('W11: keys and alarms are all counted', () => {
  expect(row('KMS keys')[0]).toBe(ofType(prod, 'AWS::KMS::Key').length);
  const alarms = ofType(prod, 'AWS::CloudWatch::Alarm').length;
  expect(Math.abs((row('alarms')[0] ?? 0) - alarms), `${alarms} alarms`).toBeLessThanOrEqual(alarms / 10);
});

/** The parts of `npm run bench -- peers`: its options, what it reads of the programs, its goals and its tables. No figure is timed. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { goalRows, isMet } from '../../bench/peers/goals.ts';
import { peersOptions, UsageError } from '../../bench/peers/options.ts';
import { budgetTable, stagesOf, threadOf, type Profile } from '../../bench/peers/profile.ts';
import { rowOf, type Row } from '../../bench/peers/results.ts';
import { goalTable, variantTable } from '../../bench/peers/table.ts';
import { coldStartTable } from '../../bench/start/cold-start.ts';
import { withPart } from '../../bench/support/page.ts';

const row = (variant: string, figures: Row['figures']): Row => ({ variant, loadBefore: 0.25, figures });

describe('options', () => {
  it('has usual values, and takes others', () => {
    expect(peersOptions([], ['a'])).toMatchObject({ only: [], events: 100_000, seconds: 4, write: false });
    const given = peersOptions(['--only', 'a,b', '--n', '5000', '--seconds', '9', '--write'], ['a', 'b']);
    expect(given).toMatchObject({ only: ['a', 'b'], events: 5_000, seconds: 9, write: true });
  });

  it.each([
    [['--n', 'many'], '--n: "many" is not a whole number from 1000 to 10000000'],
    [['--n', '1e5'], '--n: "1e5"'],
    [['--n', '-5'], "Option '--n' argument is ambiguous"],
    [['--n', '999'], '--n: "999"'],
    [['--n=99999999999999'], '--n: "99999999999999"'],
    [['--seconds', '0'], '--seconds: "0" is not a whole number from 1 to 600'],
    [['--only', 'nobody'], '--only: there is no "nobody"'],
    [['--only', 'a,'], '--only: there is no ""'],
    [['--only'], "Option '--only <value>' argument missing"],
    [['--fly'], "Unknown option '--fly'"],
    [['a'], "Unexpected argument 'a'"],
    [['--write=yes'], "Option '--write' does not take an argument"],
  ])('refuses %j', (args, message) => {
    const refused = (): unknown => peersOptions(args, ['a']);
    expect(refused).toThrow(UsageError);
    expect(refused).toThrow(message);
  });

  it.each([
    [['--only', '../../etc/passwd'], 2],
    [['--help'], 0],
    [['--list'], 0],
  ])('npm run bench -- peers %j starts nothing', (args, status) => {
    const ended = spawnSync(process.execPath, ['bench/run.ts', 'peers', ...args], { encoding: 'utf8' });
    expect({ status: ended.status, stack: /^ {4}at /m.test(ended.stderr) }).toEqual({ status, stack: false });
    if (status === 2) expect(ended.stderr).toContain('npm run bench -- peers [options]');
    else expect(ended.stdout).toMatch(/--only <name,…>|postgres-chain: hash chain/);
  });
});

describe('what a program prints', () => {
  it('is put together from its lines of figures, whatever else it says', () => {
    const output = 'starting\n{"eventsPerSecond":100,"note":"words","odd":null}\nhalf a li\n{"verifyPerSecond":7}\n';
    expect(rowOf('x', 1, output)).toEqual(
      Object.assign(row('x', { eventsPerSecond: 100, verifyPerSecond: 7 }), { loadBefore: 1 }),
    );
  });

  it.each([
    '',
    '{"eventsPerSecond":1',
    '{"eventsPerSecond":"many"}',
    '{"eventsPerSecond":1e999}',
    '[]',
    'Segmentation fault',
  ])('without a rate it has failed: %j', (output) => {
    expect(rowOf('x', 0, output).failed).toContain('no figures');
  });
});

describe('goals', () => {
  const floor = { signUs: 100, fsyncUs: 900 };
  const rows = [
    row('ours-in-process', { eventsPerSecond: 20_000, rssMb: 201, cpuSecPer1000: 0.06, deliver1P99Ms: 2.9 }),
    row('postgres-chain', { eventsPerSecond: 10_000 }),
    row('ours-alone', { eventsPerSecond: 700, publishP50Ms: 1.6 }),
  ];

  it('are held against the same run', () => {
    const verdicts = Object.fromEntries(goalRows(rows, floor).map((goal) => [goal.what, isMet(goal)]));
    expect(verdicts).toMatchObject({
      'in process, 64 publishers': true,
      'one publisher alone, p50': false,
      'memory under load, in process': false,
      'CPU, in process': true,
      'delivery at 1,000/s, 1 subscriber, p99': true,
    });
  });

  it('have no verdict without both figures', () => {
    const alone = goalRows(rows.slice(0, 1), undefined);
    expect(alone.find(({ what }) => what === 'in process, 64 publishers')).toMatchObject({ goal: undefined });
    expect(goalTable(alone)).toContain(
      '| in process, 64 publishers | – | 20,000 events/s | ≥ – (2 × postgres-chain) | not measured |',
    );
  });

  it('say in the table what is missed', () => {
    const lines = goalTable(goalRows(rows, floor)).split('\n');
    expect(lines.find((line) => line.startsWith('| one publisher'))).toBe(
      '| one publisher alone, p50 | 1.07 | 1.6 ms | ≤ 1.5 (1.5 × (one fsync + one signature)) | **missed** |',
    );
  });
});

describe('the table of variants', () => {
  it('has the ratio first, and nothing where nothing was measured', () => {
    const failed: Row = { ...row('redis-streams', {}), failed: 'it ended' };
    const lines = variantTable([
      row('ours-in-process', {
        eventsPerSecond: 5_000,
        publishP50Ms: 1,
        publishP99Ms: 2,
        cpuSecPer1000: 0.1,
        diskBytesPerEvent: 900,
      }),
      row('postgres-chain', {
        eventsPerSecond: 10_000,
        diskBytesPerEvent: 500,
        walBytesPerEvent: 700,
        serverCpuSecPer1000: 0.2,
        cpuSecPer1000: 0.3,
      }),
      failed,
    ]).split('\n');
    expect(lines[2]).toBe('| ours-in-process | 0.5 | 5,000 | 1 / 2 | – | – | 100 | – | 900 | – | – | 0.25 |');
    expect(lines[3]).toBe('| postgres-chain | 1 | 10,000 | – | – | – | 300 (200) | – | 500 + 700 | – | – | 0.25 |');
    expect(lines[4]).toBe('| redis-streams | – | – | – | – | – | – | – | – | – | – | failed |');
    expect(new Set(lines.map((line) => line.split('|').length)).size).toBe(1);
  });

  it('has no ratio without what others are measured against', () => {
    expect(variantTable([row('ours-http', { eventsPerSecond: 5 })])).toContain('| ours-http | – | 5 |');
  });
});

describe('the budget', () => {
  const frame = (id: number, functionName: string, url: string, children: number[] = []) => ({
    ...{ id, callFrame: { functionName, url }, children },
  });
  const profile: Profile = {
    nodes: [
      frame(1, '(root)', '', [2, 5, 6]),
      frame(2, 'publish', 'file:///x/bench/peers/clients/ours-in-process.ts', [3]),
      frame(3, 'append', 'file:///x/core/ledger/append/append.ts', [4]),
      frame(4, 'sign', 'node:internal/crypto/sig'),
      frame(5, '(idle)', ''),
      frame(6, '(garbage collector)', ''),
    ],
    samples: [2, 3, 4, 5, 6, 4],
    timeDeltas: [10, 20, 30, 1_000, 40, 5],
  };

  it('gives each sample to the stage of its frame, and idle to none', () => {
    expect(threadOf(profile)).toBe('serving');
    expect(Object.fromEntries(stagesOf(profile))).toEqual({
      ...{ 'the bench': 10, 'append and seal': 20, 'signing and hashing': 35, 'collecting garbage': 40 },
    });
  });

  it('is told in µs an event', () => {
    const lines = budgetTable([profile], 10).split('\n');
    expect(lines[0]).toBe('| µs an event | serving | all |');
    expect(lines[2]).toBe('| collecting garbage | 4.0 | 4.0 |');
    expect(lines.at(-1)).toBe('| **all** | 10.5 | 10.5 |');
  });
});

describe('a page', () => {
  const page = 'before\n<!-- peers: written by npm run bench -->\nold\n<!-- end of peers -->\nafter\n';

  it('changes between the markers alone', () => {
    const written = withPart(page, 'peers', 'new');
    expect(written).toBe(page.replace('\nold\n', '\n\nnew\n\n'));
    expect(withPart(written, 'peers', 'new')).toBe(written);
  });

  it('without the part is refused', () => {
    expect(() => withPart(page, 'cold-start', 'new')).toThrow('the page has no');
  });
});

it('a table of cold starts says which function misses the goal', () => {
  const table = coldStartTable({
    'read ms': 301,
    'read cpu ms': 200,
    'change-sets ms': 150,
    'change-sets cpu ms': 140,
  });
  expect(table.split('\n').slice(-2)).toEqual([
    '| `read` | 301 | 200 | **missed** |',
    '| `change-sets` | 150 | 140 | met |',
  ]);
});

it('nothing but a cold start is written beside the peers', () => {
  const { status, stderr } = spawnSync(process.execPath, ['bench/run.ts', 'publish', '--write'], { encoding: 'utf8' });
  expect({ status, usage: stderr.includes('cold-start --write') }).toEqual({ status: 2, usage: true });
});

/** The tables of a run in Markdown: the goals first, then every variant with its ratio to a plain Postgres chain first. */
import { round } from '../support/measure.ts';
import { markdown } from '../support/page.ts';
import { isMet, type GoalRow } from './goals.ts';
import type { Figures, Row } from './results.ts';

/** What others are measured against: a hash chain made in the database, unsigned. */
const MEASURE = 'postgres-chain';
const NOT_MEASURED = '–';

export function goalTable(goals: readonly GoalRow[]): string {
  const head = ['figure', 'ours ÷ goal', 'ours', 'goal', ''];
  const rows = goals.map((row) => {
    const { what, ours, goal, unit, basis } = row;
    const ratio = ours === undefined || goal === undefined ? undefined : ours / goal;
    const verdict = { true: 'met', false: '**missed**', undefined: 'not measured' }[String(isMet(row)) as 'true'];
    const bound = `${row.more === 'better' ? '≥' : '≤'} ${shown(goal)}${basis === '' ? '' : ` (${basis})`}`;
    return [what, shown(ratio), ours === undefined ? NOT_MEASURED : `${shown(ours)} ${unit}`, bound, verdict];
  });
  return markdown([head, ...rows]);
}

type Column = readonly [name: string, value: (figures: Figures) => string];

const pair = (first: string, second: string) => (figures: Figures) =>
  figures[first] === undefined ? NOT_MEASURED : `${shown(figures[first])} / ${shown(figures[second])}`;
const one = (name: string) => (figures: Figures) => shown(figures[name]);

const COLUMNS: readonly Column[] = [
  ['events/s', one('eventsPerSecond')],
  ['publish p50 / p99 ms', pair('publishP50Ms', 'publishP99Ms')],
  ['1 subscriber p50 / p99 ms', pair('deliver1P50Ms', 'deliver1P99Ms')],
  ['10 subscribers p50 / p99 ms', pair('deliver10P50Ms', 'deliver10P99Ms')],
  ['CPU µs/event (server)', (figures) => cpuOf(figures)],
  ['memory MB', one('rssMb')],
  ['B/event (+ WAL)', (figures) => diskOf(figures)],
  ['verify/s', one('verifyPerSecond')],
  ['with signatures/s', one('verifySignedPerSecond')],
];

export function variantTable(rows: readonly Row[]): string {
  const chain = rows.find(({ variant }) => variant === MEASURE)?.figures['eventsPerSecond'];
  const head = ['variant', `× ${MEASURE}`, ...COLUMNS.map(([name]) => name), 'load before'];
  const lines = rows.map(({ variant, figures, failed, loadBefore }) => {
    if (failed !== undefined) return [variant, NOT_MEASURED, ...COLUMNS.map(() => NOT_MEASURED), 'failed'];
    const ratio = chain === undefined ? undefined : (figures['eventsPerSecond'] ?? NaN) / chain;
    return [variant, shown(ratio), ...COLUMNS.map(([, value]) => value(figures)), shown(loadBefore)];
  });
  return markdown([head, ...lines]);
}

function cpuOf(figures: Figures): string {
  const all = figures['cpuSecPer1000'];
  const server = figures['serverCpuSecPer1000'];
  if (all === undefined) return NOT_MEASURED;
  return `${shown(all * 1_000)}${server === undefined ? '' : ` (${shown(server * 1_000)})`}`;
}

function diskOf(figures: Figures): string {
  const wal = figures['walBytesPerEvent'];
  return `${shown(figures['diskBytesPerEvent'])}${wal === undefined ? '' : ` + ${shown(wal)}`}`;
}

/** Three digits: more would claim a precision that no machine has. */
function shown(value: number | undefined): string {
  return value === undefined || !Number.isFinite(value) ? NOT_MEASURED : round(value).toLocaleString('en-US');
}

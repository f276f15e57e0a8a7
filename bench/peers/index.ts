/**
 * `npm run bench -- peers`: the same events on ours and on others, one after the other on one machine, each server with a fresh folder.
 * Sets up what it needs, names what it could not, and leaves that out: no figure is a guess. Compare within one run only.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { primitives } from '../support/measure.ts';
import { writeIntoPage } from '../support/page.ts';
import { writeEvents } from './events.ts';
import { goalRows } from './goals.ts';
import { peersOptions, USAGE, UsageError, type PeersOptions } from './options.ts';
import { OTHERS } from './others.ts';
import { OURS } from './ours.ts';
import { profiledBudget, profiledHttpBudget } from './profile.ts';
import { FOLDER, ROOT, setUp } from './programs.ts';
import { rowOf, type Row } from './results.ts';
import { goalTable, variantTable } from './table.ts';
import type { Bench, Variant } from './variant.ts';

const VARIANTS: readonly Variant[] = [...OURS, ...OTHERS];
const CAP_SECONDS = 20;
const MISUSED = 2;

export async function runPeers(args: readonly string[]): Promise<void> {
  const options = optionsOf(args);
  if (options === undefined) return;
  const wanted = VARIANTS.filter(({ name }) => options.only.length === 0 || options.only.includes(name));
  const date = new Date().toISOString().slice(0, 16).replace('T', ' ');
  const programs = await setUp(new Set(wanted.flatMap(({ needs }) => needs)), tell);
  const eventsFile = join(FOLDER, 'data/events.jsonl');
  mkdirSync(join(FOLDER, 'data'), { recursive: true });
  writeEvents(eventsFile, options.events);
  const bench: Bench = { ...programs, eventsFile, events: options.events, seconds: options.seconds, cap: CAP_SECONDS };
  const possible = wanted.filter(({ needs }) => needs.every((need) => programs.found.has(need)));
  const floor = await primitives();
  const rows: Row[] = [];
  for (const variant of possible) rows.push(await measured(variant, bench));
  const isMeasured = (name: string): boolean =>
    rows.some(({ variant, failed }) => variant === name && failed === undefined);
  const budgets = [
    ...(isMeasured('ours-in-process') ? [BUDGET, await profiledBudget(bench)] : []),
    ...(isMeasured('ours-http') ? [HTTP_BUDGET, await profiledHttpBudget(bench)] : []),
  ];
  const report = reportOf({ rows, options, date, bench, floor, budgets });
  writeFileSync(join(FOLDER, 'results.json'), `${JSON.stringify({ date, floor, rows }, undefined, 2)}\n`);
  console.log(report);
  if (options.write) writeIntoPage('performance.md', 'peers', report);
}

/** @returns undefined when there is nothing to do */
function optionsOf(args: readonly string[]): PeersOptions | undefined {
  try {
    const options = peersOptions(
      args,
      VARIANTS.map(({ name }) => name),
    );
    if (options.help) console.log(USAGE);
    else if (options.list) for (const { name, promises } of VARIANTS) console.log(`${name}: ${promises}`);
    else return options;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n${USAGE}`);
    process.exitCode = MISUSED;
  }
  return undefined;
}

const tell = (line: string): void => {
  console.error(line);
};

const load = (): number => loadavg()[0] ?? NaN;

async function measured(variant: Variant, bench: Bench): Promise<Row> {
  const before = load();
  tell(`${variant.name} (load ${before.toFixed(1)})`);
  try {
    return rowOf(variant.name, before, await variant.run(bench));
  } catch (error) {
    const failed = error instanceof Error ? error.message : String(error);
    tell(`  ${failed}`);
    return { variant: variant.name, loadBefore: before, figures: {}, failed };
  }
}

interface Report {
  readonly rows: readonly Row[];
  readonly options: PeersOptions;
  readonly date: string;
  readonly bench: Bench;
  readonly floor: Awaited<ReturnType<typeof primitives>>;
  readonly budgets: readonly string[];
}

function reportOf({ rows, options, date, bench, floor, budgets }: Report): string {
  const { events, seconds } = options;
  const machine = `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 1e9)} GB`;
  const commit = execFileSync('git', ['describe', '--always', '--dirty'], { cwd: ROOT, encoding: 'utf8' }).trim();
  const left = [...bench.missing].map(([need, why]) => `* Not set up, and so left out: **${need}**: ${why}`);
  const failed = rows
    .filter((row) => row.failed !== undefined)
    .map((row) => `* Failed: **${row.variant}**: ${row.failed ?? ''}`);
  const measuredOnes = VARIANTS.filter(({ name }) => rows.some(({ variant }) => variant === name));
  const promises = Map.groupBy(measuredOnes, (variant) => variant.promises);
  return [
    `Run of ${date} UTC, commit ${commit}, Node ${process.version}, ${machine}; ${events.toLocaleString('en-US')} events, at most ${CAP_SECONDS} s a phase; ` +
      `delivery for ${seconds} s. One signature took ${floor.signUs} µs, one fsync ${floor.fsyncUs} µs.`,
    ...(left.length + failed.length === 0 ? [] : [[...left, ...failed].join('\n')]),
    goalTable(goalRows(rows, floor)),
    variantTable(rows),
    ...budgets,
    `What each promises:\n\n${[...promises].map(([what, of]) => `* **${of.map(({ name }) => name).join(', ')}**: ${what}.`).join('\n')}`,
  ].join('\n\n');
}

const BUDGET =
  'Time of ours by thread and stage: one run in process with 64 publishers, from the sources, under `node --cpu-prof`, which writes a profile for each ' +
  'thread. Self time of the samples over the events of the run, start and end included; SQLite and the files include the wait for the disk. The profiler ' +
  'takes part of it, and threads of Node that run no JavaScript are not in it.';

const HTTP_BUDGET = 'The same of `nervous dev` with 64 connections, one event a request:';

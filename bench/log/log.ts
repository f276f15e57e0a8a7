/**
 * A large log from end to end (`npm run bench -- log [--entries 1000000] [--dir <folder>]`): built, published, exported,
 * verified, restored, each phase in a process of its own with its largest memory; proofs; and what verifying "since" costs at
 * two sizes of the log. What 10 million would take is computed from the figures by the rules that `EXTRAPOLATED` states.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { round, withTempDir } from '../support/measure.ts';

const DEFAULT_ENTRIES = 1_000_000;
/** Entries between the remembered checkpoint and the end, at both sizes. */
const NEW_ENTRIES = 10_000;
const TARGET = 10_000_000;
const PHASE = join(import.meta.dirname, 'log-phase.ts');
/** These read or write every entry once: time grows with entries. Fixed costs are below 1 s and not taken off. */
const EXTRAPOLATED = [
  'publish',
  'export',
  'verifyHashOnly',
  'verifySigned',
  'verifyExportHashOnly',
  'verifyExportSigned',
  'restore',
] as const;

type Figures = Readonly<Record<string, number>>;

export function benchLog(): Promise<Record<string, number>> {
  const given = process.argv[process.argv.indexOf('--dir') + 1];
  return process.argv.includes('--dir') && given !== undefined ? measure(given) : withTempDir(measure);
}

async function measure(dir: string): Promise<Record<string, number>> {
  const entries = Number(process.argv[process.argv.indexOf('--entries') + 1]) || DEFAULT_ENTRIES;
  const figures: Record<string, Figures> = {};
  const run = (phase: string, name = phase, to = 0): Figures => {
    const output = execFileSync(process.execPath, [PHASE, phase, dir, String(to)], { encoding: 'utf8' });
    const measured = JSON.parse(output.trim().split('\n').at(-1) ?? '{}') as Figures;
    process.stderr.write(`${name} ${JSON.stringify(measured)}\n`); // a run takes minutes: say what is done
    return (figures[name] = measured);
  };
  const half = Math.floor(entries / 2);
  run('build', 'buildHalf', half - NEW_ENTRIES);
  run('publish', 'publishHalf');
  run('remember');
  run('build', 'buildNew', half);
  run('publish', 'publishNew');
  run('since', 'sinceHalf');
  run('build', 'build', entries - NEW_ENTRIES);
  run('publish', 'publish');
  run('remember');
  run('build', 'buildNew', entries);
  run('publish', 'publishNew');
  run('since', 'sinceWhole');
  for (const phase of [
    'proof',
    'export',
    'verifyHashOnly',
    'verifySigned',
    'verifyExportHashOnly',
    'verifyExportSigned',
  ])
    run(phase);
  run('restore');
  process.stderr.write(
    `secondsFor10M = seconds x 10,000,000 / entries handled: each of those phases reads or writes every entry once\n`,
  );
  return { entries, ...flat(figures, entries) };
}

function flat(figures: Readonly<Record<string, Figures>>, entries: number): Record<string, number> {
  const flattened: Record<string, number> = {};
  for (const [name, measured] of Object.entries(figures))
    for (const [figure, value] of Object.entries(measured)) flattened[`${name}.${figure}`] = value;
  for (const name of EXTRAPOLATED) {
    const { seconds = NaN } = figures[name] ?? {};
    const handled = name === 'publish' ? entries / 2 : entries;
    flattened[`${name}.perSecond`] = Math.round(handled / seconds);
    flattened[`${name}.secondsFor10M`] = round((seconds * TARGET) / handled);
  }
  return flattened;
}

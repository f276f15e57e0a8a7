/**
 * `npm run test:random-mutants`: changes one operator or condition of core at random, 300 times, each in a copy of the repository, and runs
 * the tests of the same area that reach the file: those in memory and, where they notice nothing, those on a whole engine (areas.ts). A mutant that no test notices is a test that is missing, unless it is listed in equivalent.json with the reason
 * why it changes nothing. Fails when fewer than 95 % of the others are noticed. `--seed`, `--count`, `--jobs`, `--area core/ledger`
 * (repeatable), `--suites mirror` or `engine`; `--log FILE` keeps each outcome as a line of JSON, `--again FILE` tries what survived there.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { scriptOptions } from '../support/script-options.ts';
import { AREAS } from './areas.ts';
import { mutated, mutationsOf, type Mutation } from './mutations.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
/** Neither sources nor needed by tests. */
const NOT_COPIED = new Set(['node_modules', '.git', '.cache', 'cdk.out', '.nervous']);
const WANTED = 0.95;
/** A mutant that loops for ever is noticed by its silence. */
const TIMEOUT_MS = 600_000;

type Outcome = 'noticed' | 'noticed by an engine suite' | 'timed out' | 'survived' | 'equivalent';

interface Equivalent {
  readonly file: string;
  readonly was: string;
  readonly became: string;
  readonly reason: string;
}

const USAGE =
  'npm run test:random-mutants -- [--seed 1] [--count 300] [--jobs n] [--area core/ledger …] [--suites mirror | engine] [--log FILE] [--again FILE]';
const values = scriptOptions(USAGE, {
  seed: { type: 'string', default: '1' },
  count: { type: 'string', default: '300' },
  jobs: { type: 'string', default: String(Math.max(1, availableParallelism() - 1)) },
  area: { type: 'string', multiple: true, default: Object.keys(AREAS) },
  suites: { type: 'string', multiple: true, default: ['mirror', 'engine'] },
  log: { type: 'string' },
  again: { type: 'string' },
});
const equivalents = JSON.parse(readFileSync(join(import.meta.dirname, 'equivalent.json'), 'utf8')) as Equivalent[];
const chosen =
  values.again === undefined
    ? choose(allMutations(values.area), Number(values.count), Number(values.seed))
    : survivorsOf(values.again);
const folder = mkdtempSync(join(tmpdir(), 'nervous-mutants-'));
/** How long each test file takes without a mutant, as vitest's JSON reporter tells it: quick ones are asked first. */
const durations = join(folder, 'durations.json');
/** Groups of processes under way: who ends this one ends them too. */
const running = new Set<number>();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
process.on('exit', () => {
  for (const pid of running) process.kill(-pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const whole = ['run', '--reporter=json', `--outputFile=${durations}`];
if (values.suites.includes('mirror') && (await vitest(REPOSITORY, whole, { SUITE: 'mirror' })) !== 0)
  throw new Error('the tests of core fail without a mutant: npx vitest run test/core');

const outcomes: { readonly mutation: Mutation; readonly outcome: Outcome }[] = [];
const queue = [...chosen];
await Promise.all(Array.from({ length: Number(values.jobs) }, (_, i) => work(copyOfRepository(`copy-${i}`))));

for (const { mutation, outcome } of outcomes)
  if (outcome === 'survived')
    console.log(`SURVIVED ${mutation.file}:${mutation.line}\n  - ${mutation.was}\n  + ${mutation.became}`);
const judged = chosen.length - count('equivalent');
const killed = judged - count('survived');
console.log(
  `seed ${values.seed}: ${killed} of ${judged} mutants are noticed (${((100 * killed) / judged).toFixed(1)} %), ` +
    `${count('noticed by an engine suite')} of them on a whole engine, ${count('timed out')} by silence; ${count('equivalent')} change nothing`,
);
process.exitCode = killed / judged >= WANTED ? 0 : 1;

function count(wanted: Outcome): number {
  return outcomes.filter(({ outcome }) => outcome === wanted).length;
}

async function work(copy: string): Promise<void> {
  for (let mutation = queue.shift(); mutation !== undefined; mutation = queue.shift()) {
    const outcome = isEquivalent(mutation) ? 'equivalent' : await tested(copy, mutation);
    outcomes.push({ mutation, outcome });
    if (values.log !== undefined) appendFileSync(values.log, `${JSON.stringify({ mutation, outcome })}\n`);
    console.log(`${outcomes.length}/${chosen.length} ${outcome} ${mutation.file}:${mutation.line} ${mutation.became}`);
  }
}

function isEquivalent({ file, was, became }: Mutation): boolean {
  return equivalents.some((one) => one.file === file && one.was === was && one.became === became);
}

/** Found again by their lines, because what stands before them may have changed. */
function survivorsOf(log: string): Mutation[] {
  const lines = readFileSync(log, 'utf8').split('\n').filter(Boolean);
  const outcomes = lines.map((line) => JSON.parse(line) as { mutation: Mutation; outcome: Outcome });
  const survived = outcomes.filter(({ outcome }) => outcome === 'survived').map(({ mutation }) => mutation);
  return allMutations(Object.keys(AREAS)).filter((now) =>
    survived.some(({ file, was, became }) => now.file === file && now.was === was && now.became === became),
  );
}

function allMutations(areas: readonly string[]): Mutation[] {
  return areas.flatMap((area) =>
    globSync(`${area}/**/*.ts`, { cwd: REPOSITORY })
      .sort()
      .flatMap((file) => mutationsOf(file, readFileSync(join(REPOSITORY, file), 'utf8'))),
  );
}

/** A sample without repetition, the same for the same seed (mulberry32). */
function choose(all: readonly Mutation[], count: number, seed: number): Mutation[] {
  let state = seed >>> 0;
  const random = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const left = [...all];
  return Array.from({ length: Math.min(count, left.length) }, () =>
    left.splice(Math.floor(random() * left.length), 1),
  ).flat();
}

/** Worker threads and child processes read the files themselves, so a mutant stands in a file. */
function copyOfRepository(name: string): string {
  const copy = join(folder, name);
  mkdirSync(copy);
  for (const one of readdirSync(REPOSITORY))
    if (!NOT_COPIED.has(one)) cpSync(join(REPOSITORY, one), join(copy, one), { recursive: true });
  symlinkSync(join(REPOSITORY, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

async function tested(copy: string, mutation: Mutation): Promise<Outcome> {
  const path = join(copy, mutation.file);
  const source = readFileSync(path, 'utf8'); // of the copy: who goes on working in the repository disturbs nothing
  const related = ['related', mutation.file, '--run', '--bail=1', '--maxWorkers=1'];
  try {
    writeFileSync(path, mutated(source, mutation));
    for (const suite of values.suites) {
      const code = await vitest(copy, related, { SUITE: suite, MUTATED: mutation.file });
      if (code === null) return 'timed out';
      if (code !== 0) return suite === 'mirror' ? 'noticed' : 'noticed by an engine suite';
    }
    return 'survived';
  } finally {
    writeFileSync(path, source);
  }
}

/** @returns the exit code; null: ended because it took too long */
async function vitest(
  cwd: string,
  args: readonly string[],
  env: { readonly SUITE: string; readonly MUTATED?: string },
): Promise<number | null> {
  const program = join(REPOSITORY, 'node_modules/vitest/vitest.mjs');
  const child = spawn(process.execPath, [program, ...args, '--config', 'vitest.random-mutants.config.ts'], {
    cwd,
    env: { ...process.env, ...env, DURATIONS: durations },
    stdio: 'ignore',
    detached: true, // a group of its own, so that its workers end with it
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('node cannot be started');
  running.add(pid);
  const timer = setTimeout(() => process.kill(-pid, 'SIGKILL'), TIMEOUT_MS);
  const [code] = (await once(child, 'exit')) as [number | null];
  running.delete(pid);
  clearTimeout(timer);
  return code;
}

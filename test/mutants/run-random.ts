/**
 * `npm run test:random-mutants`: changes one operator or condition of core at random, 300 times, and runs the tests of the same area that
 * reach the file. A mutant that no test notices is a test that is missing, unless it is listed in equivalent.json with the reason why it
 * changes nothing. Fails when fewer than 95 % of the others are noticed. `--seed`, `--count`, `--jobs`, `--area core/ledger` (repeatable).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { mutationsOf, type Mutation } from './mutations.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const AREAS = ['core/canonical', 'core/changes', 'core/events', 'core/guard', 'core/ledger', 'core/policy'];
const WANTED = 0.95;
/** A mutant that loops for ever is noticed by its silence. */
const TIMEOUT_MS = 300_000;

interface Equivalent {
  readonly file: string;
  readonly was: string;
  readonly became: string;
  readonly reason: string;
}

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '300' },
    jobs: { type: 'string', default: String(Math.max(1, availableParallelism() - 1)) },
    area: { type: 'string', multiple: true, default: AREAS },
  },
});
const equivalents = JSON.parse(readFileSync(join(import.meta.dirname, 'equivalent.json'), 'utf8')) as Equivalent[];
const chosen = choose(allMutations(values.area), Number(values.count), Number(values.seed));
const survivors: Mutation[] = [];
let equivalent = 0;
let done = 0;
const queue = [...chosen];
if ((await vitest(['run', ...values.area.map((area) => `test/${area}/`)], 'null')) !== 0)
  throw new Error('the tests of core fail without a mutant: npx vitest run test/core');
await Promise.all(Array.from({ length: Number(values.jobs) }, work));

const killed = chosen.length - survivors.length - equivalent;
const judged = chosen.length - equivalent;
for (const { file, line, was, became } of survivors) console.log(`SURVIVED ${file}:${line}\n  - ${was}\n  + ${became}`);
console.log(
  `seed ${values.seed}: ${killed} of ${judged} mutants are noticed (${((100 * killed) / judged).toFixed(1)} %), ${equivalent} change nothing`,
);
process.exitCode = killed / judged >= WANTED ? 0 : 1;

async function work(): Promise<void> {
  for (let mutation = queue.shift(); mutation !== undefined; mutation = queue.shift()) {
    const { file, line, was, became } = mutation;
    if (equivalents.some((one) => one.file === file && one.was === was && one.became === became)) equivalent += 1;
    else if (!(await isNoticed(mutation))) survivors.push(mutation);
    done += 1;
    console.log(
      `${done}/${chosen.length} ${survivors.includes(mutation) ? 'SURVIVED' : 'noticed '} ${file}:${line} ${became}`,
    );
  }
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

async function isNoticed(mutation: Mutation): Promise<boolean> {
  const related = ['related', mutation.file, '--run'];
  return (await vitest([...related, '--bail=1', '--maxWorkers=1'], JSON.stringify(mutation))) !== 0;
}

/** @returns the exit code; null: ended because it took too long */
async function vitest(args: readonly string[], mutation: string): Promise<number | null> {
  const child = spawn('npx', ['vitest', ...args, '--config', 'vitest.random-mutants.config.ts'], {
    cwd: REPOSITORY,
    env: { ...process.env, MUTATION: mutation },
    stdio: 'ignore',
    detached: true, // a group of its own, so that its workers end with it
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('npx cannot be started');
  const timer = setTimeout(() => process.kill(-pid, 'SIGKILL'), TIMEOUT_MS);
  const [code] = (await once(child, 'exit')) as [number | null];
  clearTimeout(timer);
  return code;
}

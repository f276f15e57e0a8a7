/** What is started with `npm run` says how it is used, instead of a stack trace or of running all the same. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly scripts: Record<string, string> };
/** Scripts of ours; `nervous` has tests of its own. */
const OURS = Object.entries(scripts).flatMap(([name, command]) => {
  const [, file] = /^node (\S+\.ts)$/.exec(command) ?? [];
  return file === undefined ? [] : [[name, file] as const];
});

describe.each(OURS)('npm run %s', (name, file) => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [file, ...args], { encoding: 'utf8', timeout: 200_000 });

  it('U12: refuses an option that it does not know with its usage and exit code 2', () => {
    const { status, stderr } = run('--nonsense');
    expect({ status, usage: stderr.includes(`npm run ${name}`), stack: /^ {4}at /m.test(stderr) }).toEqual({
      ...{ status: 2, usage: true, stack: false },
    });
  });

  it('U12: tells its usage to who asks for it', () => {
    const { status, stdout, stderr } = run('--help');
    expect({ status, usage: (stdout + stderr).includes(`npm run ${name}`) }).toEqual({ status: 0, usage: true });
  });
});

it('U12: a benchmark that does not exist is not all of them', () => {
  const { status, stderr } = spawnSync(process.execPath, ['bench/run.ts', 'gard'], { encoding: 'utf8' });
  expect({ status, usage: stderr.includes('npm run bench') }).toEqual({ status: 2, usage: true });
});

it('there are some', () => {
  expect(OURS.map(([name]) => name)).toEqual(expect.arrayContaining(['demo', 'bench', 'replay:berka', 'test:long']));
});

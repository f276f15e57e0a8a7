/** Examples that are projects of their own: copied out of the repository, installed from the tarballs, checked and tested as whoever copies them does. */
import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pageAt } from '../docs/pages.ts';
import { commandsOf, runCommands } from '../docs/shell.ts';
import { emptyFolder, must, READER } from './stranger.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const EXAMPLES = globSync('examples/*/package.json', { cwd: REPOSITORY }).map(dirname).sort();
const MAX_README_LINES = 60;

interface Manifest {
  readonly version?: string;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const read = (path: string): string => readFileSync(join(REPOSITORY, path), 'utf8');
const manifestOf = (path: string): Manifest => JSON.parse(read(path)) as Manifest;

/** What git has or is about to have: nothing that was installed or recorded there. */
function copyOf(example: string): string {
  const folder = join(emptyFolder('example'), basename(example));
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z', example], {
    cwd: REPOSITORY,
    encoding: 'utf8',
  });
  for (const path of listed.split('\0').filter((one) => one !== '')) {
    const to = join(folder, path.slice(example.length + 1));
    mkdirSync(dirname(to), { recursive: true });
    cpSync(join(REPOSITORY, path), to);
  }
  return folder;
}

it('are there', () => {
  expect(EXAMPLES.map((path) => basename(path))).toEqual([
    ...['berka-totals', 'github-approval', 'payout-executor', 'quickstart'],
  ]);
});

describe.each(EXAMPLES)('%s', (example) => {
  it('does what its README says with what is published, and passes its types', async () => {
    const folder = copyOf(example);
    const outputs: string[] = [];
    const commands = pageAt(`${example}/README.md`).blocks.flatMap(({ text, line }) => commandsOf(text, line + 1));
    const heard = (_: unknown, output: string): void => void outputs.push(output);
    expect(await runCommands(commands, { folder, env: READER, heard })).toEqual([]);
    expect(outputs.join('\n')).toMatch(/^. pass [1-9]\d*$/m);
    await must(['npm', 'run', 'check'], { cwd: folder });
  });

  it('imports published names alone, in the versions of this repository', () => {
    const imports = globSync(`${example}/*.ts`, { cwd: REPOSITORY }).flatMap((path) =>
      [...read(path).matchAll(/from '([^']+)'/g)].map(([, name = '']) => name),
    );
    expect(imports.filter((name) => !/^(?:node:|\.\/|nervous-system\/|zod$)/.test(name))).toEqual([]);
    const ours = manifestOf('package.json');
    const { dependencies, devDependencies } = manifestOf(`${example}/package.json`);
    const versions = { ...ours.devDependencies, ...ours.dependencies, 'nervous-system': `^${ours.version ?? ''}` };
    expect(versions).toMatchObject({ ...dependencies, ...devDependencies });
  });

  it('is explained on a page', () => {
    const text = read(`${example}/README.md`);
    expect(text.split('\n').length).toBeLessThanOrEqual(MAX_README_LINES);
    expect(text).toContain('npm test');
  });
});

/** U1: a bare clone has all it needs: no file of the project names a place outside it, or the machine it was written on. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const REPOSITORY = join(import.meta.dirname, '../..');
const THIS = 'test/architecture/self-contained.test.ts';

const OUTSIDE: Readonly<Record<string, RegExp>> = {
  'a folder beside the clone': /\.\.\/shared\b|NERVOUS_[S]HARED/,
  'a home folder': /\/(?:home|Users)\/(?!runner\b|nervous\b|node\b|app\b)[a-z][a-z0-9._-]*\//i,
  'the host of a package registry': /registry\.npmjs|registry\.yarnpkg|files\.pythonhosted|pypi\.org\/simple/,
};

/** What is committed or about to be. */
function ownFiles(): string[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: REPOSITORY,
    encoding: 'utf8',
  });
  return listed.split('\0').filter((path) => path !== '' && path !== THIS);
}

function naming(pattern: RegExp, read: (path: string) => string, paths: readonly string[]): string[] {
  return paths.filter((path) => pattern.test(read(path)));
}

describe('U1: the project speaks of itself alone', () => {
  const paths = ownFiles();
  const read = (path: string): string => {
    try {
      return readFileSync(join(REPOSITORY, path), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''; // removed, and not yet committed
      throw error;
    }
  };

  it.each(Object.entries(OUTSIDE))('names nowhere %s', (_what, pattern) => {
    expect(paths.length).toBeGreaterThan(500);
    expect(naming(pattern, read, paths)).toEqual([]);
  });

  it.each([
    ['a folder beside the clone', `join('${['..', 'shared'].join('/')}', 'data')`],
    ['a home folder', 'see /home/somebody/notes'],
    ['the host of a package registry', `"resolved": "https://${['registry', 'npmjs', 'org'].join('.')}/x"`],
  ])('would find %s', (what, text) => {
    expect(naming(OUTSIDE[what] ?? /$^/, () => text, ['planted'])).toEqual(['planted']);
  });
});

it('U1: no test is skipped, and none runs alone', () => {
  // On an account of AWS some of test/aws cannot run; .ci/run, which has the emulator, fails when one is skipped there.
  const tests = ownFiles().filter((path) => /^test\/(?!aws\/).*\.ts$/.test(path));
  const skips = /\.(?:skip|skipIf|runIf|todo|only)\(|\bskip\(/;
  expect(tests.filter((path) => skips.test(readFileSync(join(REPOSITORY, path), 'utf8')))).toEqual([]);
});

/** `npm run release` in a scratch repository with a planted fault each: it says what is wrong and what to do, and tags nothing. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checksums, faultsOfBuilds, faultsOfTree } from '../../packaging/release-checks.ts';

const ROOT = join(import.meta.dirname, '../..');
const scratch = mkdtempSync(join(tmpdir(), 'nervous-release-test-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const CHANGELOG = '# Changelog\n\n## [1.2.3] - 2026-11-22\n\n- It is there.\n\n## [1.2.2] - 2026-11-01\n\n- Before.\n';
const ADDRESSES = {
  ...{ repository: 'github:example/example', homepage: 'https://example.com', bugs: 'https://example.com/bugs' },
};
const MANIFEST = { name: 'nervous-system', version: '1.2.3', type: 'module', ...ADDRESSES };

/** A commit that can be released, with the scripts of this repository. */
function repository(): string {
  const root = mkdtempSync(join(scratch, 'repository-'));
  cpSync(join(ROOT, 'packaging'), join(root, 'packaging'), { recursive: true });
  mkdirSync(join(root, 'test/support'), { recursive: true });
  cpSync(join(ROOT, 'test/support/script-options.ts'), join(root, 'test/support/script-options.ts'));
  for (const path of ['docs', 'examples/one']) mkdirSync(join(root, path), { recursive: true });
  writeFileSync(join(root, 'docs/packages.md'), 'install nervous-system-1.2.3.tgz\n');
  write(root, 'examples/one/package.json', { dependencies: { 'nervous-system': '^1.2.3' } });
  write(root, 'package.json', MANIFEST);
  lock(root, '1.2.3');
  writeFileSync(join(root, 'CHANGELOG.md'), CHANGELOG);
  git(root, 'init', '--quiet');
  commit(root);
  return root;
}

const lock = (root: string, version: string): void =>
  write(root, 'package-lock.json', {
    ...{ name: 'nervous-system', version, lockfileVersion: 3, requires: true },
    packages: { '': { name: 'nervous-system', version } },
  });

function write(root: string, path: string, value: object): void {
  writeFileSync(join(root, path), `${JSON.stringify(value, undefined, 2)}\n`);
}

function git(root: string, ...args: string[]): string {
  const who = ['-c', 'advice.detachedHead=false', '-c', 'user.name=Somebody', '-c', 'user.email=somebody@example.com'];
  return execFileSync('git', [...who, ...args], { cwd: root, encoding: 'utf8' });
}

function commit(root: string): void {
  git(root, 'add', '--all');
  git(root, 'commit', '--quiet', '--message', 'a commit');
}

const changelog = (root: string, text: string): void => writeFileSync(join(root, 'CHANGELOG.md'), text);

interface Planted {
  readonly fault: string;
  readonly plant: (root: string) => void;
  readonly said: RegExp;
}

const FAULTS: readonly Planted[] = [
  {
    fault: 'another version in CHANGELOG.md',
    plant: (root) => changelog(root, CHANGELOG.replace('1.2.3', '1.3.0')),
    said: /begins with \[1\.3\.0\], package\.json says 1\.2\.3/,
  },
  {
    fault: 'changes that are not released yet',
    plant: (root) => changelog(root, CHANGELOG.replace('[1.2.3] - 2026-11-22', '[Unreleased]')),
    said: /begins with \[Unreleased\]: run npm run release -- --prepare 1\.2\.3/,
  },
  { fault: 'no section', plant: (root) => changelog(root, '# Changelog\n'), said: /has no section/ },
  {
    fault: 'a section without a date',
    plant: (root) => changelog(root, CHANGELOG.replace(' - 2026-11-22', '')),
    said: /has no date/,
  },
  {
    fault: 'a section that says nothing',
    plant: (root) => changelog(root, CHANGELOG.replace('- It is there.\n', '')),
    said: /says nothing about 1\.2\.3/,
  },
  {
    fault: 'a version that is none',
    plant: (root) => {
      write(root, 'package.json', { ...MANIFEST, version: '1.2' });
      changelog(root, CHANGELOG.replace('1.2.3', '1.2'));
    },
    said: /"1\.2" is no version/,
  },
  {
    fault: 'another version in the lock',
    plant: (root) => lock(root, '1.2.2'),
    said: /package-lock\.json says 1\.2\.2/,
  },
  {
    fault: 'a version that was released',
    plant: (root) => git(root, 'tag', 'v1.2.3'),
    said: /the tag v1\.2\.3 is there already/,
  },
];

const release = (root: string, ...args: string[]) =>
  spawnSync(process.execPath, ['packaging/release.ts', ...args], { cwd: root, encoding: 'utf8' });

describe('npm run release', () => {
  it('finds no fault where none is', () => {
    expect(faultsOfTree(repository(), { isTagged: false, isDry: false })).toEqual([]);
  });

  it.each(FAULTS)('stops at $fault', ({ plant, said }) => {
    const root = repository();
    plant(root);
    git(root, 'add', '--all');
    git(root, 'commit', '--quiet', '--allow-empty', '--message', 'a fault');
    const tags = git(root, 'tag');
    const faults = faultsOfTree(root, { isTagged: false, isDry: false });
    expect(faults).toEqual([expect.stringMatching(said)]);
    expect(release(root)).toMatchObject({ status: 1, stdout: '', stderr: `Not released:\n- ${faults[0] ?? ''}\n` });
    expect(git(root, 'tag')).toBe(tags);
  });

  it('stops at a tree that is not clean, and names the files', () => {
    const root = repository();
    writeFileSync(join(root, 'left.txt'), '');
    changelog(root, `${CHANGELOG}\n`);
    const [fault, ...more] = faultsOfTree(root, { isTagged: false, isDry: false });
    expect([fault, more]).toEqual([expect.stringMatching(/is not clean.*: .*CHANGELOG\.md, left\.txt$/), []]);
    expect(release(root, '--prepare', '1.3.0').status).toBe(1);
  });

  it('does nothing for an option that it does not know', () => {
    expect(release(repository(), '--force')).toMatchObject({ status: 2, stdout: '' });
  });
});

/** @param bytes what the build makes its tarball of: an expression */
function building(bytes: string): string {
  const root = repository();
  const lines = [
    "import { mkdirSync, writeFileSync } from 'node:fs';",
    "mkdirSync('dist/packages', { recursive: true });",
    `writeFileSync('dist/packages/a-1.2.3.tgz', ${bytes});`,
    "writeFileSync('dist/packages/a-1.2.3.cdx.json', '{}');",
  ];
  writeFileSync(join(root, 'packaging/build.ts'), lines.join('\n'));
  writeFileSync(join(root, '.gitignore'), 'dist/\n');
  commit(root);
  git(root, 'config', 'user.name', 'Somebody');
  git(root, 'config', 'user.email', 'somebody@example.com');
  return root;
}

describe('a commit that can be released', () => {
  it('is built and summed up by a dry run, and gets its tag without one, with the sums and on this machine alone', () => {
    const root = building("'bytes'");
    const remote = mkdtempSync(join(scratch, 'remote-'));
    git(remote, 'init', '--quiet', '--bare');
    git(root, 'remote', 'add', 'origin', remote);
    expect(release(root, '--dry-run')).toMatchObject({
      ...{ status: 0, stderr: '', stdout: expect.stringContaining('1.2.3 can be released') as string },
    });
    const sums = readFileSync(join(root, 'dist/packages/SHA256SUMS'), 'utf8');
    expect(sums).toBe(checksums(join(root, 'dist/packages')));
    expect(git(root, 'tag')).toBe('');
    expect(release(root)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('git push origin HEAD v1.2.3') as string,
    });
    expect(git(root, 'tag', '--list', '--format=%(contents)', 'v1.2.3').trim()).toBe(`1.2.3\n\n${sums.trim()}`);
    expect(git(root, 'rev-parse', 'v1.2.3^{commit}')).toBe(git(root, 'rev-parse', 'HEAD'));
    expect(git(remote, 'for-each-ref')).toBe('');
    expect(release(root)).toMatchObject({ status: 1 });
  });

  it('is built by the workflow in a shallow clone that has no branch', () => {
    const root = building("'bytes'");
    git(root, 'tag', 'v1.2.3');
    const clone = mkdtempSync(join(scratch, 'clone-'));
    git(scratch, 'clone', '--quiet', '--depth', '1', '--branch', 'v1.2.3', `file://${root}`, clone);
    expect(release(clone, '--tagged')).toMatchObject({ status: 0, stderr: '' });
    expect(git(clone, 'tag').trim()).toBe('v1.2.3');
  });

  it('is not tagged when its build knows where it is', () => {
    const root = building('process.cwd()');
    expect(release(root)).toMatchObject({
      ...{
        status: 1,
        stdout: '',
        stderr: expect.stringContaining('a-1.2.3.tgz is not the same in two builds') as string,
      },
    });
    expect(git(root, 'tag')).toBe('');
  });
});

describe('npm run release -- --tagged', () => {
  it('takes a commit with its tag, and no other', () => {
    const root = repository();
    const faults = (): string[] => faultsOfTree(root, { isTagged: true, isDry: false });
    expect(faults()).toEqual([expect.stringMatching(/there is no tag v1\.2\.3/)]);
    git(root, 'tag', '--annotate', 'v1.2.3', '--message', '1.2.3');
    expect(faults()).toEqual([]);
    git(root, 'commit', '--quiet', '--allow-empty', '--message', 'later');
    expect(faults()).toEqual([expect.stringMatching(/of another commit/)]);
  });
});

describe.each(Object.keys(ADDRESSES))('a package.json without %s', (name) => {
  const without = (): string => {
    const root = building("'bytes'");
    write(root, 'package.json', { ...MANIFEST, [name]: undefined });
    commit(root);
    return root;
  };
  const said = `package.json has no "${name}": say where the project lives`;

  it('is neither tagged nor published', () => {
    const root = without();
    const stopped = { status: 1, stdout: '', stderr: expect.stringContaining(`Not released:\n- ${said}`) as string };
    expect(release(root)).toMatchObject(stopped);
    expect(git(root, 'tag')).toBe('');
    git(root, 'tag', 'v1.2.3');
    expect(release(root, '--tagged')).toMatchObject(stopped);
  });

  it('is told of by a dry run, which checks everything else', () => {
    expect(release(without(), '--dry-run')).toMatchObject({
      ...{ status: 0, stderr: '', stdout: expect.stringContaining(`But not yet: ${said}`) as string },
    });
  });
});

it('says nothing of an address where there is one', () => {
  expect(release(building("'bytes'"), '--dry-run').stdout).not.toContain('But not yet');
});

describe('npm run release -- --prepare', () => {
  it('writes the version wherever it stands, and commits it', () => {
    const root = repository();
    changelog(root, `# Changelog\n\n## [Unreleased]\n\n- New.\n\n${CHANGELOG.split('\n').slice(2).join('\n')}`);
    commit(root);
    git(root, 'config', 'user.name', 'Somebody');
    git(root, 'config', 'user.email', 'somebody@example.com');
    expect(release(root, '--prepare', '1.3.0')).toMatchObject({ status: 0, stderr: '' });
    expect(git(root, 'log', '-1', '--format=%s').trim()).toBe('release: 1.3.0');
    expect(faultsOfTree(root, { isTagged: false, isDry: false })).toEqual([]);
    const changed = git(root, 'diff', '--unified=0', 'HEAD~')
      .split('\n')
      .filter((line) => /^\+[^+]/.test(line));
    expect(changed).toHaveLength(6);
    expect(changed.filter((line) => !line.includes('1.3.0'))).toEqual([]);
    expect(git(root, 'tag')).toBe('');
  });

  it('refuses what is no version', () => {
    expect(release(repository(), '--prepare', 'v2')).toMatchObject({
      ...{ status: 1, stderr: 'Not released:\n- "v2" is no version: write it as 1.2.3\n' },
    });
  });
});

describe('two builds', () => {
  const files = (content: Readonly<Record<string, string>>): string => {
    const folder = mkdtempSync(join(scratch, 'build-'));
    for (const [name, text] of Object.entries(content)) writeFileSync(join(folder, name), text);
    return folder;
  };
  const whole = { 'a-1.0.0.tgz': 'bytes', 'a-1.0.0.cdx.json': '{}' };

  it('of the same bytes are good, and their sums are those of sha256sum', () => {
    expect(faultsOfBuilds(files(whole), files(whole))).toEqual([]);
    const folder = files(whole);
    writeFileSync(join(folder, 'SHA256SUMS'), checksums(folder));
    expect(execFileSync('sha256sum', ['--check', 'SHA256SUMS'], { cwd: folder, encoding: 'utf8' })).toContain(
      'a-1.0.0.tgz: OK',
    );
    const { length } = readFileSync(join(folder, 'SHA256SUMS'), 'utf8').trim().split('\n');
    expect(length).toBe(2);
    expect(checksums(folder)).toContain(createHash('sha256').update('bytes').digest('hex'));
  });

  it.each([
    ['differ in a tarball', { ...whole, 'a-1.0.0.tgz': 'other' }, /^a-1\.0\.0\.tgz is not the same/],
    ['differ in what comes with it', { ...whole, 'a-1.0.0.cdx.json': '[]' }, /^a-1\.0\.0\.cdx\.json is not the same/],
    ['differ in what there is', { ...whole, 'b-1.0.0.cdx.json': '{}' }, /^b-1\.0\.0\.cdx\.json is not the same/],
  ])('are refused when they %s', (_, again, said) => {
    expect(faultsOfBuilds(files(whole), files(again))).toEqual([expect.stringMatching(said)]);
  });

  it('are refused without a list of what comes with a tarball, and when nothing was built', () => {
    const alone = { 'a-1.0.0.tgz': 'bytes' };
    expect(faultsOfBuilds(files(alone), files(alone))).toEqual([expect.stringMatching(/has no list of what comes/)]);
    expect(faultsOfBuilds(files({}), files({}))).toEqual([expect.stringMatching(/^nothing was built/)]);
  });
});

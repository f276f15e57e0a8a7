/** The workflow files, read by actionlint: ours, the example's, and the one that a new project gets. And what the releasing one may do. */
import { existsSync, globSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runTool } from './tools.ts';

const ROOT = join(import.meta.dirname, '../..');
const VERSION = 'v1.7.12';
const FOLDER = join(ROOT, '.cache/foreign', `actionlint-${VERSION}`);
const PROGRAM = join(FOLDER, 'actionlint');
/** Without linters of scripts: whether they are installed would decide what is found. */
const OPTIONS = ['-no-color', '-shellcheck=', '-pyflakes='];
const WORKFLOWS = [
  '.github/workflows/*.yml',
  'examples/*/.github/workflows/*.yml',
  'packages/*/template*/github/workflows/*.yml',
];

const files = globSync(WORKFLOWS, { cwd: ROOT }).sort();
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const lint = (text: string) => runTool(PROGRAM, [...OPTIONS, '-'], { input: text, cwd: FOLDER });

beforeAll(async () => {
  if (existsSync(PROGRAM)) return;
  mkdirSync(FOLDER, { recursive: true });
  const install = [`GOBIN=${FOLDER}`, 'go', 'install', `github.com/rhysd/actionlint/cmd/actionlint@${VERSION}`];
  expect(await runTool('env', install)).toMatchObject({ code: 0 });
});

describe('the workflows', () => {
  it('are four', () => {
    expect(files).toEqual([
      '.github/workflows/ci.yml',
      '.github/workflows/release.yml',
      'examples/github-approval/.github/workflows/release.yml',
      'packages/create-nervous-system/template/github/workflows/ci.yml',
    ]);
  });

  it.each(files)('%s has nothing that actionlint finds', async (path) => {
    expect(await lint(read(path))).toEqual({ code: 0, said: '' });
  });

  it.each([
    ['a runner that does not exist', 'ubuntu-24.04', 'ubuntu-4.24', /label "ubuntu-4\.24" is unknown/],
    ['a permission that does not exist', 'id-token: write', 'id-tokens: write', /unknown permission scope "id-tokens"/],
    ['a job that nobody needs to wait for', 'needs: build', 'needs: built', /job "built" which does not exist/],
    ['a value that is not there', 'matrix.package', 'matrix.name', /property "name" is not defined/],
  ])('would not pass with %s', async (_, right, wrong, said) => {
    const text = read('.github/workflows/release.yml');
    expect(text).toContain(right);
    expect(await lint(text.replace(right, wrong))).toMatchObject({
      code: 1,
      said: expect.stringMatching(said) as string,
    });
  });
});

describe('the release workflow', () => {
  const text = read('.github/workflows/release.yml');
  const jobs = new Map(
    text
      .slice(text.indexOf('\njobs:'))
      .split(/^ {2}(?=\w+:$)/m)
      .slice(1)
      .map((job) => [job.slice(0, job.indexOf(':')), job]),
  );

  it('names every action by its commit', () => {
    const used = [...text.matchAll(/uses: (\S+)(.*)$/gm)].map(([, action = '', comment = '']) => action + comment);
    expect(used.length).toBeGreaterThan(4);
    expect(used.filter((one) => !/^actions\/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(one))).toEqual([]);
  });

  it('knows no secret, and may do in each job what that job is for', () => {
    expect(text).not.toMatch(/secrets\.|NODE_AUTH_TOKEN|_authToken/);
    expect(text).toMatch(/^permissions: \{\}$/m);
    const allowed = [...jobs].map(([name, job]) => [name, job.match(/(?<=permissions:\n)(?: {6}.*\n)+/)?.[0].trim()]);
    expect(allowed).toEqual([
      ['build', 'contents: read'],
      ['publish', 'id-token: write'],
      ['attach', 'contents: write'],
    ]);
  });

  it('publishes by a job that runs no code of ours or of our dependencies, with provenance', () => {
    const publish = jobs.get('publish') ?? '';
    expect(publish).toContain('--provenance');
    expect([...publish.matchAll(/- run: (.*)$/gm)].map(([, command]) => command)).toEqual([
      'sha256sum --check SHA256SUMS',
      'npm publish "./$PACKAGE-${GITHUB_REF_NAME#v}.tgz" --provenance --access public',
    ]);
    expect(publish).not.toContain('actions/checkout');
  });
});

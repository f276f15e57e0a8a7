/**
 * Once per `npm run test:package`: installs the tools of this folder's own package, builds the packages, builds them again in a copy of the
 * repository elsewhere, and serves the first ones from a registry. At the end it prints what the tests measured.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import { startRegistry } from './registry.ts';

const run = promisify(execFile);
const HERE = import.meta.dirname;
const REPOSITORY = join(HERE, '../..');
const CACHE = join(REPOSITORY, '.cache/package');

export interface Built {
  /** our packages' names → their tarballs */
  readonly tarballs: Readonly<Record<string, string>>;
  /** the same of the second build */
  readonly again: Readonly<Record<string, string>>;
  readonly registry: string;
  /** the registry that has everybody else's packages */
  readonly upstream: string;
  /** where strangers' folders are made, outside of the repository */
  readonly outside: string;
  /** what package managers keep between runs */
  readonly cache: string;
  /** a file that figures are appended to, a line each */
  readonly figures: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    built: Built;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const outside = mkdtempSync(join(tmpdir(), 'nervous-package-'));
  const figures = join(outside, 'figures');
  writeFileSync(figures, '');
  // What `npm create` ran last time is kept under the name of the package, whatever is in it now.
  rmSync(join(CACHE, 'npm/_npx'), { recursive: true, force: true });
  const [tarballs, again] = await Promise.all([
    build(REPOSITORY),
    buildCopy(join(outside, 'copy')),
    ...toolFolders().map(installTools),
  ]);
  const upstream = (await run('npm', ['config', 'get', 'registry'])).stdout.trim();
  const registry = await startRegistry(Object.values(tarballs), upstream);
  project.provide('built', { tarballs, again, registry: registry.url, upstream, outside, cache: CACHE, figures });
  return async () => {
    await registry.close();
    console.log(`\nWhat was measured:\n${readFileSync(figures, 'utf8').split('\n').sort().join('\n')}`);
    rmSync(outside, { recursive: true, force: true });
  };
}

async function build(repository: string): Promise<Built['tarballs']> {
  const { stdout } = await run(process.execPath, ['packaging/build.ts'], { cwd: repository });
  const paths = stdout.trim().split('\n');
  return Object.fromEntries(paths.map((path) => [basename(path).replace(/-\d.*$/, ''), path]));
}

/** What git has or is about to have, in another folder at another time: neither may be in the bytes. */
async function buildCopy(copy: string): Promise<Built['again']> {
  const { stdout } = await run('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: REPOSITORY });
  for (const path of stdout.split('\0')) {
    if (path === '' || !existsSync(join(REPOSITORY, path))) continue;
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    cpSync(join(REPOSITORY, path), join(copy, path));
  }
  symlinkSync(join(REPOSITORY, 'node_modules'), join(copy, 'node_modules'));
  return build(copy);
}

/** Another Node is needed at night alone. */
function toolFolders(): string[] {
  const isNewer = process.env['PACKAGE_MANAGERS']?.includes('node-26') === true;
  return [HERE, ...(isNewer ? [join(HERE, 'node-26')] : [])];
}

async function installTools(cwd: string): Promise<void> {
  const wanted = createHash('sha256')
    .update(readFileSync(join(cwd, 'package-lock.json')))
    .digest('hex');
  const installed = join(cwd, 'node_modules/.installed');
  if (existsSync(installed) && readFileSync(installed, 'utf8') === wanted) return;
  await run('npm', ['ci', '--ignore-scripts'], { cwd });
  if (readdirSync(join(cwd, 'node_modules')).length > 0) writeFileSync(installed, wanted);
}

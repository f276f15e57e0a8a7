/**
 * What the peers need, set up once in `.cache/peers`: PostgreSQL and Redis from Debian packages, the others built from Go modules, ours
 * built as the package is. What could not be set up is told by name, and its variants are left out.
 */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { run, type RunOptions } from './processes.ts';

export const ROOT = join(import.meta.dirname, '../..');
const NATS_SERVER = 'github.com/nats-io/nats-server/v2@v2.15.2';
const IMMUDB = 'github.com/codenotary/immudb/cmd/immudb';
const PG_CLIENT = 'pg@8.23.1';

export type Need = 'postgres' | 'redis' | 'lean client' | 'nats-server' | 'immudb' | 'pg for Node';

export interface Programs {
  /** where everything of a run is */
  readonly folder: string;
  /** program → where it is */
  readonly found: ReadonlyMap<Need, string>;
  /** program → why it is not there */
  readonly missing: ReadonlyMap<Need, string>;
}

export const FOLDER = join(ROOT, '.cache/peers');
const GO = join(import.meta.dirname, 'go');
const BIN = join(FOLDER, 'bin');

export async function setUp(needs: ReadonlySet<Need>, tell: (line: string) => void): Promise<Programs> {
  for (const folder of ['bin', 'logs', 'data']) mkdirSync(join(FOLDER, folder), { recursive: true });
  await buildOurs();
  const found = new Map<Need, string>();
  const missing = new Map<Need, string>();
  for (const need of needs) {
    tell(`setting up ${need}`);
    try {
      found.set(need, await WAYS[need]());
    } catch (error) {
      missing.set(need, error instanceof Error ? error.message : String(error));
    }
  }
  return { folder: FOLDER, found, missing };
}

const WAYS: Readonly<Record<Need, () => Promise<string>>> = {
  postgres: () => fromDebian('postgresql', postgresFolder),
  redis: () => fromDebian('redis-server', () => onPath('redis-server')),
  'lean client': () => buildGo('lean', 'lean', '.'),
  'nats-server': async () => {
    const program = join(BIN, 'nats-server');
    if (!existsSync(program)) await run('go', ['install', NATS_SERVER], { env: { GOBIN: BIN } });
    return program;
  },
  immudb: async () => {
    if (!existsSync(join(BIN, 'immudb'))) await buildGo('immudb', 'immudb', IMMUDB);
    return buildGo('immudb', 'immubench', '.');
  },
  'pg for Node': async () => {
    const folder = join(FOLDER, 'node_modules/pg');
    if (!existsSync(folder)) {
      const args = ['install', '--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--silent', PG_CLIENT];
      await run('npm', args, { cwd: FOLDER });
    }
    linkPackage();
    return folder;
  },
};

async function fromDebian(name: string, find: () => string | undefined): Promise<string> {
  const there = find();
  if (there !== undefined) return there;
  if (onPath('apt-get') === undefined) throw new Error(`it is not installed, and there is no apt-get: install ${name}`);
  if (process.getuid?.() !== 0) throw new Error(`it is not installed: apt-get install ${name} as root`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-qq'], { env });
  await run('apt-get', ['install', '-y', '-qq', name], { env });
  const installed = find();
  if (installed === undefined) throw new Error(`apt-get installed ${name}, but its program is not where it should be`);
  return installed;
}

/** The newest. */
function postgresFolder(): string | undefined {
  const versions = globSync('/usr/lib/postgresql/*/bin/initdb').map((path) => dirname(path));
  const newest = versions.sort((a, b) => Number(b.split('/')[4]) - Number(a.split('/')[4]))[0];
  if (newest !== undefined) return newest;
  const initdb = onPath('initdb');
  return initdb === undefined ? undefined : dirname(initdb);
}

function onPath(program: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(':')
    .map((folder) => join(folder, program))
    .find((path) => existsSync(path));
}

/** The part that all Go programs share stands once in the sources, and in each program where it is built. */
async function buildGo(module: string, program: string, what: string): Promise<string> {
  if (onPath('go') === undefined) throw new Error('it is built from Go modules, and there is no go: install Go 1.26');
  const folder = join(FOLDER, 'go', module);
  cpSync(join(GO, module), folder, { recursive: true });
  copyFileSync(join(GO, 'common.go'), join(folder, 'common.go'));
  const options: RunOptions = { cwd: folder, env: { GOFLAGS: '-mod=mod' } };
  await run('go', ['build', '-o', join(BIN, program), what], options);
  return join(BIN, program);
}

/** PostgreSQL refuses to run as root. @returns the user to be instead */
export function postgresUser(): RunOptions['user'] {
  if (process.getuid?.() !== 0) return undefined;
  const id = (which: string): number => Number(execFileSync('id', [which, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** The package as users get it, a configuration beside it that imports it as theirs does, and the programs that load it. */
async function buildOurs(): Promise<void> {
  rmSync(join(FOLDER, 'packages'), { recursive: true, force: true });
  await run(process.execPath, [join(ROOT, 'packaging/build.ts'), '--modules', join(FOLDER, 'packages')]);
  linkPackage();
  const place = (from: string, to: string, imports: Readonly<Record<string, string>>): void => {
    let text = readFileSync(join(ROOT, from), 'utf8');
    for (const [ours, theirs] of Object.entries(imports)) text = text.replace(ours, theirs);
    writeFileSync(join(FOLDER, to), text);
  };
  place('nervous.config.ts', 'sample.config.ts', { './core/system/index.ts': 'nervous-system/config' });
  place('bench/support/bench-config.ts', 'nervous.config.ts', { '../../nervous.config.ts': './sample.config.ts' });
  await build({
    entryPoints: ['ours-in-process', 'ours-verified', 'ours-by-sdk', 'postgres-signed'].map((name) =>
      join(import.meta.dirname, 'clients', `${name}.ts`),
    ),
    outdir: join(FOLDER, 'clients'),
    outExtension: { '.js': '.mjs' },
    ...{ bundle: true, format: 'esm', platform: 'node', target: 'node24', packages: 'external', logLevel: 'error' },
  });
  await build({
    entryPoints: [join(FOLDER, 'nervous.config.ts')],
    outfile: join(FOLDER, 'clients/config.mjs'),
    ...{ bundle: true, format: 'esm', platform: 'node', target: 'node24', packages: 'external', logLevel: 'error' },
  });
}

function linkPackage(): void {
  const link = join(FOLDER, 'node_modules/nervous-system');
  mkdirSync(dirname(link), { recursive: true });
  if (!existsSync(link)) symlinkSync(join(FOLDER, 'packages/nervous-system'), link);
  writeFileSync(join(FOLDER, 'package.json'), '{"private":true,"type":"module"}\n');
}

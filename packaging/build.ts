/**
 * `npm run build:packages`: everything that is published, from this one tree, as folders under `dist/packages`, and beside them as
 * tarballs, each with a list of what comes with it (sbom.ts). The same commit gives the same bytes.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { buildConsole } from '../console/build.ts';
import { scriptOptions } from '../test/support/script-options.ts';
import { copyAwsPackage } from './aws-package.ts';
import { bundleMainPackage, bundleModules } from './main-package.ts';
import { COMPILED, PACKAGES, ROOT } from './paths.ts';
import { writeSboms, type Described, type Packed } from './sbom.ts';

const MAIN = 'nervous-system';
const AWS = 'nervous-system-aws';
const TEMPLATES = ['template/package.json', 'template-aws/package-aws.json'];

interface Manifest {
  readonly name: string;
  readonly version?: string;
  /** held against the provenance when a package is published (docs/releasing.md) */
  readonly repository?: unknown;
  readonly homepage?: unknown;
  readonly bugs?: unknown;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** @returns the tarballs */
export async function buildPackages(): Promise<readonly string[]> {
  rmSync(join(ROOT, 'dist'), { recursive: true, force: true });
  compile();
  const main = startPackage(MAIN);
  const bundled = await bundleMainPackage(join(main, 'dist'));
  await buildConsole(join(main, 'dist/console'));
  addCommand(main);
  const aws = startPackage(AWS);
  await copyAwsPackage(join(aws, 'dist'));
  const create = startPackage('create-nervous-system');
  addTemplates(create);
  const packed = [pack(main, bundled), pack(aws), pack(create)];
  writeSboms(packed);
  return packed.map(({ tarball }) => tarball);
}

/** What runs of the main package on Node, without types and for no tarball: for the benches. */
async function buildMainModules(into: string): Promise<void> {
  const main = startPackage(MAIN, into);
  await bundleModules(join(main, 'dist'));
  addCommand(main);
}

/** With the compiler that checks the sources, so that what is published was checked. */
function compile(): void {
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', join(ROOT, 'packaging/tsconfig.build.json'), '--outDir', COMPILED], {
    stdio: 'inherit',
  });
}

/** The folder with what every package has. Versions are said once, in the package.json of this repository. */
function startPackage(name: string, into = PACKAGES): string {
  const folder = join(into, name);
  mkdirSync(folder, { recursive: true });
  const ours = read(join(ROOT, 'package.json'));
  const manifest = read(join(ROOT, 'packages', name, 'package.json'));
  const known: Manifest['dependencies'] = { ...ours.devDependencies, ...ours.dependencies, [MAIN]: ours.version ?? '' };
  const versioned = (names: Manifest['dependencies'] = {}): Record<string, string> =>
    Object.fromEntries(Object.keys(names).map((one) => [one, known[one] ?? unknown(one)]));
  const { dependencies, peerDependencies } = manifest;
  const { repository, homepage, bugs } = ours;
  const whole = {
    ...{ ...manifest, version: ours.version, dependencies: versioned(dependencies) },
    ...{ repository, homepage, bugs }, // JSON leaves out what is not known
    ...(peerDependencies === undefined ? {} : { peerDependencies: versioned(peerDependencies) }),
  };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(whole, undefined, 2)}\n`);
  copyFileSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
  copyFileSync(join(ROOT, 'packages', name, 'README.md'), join(folder, 'README.md'));
  return folder;
}

/** With the versions that a new project is to have: those that this one is tested with. */
function addTemplates(folder: string): void {
  const source = join(ROOT, 'packages/create-nervous-system');
  for (const part of ['create.mjs', 'template', 'template-aws'])
    cpSync(join(source, part), join(folder, part), { recursive: true });
  chmodSync(join(folder, 'create.mjs'), 0o755);
  const file = join(folder, 'package.json');
  const { version = '', dependencies, devDependencies } = read(join(ROOT, 'package.json'));
  const ours = { [MAIN]: `^${version}`, [AWS]: `^${version}` };
  const versions: Manifest['dependencies'] = { ...devDependencies, ...dependencies, ...ours };
  const asked = TEMPLATES.flatMap((one) => namesIn(join(source, one)));
  const named = Object.fromEntries(asked.map((one) => [one, versions[one] ?? unknown(one)]));
  writeFileSync(file, `${JSON.stringify({ ...read(file), versions: named }, undefined, 2)}\n`);
}

function namesIn(file: string): string[] {
  const { dependencies, devDependencies } = read(file);
  return Object.keys({ ...dependencies, ...devDependencies });
}

function addCommand(folder: string): void {
  const source = readFileSync(join(ROOT, 'clients/cli/nervous.mjs'), 'utf8');
  const file = join(folder, 'dist/nervous.mjs');
  writeFileSync(file, source.replace("'./main.ts'", "'./main.js'"));
  chmodSync(file, 0o755);
}

/** @param bundled packages of others whose code is in the folder */
function pack(folder: string, bundled: readonly string[] = []): Packed {
  const args = ['pack', '--silent', '--pack-destination', PACKAGES];
  const tarball = join(PACKAGES, execFileSync('npm', args, { cwd: folder, encoding: 'utf8' }).trim());
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Described;
  return { name: basename(folder), tarball, manifest, bundled };
}

function read(path: string): Manifest {
  return JSON.parse(readFileSync(path, 'utf8')) as Manifest;
}

function unknown(dependency: string): never {
  throw new Error(`a package depends on "${dependency}", which package.json does not have`);
}

const USAGE = `npm run build:packages [-- --modules <folder>]
  --modules <folder>  only what runs of the main package, into this folder: no types, no tarball`;

if (import.meta.main) {
  const { modules } = scriptOptions(USAGE, { modules: { type: 'string' } });
  if (modules === undefined) for (const tarball of await buildPackages()) console.log(tarball);
  else await buildMainModules(modules);
}

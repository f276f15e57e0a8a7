/**
 * `npm run build:packages`: everything that is published, from this one tree, as folders under `dist/packages` and as tarballs
 * beside them. The same commit gives the same bytes.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scriptOptions } from '../test/support/script-options.ts';
import { copyAwsPackage } from './aws-package.ts';
import { bundleMainPackage } from './main-package.ts';
import { COMPILED, PACKAGES, ROOT } from './paths.ts';

const MAIN = 'nervous-system';
const AWS = 'nervous-system-aws';
const TEMPLATES = ['template/package.json', 'template-aws/package-aws.json'];

interface Manifest {
  readonly name: string;
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

export async function buildPackages(): Promise<readonly string[]> {
  rmSync(join(ROOT, 'dist'), { recursive: true, force: true });
  compile();
  const main = startPackage(MAIN);
  await bundleMainPackage(join(main, 'dist'));
  addCommand(main);
  const aws = startPackage(AWS);
  await copyAwsPackage(join(aws, 'dist'));
  const create = startPackage('create-nervous-system');
  addTemplates(create);
  return [main, aws, create].map(pack);
}

/** With the compiler that checks the sources, so that what is published was checked. */
function compile(): void {
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', join(ROOT, 'packaging/tsconfig.build.json'), '--outDir', COMPILED], {
    stdio: 'inherit',
  });
}

/** The folder with what every package has. Versions are said once, in the package.json of this repository. */
function startPackage(name: string): string {
  const folder = join(PACKAGES, name);
  mkdirSync(folder, { recursive: true });
  const ours = read(join(ROOT, 'package.json'));
  const manifest = read(join(ROOT, 'packages', name, 'package.json'));
  const known: Manifest['dependencies'] = { ...ours.devDependencies, ...ours.dependencies, [MAIN]: ours.version ?? '' };
  const versioned = (names: Manifest['dependencies'] = {}): Record<string, string> =>
    Object.fromEntries(Object.keys(names).map((one) => [one, known[one] ?? unknown(one)]));
  const { dependencies, peerDependencies } = manifest;
  const whole = {
    ...{ ...manifest, version: ours.version, dependencies: versioned(dependencies) },
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

/** @returns the tarball */
function pack(folder: string): string {
  const args = ['pack', '--silent', '--pack-destination', PACKAGES];
  return join(PACKAGES, execFileSync('npm', args, { cwd: folder, encoding: 'utf8' }).trim());
}

function read(path: string): Manifest {
  return JSON.parse(readFileSync(path, 'utf8')) as Manifest;
}

function unknown(dependency: string): never {
  throw new Error(`a package depends on "${dependency}", which package.json does not have`);
}

if (import.meta.main) {
  scriptOptions('npm run build:packages: takes no options', {});
  for (const tarball of await buildPackages()) console.log(tarball);
}

/**
 * What comes with each package, beside its tarball: a CycloneDX document by the schema of CycloneDX, the same when it is built again,
 * and what an install of these versions really brings, package by package, with hash and licence.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sbomOf } from '../../packaging/sbom.ts';
import { built, emptyFolder, figure, must } from './stranger.ts';

interface Component {
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly scope?: 'required' | 'optional';
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  readonly licenses: readonly { readonly license?: { readonly id: string }; readonly expression?: string }[];
  readonly components?: readonly Component[];
}
interface Bom {
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}
/** Of `node_modules/.package-lock.json`, where npm says what it installed. */
interface Installed {
  readonly version: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly optional?: boolean;
}
interface Validator {
  validate(text: string): Promise<unknown>;
}

const NAMES = ['nervous-system', 'nervous-system-aws', 'create-nervous-system'];
const textOf = (name: string): string => readFileSync(sbomOf(built.tarballs[name] ?? ''), 'utf8');
const bomOf = (name: string): Bom => JSON.parse(textOf(name)) as Bom;
const ours = (one: { readonly name: string }): boolean => NAMES.includes(one.name);

/** @returns what is wrong, or null */
async function faultsOf(text: string): Promise<unknown> {
  const name = '@cyclonedx/cyclonedx-library'; // of this folder's own package; the project's types do not know it
  const { Spec, Validation } = (await import(name)) as {
    Spec: { Version: { v1dot6: string } };
    Validation: { JsonStrictValidator: new (version: string) => Validator };
  };
  return new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text);
}

/** What stands for a package: what it is, what its tarball is, and under which licence. */
function toLine({ purl, hashes = [], licenses }: Component): string {
  return [purl, hashes[0]?.content ?? 'inside another', licenses[0]?.expression ?? licenses[0]?.license?.id].join(' ');
}

function installedLine(path: string, { version, integrity = '', license }: Installed): string {
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const hash = Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex');
  return [`pkg:npm/${name.replace('@', '%40')}@${version}`, hash === '' ? 'inside another' : hash, license].join(' ');
}

/** @param held versions that every package of these names is to have */
async function install(name: string, held: Readonly<Record<string, string>>): Promise<ReadonlyMap<string, Installed>> {
  const cwd = emptyFolder('sbom');
  const { version } = bomOf(name).metadata.component;
  const manifest = { name: 'consumer', private: true, dependencies: { [name]: version }, overrides: held };
  writeFileSync(join(cwd, 'package.json'), JSON.stringify(manifest));
  await must(['npm', 'install', '--ignore-scripts', '--omit=dev'], { cwd });
  const file = join(cwd, 'node_modules/.package-lock.json');
  const { packages } = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, Installed> };
  return new Map(Object.entries(packages));
}

describe.each(NAMES)('what comes with %s', (name) => {
  it('is a CycloneDX document, and one with a fault would not be', async () => {
    expect(await faultsOf(textOf(name))).toBeNull();
    for (const [right, wrong] of [
      ['"type": "library"', '"type": "shelf"'],
      ['"Apache-2.0"', '"Apache-0.2"'],
    ] as const)
      expect(await faultsOf(textOf(name).replace(right, wrong))).not.toBeNull();
  });

  it('is the same bytes when it is built again elsewhere', () => {
    expect(readFileSync(sbomOf(built.again[name] ?? ''), 'utf8')).toBe(textOf(name));
  });

  it('names no host that has packages, no place on this machine, no time and nothing random', () => {
    const text = textOf(name);
    expect(text.match(/https?:\/\/[^"]+/g)).toEqual(['http://cyclonedx.org/schema/bom-1.6.schema.json']);
    expect(text).not.toMatch(/timestamp|serialNumber|urn:uuid|localhost|127\.0\.0\.1/);
    expect(text.includes(process.cwd())).toBe(false);
  });

  it('names the tarball by its hash', () => {
    const sha512 = createHash('sha512')
      .update(readFileSync(built.tarballs[name] ?? ''))
      .digest('hex');
    const { component } = bomOf(name).metadata;
    expect(component).toMatchObject({ name, hashes: [{ alg: 'SHA-512', content: sha512 }] });
  });

  it('is what an install of these versions brings: no package more, none less, each with its hash and licence', async () => {
    const { components, metadata } = bomOf(name);
    const held = components.filter((one) => one.hashes !== undefined && !ours(one));
    expect(new Set(held.map((one) => one.name)).size).toBe(held.length);
    const installed = await install(name, Object.fromEntries(held.map((one) => [one.name, one.version])));
    const brought = new Set([...installed].map(([path, one]) => installedLine(path, one)));
    const listed = [metadata.component, ...components];
    const required = listed.filter(({ scope }) => scope !== 'optional').map(toLine);
    expect([...brought].filter((line) => !listed.map(toLine).includes(line))).toEqual([]);
    expect(required.filter((line) => !brought.has(line))).toEqual([]);
    figure(
      `what comes with ${name}`,
      `${required.length - 1} packages, and ${components.length - required.length + 1} for some systems only`,
    );
  });

  it('says who asks for whom, without a name that is not there', () => {
    const { components, dependencies, metadata } = bomOf(name);
    const refs = [metadata.component, ...components].map(({ purl }) => purl);
    expect(dependencies.map(({ ref }) => ref).sort()).toEqual(refs.toSorted());
    const asked = new Set(dependencies.flatMap(({ dependsOn }) => dependsOn));
    expect(components.map(({ purl }) => purl).filter((purl) => !asked.has(purl))).toEqual([]);
    expect([...asked].filter((ref) => !refs.includes(ref))).toEqual([]);
  });
});

it('tells of the code of others that is inside the tarball', () => {
  const inside = bomOf('nervous-system').metadata.component.components ?? [];
  const licences = join(
    built.tarballs['nervous-system'] ?? '',
    '../nervous-system/dist/browser/THIRD-PARTY-LICENSES.txt',
  );
  expect(existsSync(licences)).toBe(true);
  const [{ name, version } = { name: '', version: '' }, ...more] = inside;
  expect(more).toEqual([]);
  expect(readFileSync(licences, 'utf8').split('\n')[0]).toBe(`${name} ${version}`);
});

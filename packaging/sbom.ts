/**
 * What comes with a package, as a CycloneDX document beside its tarball: every package that an install brings, in the version that the
 * lock has and everything was tested with. `npm sbom` is not used: it describes this repository, and writes its folder's name, the
 * time and a random number, so that no two are the same.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './paths.ts';

type Names = Readonly<Record<string, string>>;

/** What a package says of itself, in a package.json and in the lock (https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json). */
export interface Described {
  readonly version: string;
  readonly license: string;
  readonly description?: string;
  /** not of what is packed inside another package */
  readonly integrity?: string;
  readonly dependencies?: Names;
  readonly optionalDependencies?: Names;
  readonly peerDependencies?: Names;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** The folder of a package, as npm lays them out → the package. */
type Lock = ReadonlyMap<string, Described>;

export interface Packed {
  readonly name: string;
  readonly tarball: string;
  readonly manifest: Described;
  /** packages whose code is inside the tarball */
  readonly bundled: readonly string[];
}

/** @param packed the packages of this repository, each of which may ask for another; their files are written beside the tarballs */
export function writeSboms(packed: readonly Packed[]): void {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Readonly<Record<string, Described>>;
  };
  const ours = packed.map(({ name, tarball, manifest }) => {
    const integrity = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`;
    return [`node_modules/${name}`, { ...manifest, integrity }] as const;
  });
  const lock: Lock = new Map([...Object.entries(packages), ...ours]);
  for (const one of packed) writeFileSync(sbomOf(one.tarball), `${JSON.stringify(sbom(one, lock), undefined, 2)}\n`);
}

export function sbomOf(tarball: string): string {
  return tarball.replace(/\.tgz$/, '.cdx.json');
}

function sbom({ name, manifest, bundled }: Packed, lock: Lock): object {
  const self = `node_modules/${name}`;
  const required = new Set([...reach(self, lock, requiredBy)].map((path) => refAt(path, lock)));
  const folders = Map.groupBy(reach(self, lock, askedBy), (path) => refAt(path, lock));
  const own = refAt(self, lock);
  const brought = [...folders].filter(([ref]) => ref !== own).sort(([a], [b]) => compare(a, b));
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    ...{ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1 },
    metadata: {
      tools: { components: [{ type: 'application', name: 'npm run build:packages', version: manifest.version }] },
      component: {
        ...{ ...component(self, lock), description: manifest.description },
        ...hashesAt(self, lock),
        ...(bundled.length === 0 ? {} : { components: bundled.map((one) => inside(one, lock)) }),
      },
    },
    components: brought.map(([ref, [path = '']]) => ({
      ...component(path, lock),
      scope: required.has(ref) ? 'required' : 'optional',
      ...hashesAt(path, lock),
    })),
    dependencies: [[own, [self]] as const, ...brought].map(([ref, paths]) => {
      const refs = paths.flatMap((path) => askedBy(path, lock)).map((path) => refAt(path, lock));
      return { ref, dependsOn: [...new Set(refs)].sort(compare) };
    }),
  };
}

/** @returns folders of packages: the first one, and all that it asks for, directly or not */
function reach(first: string, lock: Lock, asked: typeof askedBy): Set<string> {
  const reached = new Set([first]);
  for (const path of reached) for (const next of asked(path, lock)) reached.add(next); // a set goes on with what is added
  return reached;
}

/** Of all that is asked for, what comes on every system and in every install. */
function requiredBy(path: string, lock: Lock): string[] {
  const { optionalDependencies = {} } = at(path, lock);
  return askedBy(path, lock).filter((one) => !(nameOf(one) in optionalDependencies));
}

function askedBy(path: string, lock: Lock): string[] {
  const { dependencies, optionalDependencies, peerDependencies = {}, peerDependenciesMeta = {} } = at(path, lock);
  const peers = Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true);
  const names = new Set([...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers]);
  return [...names].map((name) => find(name, path, lock));
}

/** As Node looks for it: in the folder of whoever asks, and in those above. */
function find(name: string, from: string, lock: Lock): string {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const path = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (lock.has(path)) return path;
    if (folder === '') throw new Error(`package-lock.json has no "${name}", which "${from}" asks for`);
  }
}

function inside(name: string, lock: Lock): object {
  const path = `node_modules/${name}`;
  return { ...component(path, lock), 'bom-ref': `${refAt(path, lock)}#inside`, ...hashesAt(path, lock) };
}

function component(path: string, lock: Lock) {
  const { version, license } = at(path, lock);
  const purl = refAt(path, lock);
  const isExpression = / (?:OR|AND|WITH) /.test(license);
  return {
    ...{ type: 'library', 'bom-ref': purl, name: nameOf(path), version, purl },
    licenses: [isExpression ? { expression: license } : { license: { id: license } }],
  };
}

/** https://github.com/package-url/purl-spec: what it is, and no place where it was had from */
function refAt(path: string, lock: Lock): string {
  return `pkg:npm/${nameOf(path).replace('@', '%40')}@${at(path, lock).version}`;
}

/** What the tarball of it must be, as npm checks it. */
function hashesAt(path: string, lock: Lock): object {
  const [, sha512] = /^sha512-(.+)$/.exec(at(path, lock).integrity ?? '') ?? [];
  if (sha512 === undefined) return {};
  return { hashes: [{ alg: 'SHA-512', content: Buffer.from(sha512, 'base64').toString('hex') }] };
}

function at(path: string, lock: Lock): Described {
  const found = lock.get(path);
  if (found === undefined) throw new Error(`package-lock.json has no "${path}"`);
  return found;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

/** By code units, as every machine sorts. */
function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

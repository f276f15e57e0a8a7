/** What must hold before a commit is released. Each check gives sentences that say what is wrong and what to do; none is good. */
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Release {
  readonly version: string;
  readonly tag: string;
}

export interface CheckOptions {
  /** the tag is there already and names this commit, as when the release workflow runs; otherwise it must not be there */
  readonly isTagged: boolean;
  /** nothing is tagged or published of it, so it need not say where the project lives */
  readonly isDry: boolean;
}

/** https://semver.org: no version before a release, which npm would have to be told another tag for */
const SEMVER = /^\d+\.\d+\.\d+$/;
export const UNRELEASED = 'Unreleased';

export function releaseOf(root: string): Release {
  const { version } = manifestOf(root);
  return { version, tag: `v${version}` };
}

/** Everything that can be known without building. */
export function faultsOfTree(root: string, { isTagged, isDry }: CheckOptions): string[] {
  return [
    ...changedFiles(root),
    ...versionFaults(root),
    ...changelogFaults(root),
    ...tagFaults(root, isTagged),
    ...(isDry ? [] : addressFaults(root)),
  ];
}

export function changedFiles(root: string): string[] {
  const changed = git(root, 'status', '--porcelain').split('\n').filter(Boolean);
  if (changed.length === 0) return [];
  return [`the tree is not clean: commit, or take back, ${changed.map((line) => line.slice(3)).join(', ')}`];
}

export function faultsOfVersion(version: string): string[] {
  return SEMVER.test(version) ? [] : [`"${version}" is no version: write it as 1.2.3`];
}

function versionFaults(root: string): string[] {
  const { version } = manifestOf(root);
  const faults = faultsOfVersion(version);
  if (faults.length > 0) return faults;
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    readonly version: string;
    readonly packages: { readonly '': { readonly version: string } };
  };
  const locked = new Set([lock.version, lock.packages[''].version]);
  if (locked.size === 1 && locked.has(version)) return [];
  return [`package-lock.json says ${[...locked].join(' and ')}, package.json says ${version}: run npm install`];
}

function changelogFaults(root: string): string[] {
  const { version } = manifestOf(root);
  const [, top, rest = ''] = /^## \[([^\]]+)\](.*)$/m.exec(changelogOf(root)) ?? [];
  if (top === undefined) return [`CHANGELOG.md has no section: begin with "## [${version}] - <date>"`];
  if (top === UNRELEASED)
    return [`CHANGELOG.md begins with [${UNRELEASED}]: run npm run release -- --prepare ${version}`];
  if (top !== version)
    return [`CHANGELOG.md begins with [${top}], package.json says ${version}: they must be the same`];
  if (!/^ - \d{4}-\d{2}-\d{2}$/.test(rest)) return [`CHANGELOG.md has no date: write "## [${version}] - <date>"`];
  if (notesOf(root).trim() === '') return [`CHANGELOG.md says nothing about ${version}: write what changed`];
  return [];
}

/** What CHANGELOG.md says in its top section. */
function notesOf(root: string): string {
  return changelogOf(root).split(/^## .*$/m)[1] ?? '';
}

function tagFaults(root: string, isTagged: boolean): string[] {
  const { tag } = releaseOf(root);
  const isThere = git(root, 'tag', '--list', tag).trim() !== '';
  if (!isTagged)
    return isThere ? [`the tag ${tag} is there already: a version is released once, so take the next one`] : [];
  if (!isThere) return [`there is no tag ${tag}: the tag must be "v" and the version in package.json`];
  const [tagged, head] = [`${tag}^{commit}`, 'HEAD'].map((name) => git(root, 'rev-parse', name).trim());
  return tagged === head ? [] : [`the tag ${tag} is of another commit: ${String(tagged)}, not ${String(head)}`];
}

/** npm compares `repository` with what the provenance names, and refuses a package that has none; people find the others on its page. */
const ADDRESSES = ['repository', 'homepage', 'bugs'] as const;

/** A tag is for ever, so it is not made before these are known. */
export function addressFaults(root: string): string[] {
  const manifest = manifestOf(root);
  const missing = ADDRESSES.filter((name) => (manifest[name] ?? '') === '').map((name) => `"${name}"`);
  if (missing.length === 0) return [];
  return [
    `package.json has no ${missing.join(', ')}: say where the project lives, and in the commit before the tag (docs/releasing.md)`,
  ];
}

/** @param built folders with tarballs and lists, each of one build of the same commit */
export function faultsOfBuilds(built: string, again: string): string[] {
  const [one, other] = [filesIn(built), filesIn(again)];
  const names = [...new Set([...one.keys(), ...other.keys()])].sort();
  const unlike = names.filter((name) => one.get(name) !== other.get(name));
  const missing = names.filter(
    (name) => name.endsWith('.tgz') && !existsSync(join(built, name.replace(/\.tgz$/, '.cdx.json'))),
  );
  return [
    ...(names.length === 0 ? [`nothing was built in ${built}`] : []),
    ...unlike.map(
      (name) => `${name} is not the same in two builds of this commit: find what differs before you release it`,
    ),
    ...missing.map((name) => `${name} has no list of what comes with it (.cdx.json)`),
  ];
}

/** For `sha256sum --check`. */
export function checksums(built: string): string {
  return [...filesIn(built)].map(([name, sha256]) => `${sha256}  ${name}\n`).join('');
}

/** @returns name → SHA-256 of what is published of a build */
function filesIn(folder: string): Map<string, string> {
  const names = globSync(['*.tgz', '*.cdx.json'], { cwd: folder }).sort();
  return new Map(
    names.map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex'),
    ]),
  );
}

interface Manifest {
  readonly version: string;
  readonly repository?: unknown;
  readonly homepage?: unknown;
  readonly bugs?: unknown;
}

function manifestOf(root: string): Manifest {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
}

function changelogOf(root: string): string {
  return readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
}

export function git(root: string, ...args: string[]): string {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8' });
}

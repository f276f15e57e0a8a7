/**
 * `npm run release`: checks the commit that is checked out, builds it here and in a fresh clone to the same bytes, leaves the tarballs, what
 * comes with each and their SHA-256 in `dist/packages`, and tags the commit. It pushes and publishes nothing: the release workflow does
 * the publishing, without a token (docs/releasing.md).
 */
import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scriptOptions } from '../test/support/script-options.ts';
import { PACKAGES, ROOT } from './paths.ts';
import {
  addressFaults,
  changedFiles,
  checksums,
  faultsOfBuilds,
  faultsOfTree,
  faultsOfVersion,
  git,
  releaseOf,
  UNRELEASED,
  type CheckOptions,
} from './release-checks.ts';

const USAGE = `npm run release [-- --dry-run | --tagged | --prepare <version>]
  --dry-run            everything but the tag
  --tagged             as --dry-run, of a commit that has its tag already: what the release workflow runs
  --prepare <version>  writes the version and the heading of CHANGELOG.md, and commits them; nothing else`;

/** @returns what is wrong; nothing was tagged if there is anything */
function release(options: CheckOptions): readonly string[] {
  const faults = faultsOfTree(ROOT, options);
  if (faults.length > 0) return faults;
  const unlike = buildTwice();
  if (unlike.length > 0) return unlike;
  const { version, tag } = releaseOf(ROOT);
  const sums = checksums(PACKAGES);
  writeFileSync(join(PACKAGES, 'SHA256SUMS'), sums);
  console.log(`${sums}\n${version} can be released: two builds are the same bytes, and are in dist/packages.`);
  for (const fault of options.isDry ? addressFaults(ROOT) : []) console.log(`But not yet: ${fault}`);
  if (options.isDry || options.isTagged) return [];
  git(ROOT, 'tag', '--annotate', tag, '--message', `${version}\n\n${sums}`);
  console.log(`This commit has the tag ${tag} now, on this machine alone. To release it: git push origin HEAD ${tag}`);
  return [];
}

/** Here, and in a clone: what git has must be enough, and neither the place nor the time may be in the bytes. */
function buildTwice(): string[] {
  const clone = mkdtempSync(join(tmpdir(), 'nervous-release-'));
  try {
    git(ROOT, '-c', 'advice.detachedHead=false', 'clone', '--quiet', '--no-hardlinks', ROOT, clone);
    symlinkSync(join(ROOT, 'node_modules'), join(clone, 'node_modules'));
    for (const folder of [ROOT, clone])
      execFileSync(process.execPath, ['packaging/build.ts'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
    return faultsOfBuilds(PACKAGES, join(clone, 'dist/packages'));
  } finally {
    rmSync(clone, { recursive: true, force: true });
  }
}

/** Files that say the version → how it stands there. */
const SAID: readonly (readonly [glob: string, put: (version: string) => string])[] = [
  ['package.json', (version) => `  "version": "${version}"`],
  ['package-lock.json', (version) => `"name": "nervous-system",\n  "version": "${version}"`],
  ['package-lock.json', (version) => `      "name": "nervous-system",\n      "version": "${version}"`],
  ['examples/*/package.json', (version) => `"nervous-system": "^${version}"`],
  ['docs/packages.md', (version) => `nervous-system-${version}.tgz`],
];

/** @param version written where the last one stands, and over what CHANGELOG.md has of unreleased changes, with today's date */
function prepare(version: string): readonly string[] {
  const faults = [...changedFiles(ROOT), ...faultsOfVersion(version)];
  if (faults.length > 0) return faults;
  const { version: last } = releaseOf(ROOT);
  for (const [glob, put] of SAID)
    for (const file of globSync(glob, { cwd: ROOT })) replace(file, put(last), put(version));
  const [today = ''] = new Date().toISOString().split('T');
  replace('CHANGELOG.md', `## [${UNRELEASED}]`, `## [${version}] - ${today}`);
  git(ROOT, 'commit', '--quiet', '--all', '--message', `release: ${version}`);
  console.log(
    `"release: ${version}" is committed, on this machine alone. Have it reviewed and merged; then: npm run release`,
  );
  return [];
}

function replace(file: string, old: string, put: string): void {
  const path = join(ROOT, file);
  const text = readFileSync(path, 'utf8');
  if (!text.includes(old)) throw new Error(`${file} does not have ${JSON.stringify(old)}`);
  writeFileSync(
    path,
    text.replace(old, () => put),
  );
}

const {
  'dry-run': isDry,
  tagged: isTagged,
  prepare: version,
} = scriptOptions(USAGE, {
  'dry-run': { type: 'boolean', default: false },
  tagged: { type: 'boolean', default: false },
  prepare: { type: 'string' },
});
const faults = version === undefined ? release({ isDry, isTagged }) : prepare(version);
if (faults.length > 0) {
  console.error(`Not released:\n${faults.map((fault) => `- ${fault}`).join('\n')}`);
  process.exitCode = 1;
}

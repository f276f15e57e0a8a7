/** What is in the tarballs, held against the limits of docs/packages.md and against other people's tools. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { built, emptyFolder, figure, must, run, TOOLS } from './stranger.ts';

const NAMES = ['nervous-system', 'nervous-system-aws', 'create-nervous-system'];
/** Bytes, packed: less than the lightest of comparable packages (docs/adr/0039-what-a-tarball-may-weigh.md). */
const MAX_PACKED: Readonly<Record<string, number>> = {
  'nervous-system': 600_000,
  'nervous-system-aws': 600_000,
  'create-nervous-system': 20_000,
};
/** Of what docs/packages.md says a tarball weighs: what grows by more at once is looked at, and said. */
const MAX_DRIFT = 0.2;
const PAGE = readFileSync(join(import.meta.dirname, '../../docs/packages.md'), 'utf8');
const MAX_FILES = 300;
const MAX_BROWSER_BYTES = 25 * 1024;
const MAX_INSTALLED_BYTES = 12 * 1024 * 1024;
const MAX_INSTALLED_PACKAGES = 15;

const tarball = (name: string): string => built.tarballs[name] ?? '';
const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');
const filesIn = (name: string): string[] =>
  execFileSync('tar', ['tzf', tarball(name)], { encoding: 'utf8' })
    .trim()
    .split('\n');

describe.each(NAMES)('%s', (name) => {
  it('is the same bytes when it is built again elsewhere', () => {
    expect(sha256(tarball(name))).toBe(sha256(built.again[name] ?? ''));
  });

  it('is as small as it says', () => {
    const { length } = readFileSync(tarball(name));
    figure(`${name}, packed`, `${length} bytes, ${filesIn(name).length} files`);
    expect(length).toBeLessThanOrEqual(MAX_PACKED[name] ?? 0);
  });

  it('weighs about what the page on packages says', () => {
    const said = new RegExp(`^\\| \`${name}\`, packed \\|.*\\| ([\\d,]+) bytes, `, 'm').exec(PAGE)?.[1] ?? 'nothing';
    const bytes = Number(said.replaceAll(',', ''));
    expect(Math.abs(readFileSync(tarball(name)).length / bytes - 1), `the page says ${said}`).toBeLessThan(MAX_DRIFT);
  });

  it('holds no test of ours, and no source that Node would not run there', () => {
    const files = filesIn(name).filter((path) => !path.includes('/template'));
    expect(files).toContain('package/LICENSE');
    expect(files.filter((path) => /\.ts$/.test(path) && !path.endsWith('.d.ts'))).toEqual([]);
    expect(files.filter((path) => /\/tests?\/|\.test\./.test(path))).toEqual([]);
  });

  it('names no place of the machine that built it', () => {
    const all = execFileSync('tar', ['xzOf', tarball(name)], { encoding: 'latin1', maxBuffer: 2 ** 28 });
    expect(all.includes(process.cwd())).toBe(false);
    expect(all).not.toMatch(/\/(?:home|Users)\/[a-z]/);
  });

  it('has nothing that publint would change', async () => {
    expect(await run([join(TOOLS, 'publint'), '--strict', tarball(name)], { cwd: built.outside })).toMatchObject({
      code: 0,
      out: expect.stringContaining('All good!') as string,
    });
  });
});

describe('nervous-system', () => {
  it('has few files', () => expect(filesIn('nervous-system').length).toBeLessThanOrEqual(MAX_FILES));

  it.each(['nervous-system', 'nervous-system-aws'])('%s has types that fit what runs, for attw', async (name) => {
    await must([join(TOOLS, 'attw'), tarball(name), '--profile', 'esm-only'], { cwd: built.outside });
  });

  it('installs little, nothing native, and runs nothing when it is installed', async () => {
    const cwd = emptyFolder('little');
    await must(['npm', 'init', '-y'], { cwd });
    const began = performance.now();
    await must(['npm', 'install', '--omit=dev', '--no-audit', 'nervous-system'], { cwd });
    figure('npm install --omit=dev nervous-system', `${((performance.now() - began) / 1000).toFixed(1)} s`);
    const listed = await must(['npm', 'query', '*'], { cwd });
    const all = JSON.parse(listed) as { location: string; scripts?: Record<string, string> }[];
    const packages = all.filter(({ location }) => location !== '');
    const bytes = Number((await must(['du', '-sb', 'node_modules'], { cwd })).split('\t')[0]);
    figure('installed, embedded only', `${(bytes / 2 ** 20).toFixed(1)} MiB, ${packages.length} packages`);
    expect(packages.length).toBeLessThanOrEqual(MAX_INSTALLED_PACKAGES);
    expect(bytes).toBeLessThanOrEqual(MAX_INSTALLED_BYTES);
    const atInstall = packages.filter(({ scripts = {} }) =>
      /\b(?:pre|post)?install\b/.test(Object.keys(scripts).join(' ')),
    );
    expect(atInstall).toEqual([]);
    expect(await must(['find', 'node_modules', '-name', '*.node', '-o', '-name', 'binding.gyp'], { cwd })).toBe('');
    // Advisories are the upstream registry's; one that has none cannot be asked, and the summary says so.
    const audit = await run(['npm', 'audit', '--omit=dev'], { cwd, env: { npm_config_registry: built.upstream } });
    const isAnswered = !audit.err.includes('audit endpoint returned an error');
    figure(
      'npm audit --omit=dev',
      isAnswered ? 'asked' : 'NOT CHECKED: this registry answers no questions about advisories',
    );
    if (isAnswered) expect(audit).toMatchObject({ code: 0 });
  });

  it('names its functions in a stack trace, short as its other names are', async () => {
    const cwd = emptyFolder('stack');
    await must(['npm', 'init', '-y'], { cwd });
    await must(['npm', 'install', '--omit=dev', 'nervous-system'], { cwd });
    const command = ['npx', 'nervous', 'catalog', 'list', '--config', 'none.ts'];
    const { err } = await run(command, { cwd, env: { NERVOUS_DEBUG: '1' } });
    for (const name of ['loadConfig', 'currentCatalog', 'runCommand'])
      expect(err).toMatch(new RegExp(`at (?:async )?${name} \\(`));
  });

  it('brings a client that runs in browsers: no module of Node, and small', async () => {
    const cwd = emptyFolder('browser');
    await must(['npm', 'init', '-y'], { cwd });
    await must(['npm', 'install', 'nervous-system'], { cwd });
    const { outputFiles } = await build({
      stdin: {
        contents: `import { createClient } from 'nervous-system/sdk'; globalThis.client = createClient;`,
        resolveDir: cwd,
      },
      ...{ bundle: true, minify: true, format: 'esm', platform: 'browser', write: false, logLevel: 'silent' },
    });
    const code = Buffer.concat(outputFiles.map(({ contents }) => contents));
    const { length } = gzipSync(code, { level: 9 });
    figure('client for browsers, minified and gzipped', `${length} bytes`);
    expect(code.toString()).not.toMatch(/node:|\bBuffer\b/);
    const licences = readFileSync(
      join(cwd, 'node_modules/nervous-system/dist/browser/THIRD-PARTY-LICENSES.txt'),
      'utf8',
    );
    expect(licences).toMatch(/^@noble\/hashes [\d.]+\n\nThe MIT License/);
    expect(length).toBeLessThanOrEqual(MAX_BROWSER_BYTES);
  });
});

/** The built site: whatever it links to is there, down to the heading, and no page asks another host for anything. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildSite, SITE } from '../../site/build.ts';
import { isForeign, loadedByCss, readHtml, type Html } from './html.ts';

const pages = new Map<string, Html>();
const textOf = (path: string): string => readFileSync(join(SITE, path), 'utf8');
const files = new Set<string>();
beforeAll(() => {
  buildSite();
  for (const path of globSync('**/*', { cwd: SITE })) files.add(path);
  for (const path of files) if (path.endsWith('.html')) pages.set(path, readHtml(textOf(path)));
});

/** The file that an address of a page means, and the heading in it. */
function targetOf(from: string, address: string): { readonly file: string; readonly anchor: string } {
  const [path = '', anchor = ''] = address.split('#').map(decodeURIComponent);
  const joined = path.startsWith('/') ? path.slice(1) : path === '' ? from : posix.join(dirname(from), path);
  const file = joined === '' || joined === '.' || joined.endsWith('/') ? posix.join(joined, 'index.html') : joined;
  return { file: posix.normalize(file), anchor };
}

/** @returns what is not there */
function brokenIn(page: string, addresses: readonly string[]): string[] {
  return addresses
    .filter((address) => !/^(?:[a-z]+:|\/\/)/i.test(address))
    .filter((address) => {
      const { file, anchor } = targetOf(page, address);
      return !files.has(file) || (anchor !== '' && pages.get(file)?.ids.has(anchor) !== true);
    })
    .map((address) => `${page}: ${address}`);
}

describe('the site', () => {
  it('has a page for each that the sidebar names, and many links', () => {
    expect(pages.size).toBeGreaterThan(70);
    expect([...pages.values()].flatMap(({ links }) => links).length).toBeGreaterThan(5_000);
    for (const name of [
      'tutorial',
      'openapi',
      'asyncapi',
      'api/index',
      'api/nervous-system/sdk',
      'api/nervous-system-aws',
    ])
      expect(pages.has(`${name}.html`), name).toBe(true);
  });

  it('has no link and no anchor that leads nowhere', () => {
    expect([...pages].flatMap(([page, { links }]) => brokenIn(page, links))).toEqual([]);
    expect(
      [...pages].flatMap(([page, { loaded }]) =>
        brokenIn(
          page,
          loaded.filter((one) => !one.startsWith('#')),
        ),
      ),
    ).toEqual([]);
  });

  it('loads nothing from another host', () => {
    expect(
      [...pages].flatMap(([page, { loaded }]) => loaded.filter(isForeign).map((one) => `${page}: ${one}`)),
    ).toEqual([]);
    const styles = [...files].filter((path) => path.endsWith('.css'));
    expect(styles.length).toBeGreaterThan(0);
    expect(styles.flatMap((path) => loadedByCss(textOf(path)).filter(isForeign))).toEqual([]);
    // What scripts would ask for, browsers refuse: each page says so itself.
    const policy = '<meta http-equiv="Content-Security-Policy" content="default-src \'self\';';
    expect([...pages.keys()].filter((path) => !textOf(path).includes(policy))).toEqual([]);
    const scripts = [...files].filter((path) => path.endsWith('.js'));
    const asking =
      /(?:\bfetch|\bimport|importScripts|sendBeacon|new (?:WebSocket|EventSource|Worker|SharedWorker))\(\s*["'`](?:[a-z]+:)?\/\//;
    expect(scripts.filter((path) => asking.test(textOf(path)))).toEqual([]);
  });

  it('is searched without a server, and headings of the pages are in the index', () => {
    const index = [...files]
      .filter((path) => /localSearchIndex.*\.js$/.test(path))
      .map(textOf)
      .join('\n');
    expect(index).toContain('The corridor of a decision');
    expect(index).toContain('startTestSystem');
  });

  it('is there for agents: each page as Markdown, named in llms.txt and whole in llms-full.txt', () => {
    const named = [...textOf('llms.txt').matchAll(/^- \[[^\]]+\]\(\/([^)]+)\): \S/gm)].map(([, path = '']) => path);
    expect(named.length).toBeGreaterThan(35);
    expect(named.filter((path) => !files.has(path))).toEqual([]);
    const whole = textOf('llms-full.txt');
    expect(named.filter((path) => !whole.includes(textOf(path)))).toEqual([]);
  });
});

describe('what reads the pages', () => {
  it('sees what is loaded, linked and named', () => {
    const html = readHtml(
      '<link href="//x.example/a.css"><img src=\'b.svg\'><a href="c.html#d">c</a><h2 id="e">e</h2><p style="background: url(f.png)"></p>',
    );
    expect(html).toEqual({ loaded: ['//x.example/a.css', 'b.svg', 'f.png'], links: ['c.html#d'], ids: new Set(['e']) });
    expect(loadedByCss('@import \'https://x.example/a.css\'; .b { src: url("/c.woff2") }')).toEqual([
      'https://x.example/a.css',
      '/c.woff2',
    ]);
    expect([isForeign('https://x.example'), isForeign('//x.example'), isForeign('/x'), isForeign('data:x')]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('finds a link and an anchor that lead nowhere', () => {
    expect(brokenIn('index.html', ['nowhere.html', 'cli.html#no-such-heading', 'cli.html#exit-codes'])).toEqual([
      'index.html: nowhere.html',
      'index.html: cli.html#no-such-heading',
    ]);
  });
});

/** The repository's own Markdown as the pages of the site: the same text, at shorter addresses, with links that fit them. */
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';

const ROOT_PAGES = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md'];
/** Files that are no pages, such as an example that a page links to, are on the site under this folder as they are. */
const FILES = 'files';
const FENCE = /^ *```/;
const LINK = /(?<=\]\()([^)\s]+)(?=\))/g;

interface Staged {
  /** path in the repository */
  readonly source: string;
  /** path on the site, which ends in `.md` */
  readonly path: string;
}

/** Paths of the pages in docs/, without past decisions. */
export function docsOf(repository: string): string[] {
  return globSync('docs/*.md', { cwd: repository }).sort();
}

function pagesOf(repository: string): Staged[] {
  const sources = [...ROOT_PAGES, ...docsOf(repository), ...globSync('docs/adr/*.md', { cwd: repository }).sort()];
  return sources.map((source) => ({ source, path: placeOf(source) }));
}

/** `README.md` → `index.md`, `docs/cli.md` → `cli.md`, `docs/README.md` → `overview.md` */
export function placeOf(source: string): string {
  if (source === 'README.md') return 'index.md';
  if (source === 'docs/README.md') return 'overview.md';
  return source.replace(/^docs\//, '').replace(/(^|\/)README\.md$/, '$1index.md');
}

/** @param out the folder that becomes the site's source */
export function stagePages(repository: string, out: string): void {
  const pages = pagesOf(repository);
  const places = new Map(pages.map(({ source, path }) => [source, path]));
  for (const { source, path } of pages) {
    const text = readFileSync(join(repository, source), 'utf8');
    const linked = eachLink(text, (target) => linkFrom({ source, path }, target, { repository, out, places }));
    mkdirSync(dirname(join(out, path)), { recursive: true });
    writeFileSync(join(out, path), linked);
  }
}

/** Code is left alone. */
function eachLink(text: string, change: (target: string) => string): string {
  let isCode = false;
  const lines = text.split('\n').map((line) => {
    if (FENCE.test(line)) isCode = !isCode;
    return isCode ? line : line.replaceAll(LINK, change);
  });
  return lines.join('\n');
}

interface Staging {
  readonly repository: string;
  readonly out: string;
  readonly places: ReadonlyMap<string, string>;
}

function linkFrom({ source, path }: Staged, target: string, { repository, out, places }: Staging): string {
  if (/^[a-z]+:|^#/.test(target)) return target;
  const [file = '', anchor] = target.split('#');
  const named = posix.normalize(posix.join(posix.dirname(source), file)).replace(/\/$/, '');
  const page = places.get(named);
  const end = anchor === undefined ? '' : `#${anchor}`;
  if (page !== undefined) return `${relativeTo(path, page)}${end}`;
  const from = join(repository, named);
  if (!existsSync(from) || statSync(from).isDirectory())
    throw new Error(`${source} links to ${target}, which is no file`);
  // An image is shown; anything else is opened, and browsers show text.
  const place = /\.(?:svg|png)$/.test(named) ? named : `${named}.txt`;
  cpSync(from, join(out, 'public', FILES, place));
  return `/${FILES}/${place}`;
}

function relativeTo(from: string, to: string): string {
  const path = relative(dirname(from), to);
  return path.startsWith('.') ? path : `./${path}`;
}

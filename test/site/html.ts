/** Built pages as tests see them: what a browser loads of itself, what a reader can click, and where both may lead. */
export interface Html {
  /** addresses that are loaded without a click */
  readonly loaded: readonly string[];
  /** addresses of `<a>` */
  readonly links: readonly string[];
  readonly ids: ReadonlySet<string>;
}

const TAG = /<([a-z][a-z0-9-]*)((?:\s+[^\s"'>/=]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+))?)*)\s*\/?>/gi;
const ATTRIBUTE = /([^\s"'>/=]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/g;
/** Attributes by which a tag loads something. */
const LOADING = ['src', 'srcset', 'poster', 'data', 'action', 'background'];

export function readHtml(text: string): Html {
  const loaded: string[] = [];
  const links: string[] = [];
  const ids = new Set<string>();
  for (const [, tag = '', rest = ''] of text.matchAll(TAG)) {
    const attributes = new Map(
      [...rest.matchAll(ATTRIBUTE)].map(([, name = '', a, b, c]) => [name, plain(a ?? b ?? c ?? '')]),
    );
    const id = attributes.get('id');
    if (id !== undefined) ids.add(id);
    const href = attributes.get('href');
    if (href !== undefined) (tag === 'a' ? links : loaded).push(href);
    loaded.push(
      ...LOADING.flatMap((name) => attributes.get(name) ?? []),
      ...loadedByCss(attributes.get('style') ?? ''),
    );
  }
  for (const [, css = ''] of text.matchAll(/<style[^>]*>([^]*?)<\/style>/g)) loaded.push(...loadedByCss(css));
  return { loaded, links, ids };
}

export function loadedByCss(css: string): string[] {
  return [...css.matchAll(/(?:url\(|@import\s+)\s*["']?([^"')\s;]+)/g)].map(([, address = '']) => address);
}

export function isForeign(address: string): boolean {
  return /^(?:[a-z][a-z0-9+.-]*:)?\/\//i.test(address);
}

function plain(text: string): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}

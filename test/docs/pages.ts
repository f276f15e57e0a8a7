/** README and the pages of docs/ as tests see them: their text, fenced blocks, inline code and links. Markdown, and no more of it than they use. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const REPOSITORY = join(import.meta.dirname, '../..');

export interface Block {
  /** of the opening fence, 1-based */
  readonly line: number;
  readonly language: string;
  /** what stands behind the language */
  readonly info: string;
  readonly text: string;
  /** what the page says right before it in a line of its own, in italics: why no test runs it */
  readonly notRun: string | undefined;
}

export interface Page {
  /** path in the repository */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
  /** without its fenced blocks */
  readonly prose: string;
}

const NOT_RUN = /^ *\*Not run here: (.+)\*$/;

/** Pages that are not about a clone, and the test that types them where they are about. */
export const TYPED_OUTSIDE: Readonly<Record<string, string>> = {
  'docs/tutorial.md': 'test/package/tutorial.test.ts', // an empty folder, and packages that are installed
};

/** Everything but past decisions and the list of changes, which tell of what was. */
export function pages(): Page[] {
  const paths = ['README.md', ...globSync('docs/*.md', { cwd: REPOSITORY }).sort()];
  return paths.map((path) => {
    const text = readFileSync(join(REPOSITORY, path), 'utf8');
    return pageOf(path, text);
  });
}

export function pageAt(path: string): Page {
  return pageOf(path, readFileSync(join(REPOSITORY, path), 'utf8'));
}

export function pageOf(path: string, text: string): Page {
  return { path, text, ...splitFences(text) };
}

function splitFences(text: string): Pick<Page, 'blocks' | 'prose'> {
  const blocks: Block[] = [];
  const prose: string[] = [];
  let above = ''; // the last line of prose since the block before
  let open: { line: number; language: string; info: string; lines: string[] } | undefined;
  for (const [i, line] of text.split('\n').entries()) {
    const fence = /^ *```(\S*) ?(.*)$/.exec(line);
    if (open === undefined && fence !== null) {
      open = { line: i + 1, language: fence[1] ?? '', info: fence[2] ?? '', lines: [] };
    } else if (open !== undefined && fence !== null) {
      const { lines, ...rest } = open;
      const [, notRun] = NOT_RUN.exec(above) ?? [];
      above = '';
      blocks.push({ ...rest, text: lines.map((one) => `${one}\n`).join(''), notRun });
      open = undefined;
    } else if (open === undefined) {
      prose.push(line);
      if (line.trim() !== '') above = line;
    } else open.lines.push(line);
  }
  return { blocks, prose: prose.join('\n') };
}

/** What stands between single backticks. */
export function inlineCode(prose: string): string[] {
  return [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
}

/** GitHub's anchor of each heading. */
export function anchors(text: string): Set<string> {
  const headings = [...splitFences(text).prose.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => title);
  return new Set(
    headings.map((title) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  );
}

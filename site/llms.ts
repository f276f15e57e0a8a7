/** llms.txt (https://llmstxt.org) names every page with its first sentence; llms-full.txt is all of them in one file; and each page is there as Markdown. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { docsOf, placeOf } from './pages.ts';
import { GENERATED, sectionsOf } from './sidebar.ts';

/** @param source the folder of the site's pages  @param out the built site */
export function writeForAgents(repository: string, source: string, out: string): void {
  const sections = sectionsOf(docsOf(repository)).map(({ title, about, pages }) => {
    const own = Object.entries(pages).map(([page, name]) => ({ path: placeOf(page), name }));
    const made = title === 'Reference' ? Object.entries(GENERATED).map(([path, name]) => ({ path, name })) : [];
    return { title, about, pages: [...own, ...made] };
  });
  const all = [{ path: 'index.md', name: 'Nervous System' }, ...sections.flatMap(({ pages }) => pages)];
  const texts = new Map(all.map(({ path }) => [path, readFileSync(join(source, path), 'utf8')]));
  for (const { path } of all) {
    mkdirSync(dirname(join(out, path)), { recursive: true });
    copyFileSync(join(source, path), join(out, path));
  }
  const lines = sections.flatMap(({ title, about, pages }) => [
    `## ${title}: ${about}`,
    '',
    ...pages.map(({ path, name }) => `- [${name}](/${path}): ${firstSentence(texts.get(path) ?? '')}`),
    '',
  ]);
  writeFileSync(
    join(out, 'llms.txt'),
    ['# Nervous System', '', `> ${firstSentence(texts.get('index.md') ?? '')}`, '', ...lines].join('\n'),
  );
  writeFileSync(
    join(out, 'llms-full.txt'),
    all.map(({ path }) => `<!-- /${path} -->\n\n${texts.get(path) ?? ''}`).join('\n'),
  );
}

/** Of the first paragraph below the title. */
function firstSentence(text: string): string {
  const paragraph = /^(?![#|<!`\s-]).+(?:\n.+)*/m.exec(text)?.[0] ?? '';
  const plain = paragraph
    .replaceAll('\n', ' ')
    .replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '$1')
    .replaceAll('**', '');
  return /^.*?\.(?=\s|$)/.exec(plain)?.[0] ?? plain;
}

/** How VitePress shows the pages that site/build.ts lays out. Nothing comes from another host: fonts and search are files of the site. */
import { join } from 'node:path';
import { GENERATED, sectionsOf } from '../sidebar.ts';
import { docsOf, placeOf } from '../pages.ts';

const link = (path) => `/${path.replace(/(?:index)?\.md$/, '')}`;
const itemsOf = (pages) => Object.entries(pages).map(([path, text]) => ({ text, link: link(path) }));
const ownItems = (pages) =>
  itemsOf(Object.fromEntries(Object.entries(pages).map(([source, text]) => [placeOf(source), text])));

/** GitHub's, which the pages' own links are written for. */
const slugify = (title) =>
  title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');

/** Inline are the theme's own script that chooses light or dark, and styles of code. */
const POLICY =
  "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:";

export default {
  title: 'Nervous System',
  description: 'An event bus and a change-set ledger: one signed, provable record, and no change without approval.',
  srcDir: '.pages',
  outDir: '../dist/site',
  cacheDir: 'node_modules/.vitepress',
  lastUpdated: false,
  ignoreDeadLinks: [/^\/(?:files\/|openapi\.json|asyncapi\.json)/], // files are no pages; test/site follows every link of what is built
  head: [['meta', { 'http-equiv': 'Content-Security-Policy', content: POLICY }]],
  markdown: { anchor: { slugify }, attrs: { disable: true } }, // `{id}` of a path is no attribute
  themeConfig: {
    search: { provider: 'local' },
    outline: { level: [2, 3] },
    nav: [
      { text: 'Tutorial', link: '/tutorial' },
      { text: 'All pages', link: '/overview' },
    ],
    sidebar: sectionsOf(docsOf(join(import.meta.dirname, '../..'))).map(({ title, pages }) => ({
      text: title,
      items: [...ownItems(pages), ...(title === 'Reference' ? itemsOf(GENERATED) : [])],
    })),
  },
};

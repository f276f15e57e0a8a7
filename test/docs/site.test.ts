/** The site's sidebar has every page, once, in one of four sections. What is built of it is tested by npm run test:site. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { docsOf, placeOf } from '../../site/pages.ts';
import { SECTIONS, sectionsOf } from '../../site/sidebar.ts';
import { REPOSITORY } from './pages.ts';

describe('the sidebar', () => {
  const named = sectionsOf(docsOf(REPOSITORY)).flatMap(({ pages }) => Object.keys(pages));

  it('has tutorials, how-tos, reference and explanation', () => {
    expect(SECTIONS.map(({ title }) => title)).toEqual(['Tutorial', 'How to', 'Reference', 'Explanation']);
  });

  it('names every page of docs/ once, and none that is gone', () => {
    const pages = docsOf(REPOSITORY).filter((path) => path !== 'docs/README.md'); // the overview is in the top bar
    expect(named.filter((path) => path.startsWith('docs/') && !path.startsWith('docs/adr/')).sort()).toEqual(pages.sort());
    expect(named.filter((path) => !existsSync(join(REPOSITORY, path)))).toEqual([]);
  });

  it('has a place for a page that nobody has sorted', () => {
    const [, , reference] = sectionsOf([...docsOf(REPOSITORY), 'docs/not-sorted.md']);
    expect(reference?.pages).toMatchObject({ 'docs/not-sorted.md': 'not sorted', 'docs/cli.md': 'Command line' });
  });

  it('leads to addresses of their own', () => {
    expect(new Set(named.map(placeOf)).size).toBe(named.length);
    expect(['README.md', 'docs/README.md', 'docs/cli.md', 'docs/adr/README.md'].map(placeOf)).toEqual(['index.md', 'overview.md', 'cli.md', 'adr/index.md']);
  });
});

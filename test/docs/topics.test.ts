/** The committed contract of the sample: the page is what the configuration says, and nobody who relied on the snapshot breaks. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { catalogEntries, diffCatalogs, ledgerTopics, parseCatalogDocument } from '../../core/events/index.ts';
import { defineConfig, topicReference } from '../../core/system/index.ts';
import { config } from '../../nervous.config.ts';

const fileAt = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const WRITE_AGAIN = 'run "npm run write:catalog" and commit what it writes';

describe('what is committed of the catalog', () => {
  it('is the page of the configuration', () => {
    expect(fileAt('docs/topics.md'), WRITE_AGAIN).toBe(topicReference(config));
  });

  it('promises nothing that the configuration has broken, and misses nothing of it', () => {
    const kept = parseCatalogDocument(JSON.parse(fileAt('catalog.json')));
    const topics = catalogEntries(ledgerTopics(config.topics));
    const now = parseCatalogDocument(JSON.parse(JSON.stringify({ topics })));
    const changes = diffCatalogs(kept, now);
    expect(changes.filter(({ severity }) => severity === 'breaking')).toEqual([]);
    expect(changes, WRITE_AGAIN).toEqual([]);
  });
});

describe('the page of a catalog', () => {
  const hostile = 'a|b `c` ``d`` <script>\n# e | [f](g) **h**';
  const hostileConfig = defineConfig({
    ledger: 'main',
    origin: 'x.example',
    topics: {
      'a.b': {
        description: hostile,
        versions: {
          1: z.strictObject({}),
          2: z.object({ [hostile]: z.string().meta({ description: hostile }), list: z.array(z.object({ x: z.int() })) }),
        },
      },
    },
    modules: { m: { publishes: ['a.*'] } },
    roster: { roles: { owner: {}, risk: {} }, people: [], agents: [] },
    risk: { version: '1', rules: [] },
    operations: {},
  });
  const page = topicReference(hostileConfig);

  it('shows the newest version first, nested fields, and who may', () => {
    expect(page).toMatch(/Published by `m`; subscribed to by nobody\.\n\n### Version 2, the newest[^]+### Version 1\n\nNo fields/);
    expect(page).toMatch(/^\| `list\[\]\.x` \| integer \| yes \| {2}\|$/m);
    expect(page).toContain('Other fields are taken too.');
  });

  it('keeps what others wrote from being more than text', () => {
    const section = page.slice(page.indexOf('## `a.b`'), page.indexOf('## `system'));
    expect(section.replaceAll(/```.*```/g, "")).not.toMatch(/[^\\]<script>/);
    expect(section.match(/^#/gm)).toHaveLength(3);
    for (const row of section.split('\n').filter((line) => line.startsWith('|')))
      expect(row.replaceAll(/\\[^]/g, '').match(/\|/g), row).toHaveLength(5);
  });
});

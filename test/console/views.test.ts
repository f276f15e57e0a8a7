/**
 * Every view, light and dark, wide and narrow: axe-core finds nothing, nothing is wider than the screen, and no view breaks the page's own policy.
 * Each is photographed into `.cache/console`; `npm run write:pictures` puts them into docs/console, which docs/console.md shows.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { launchBrowser, openPage } from './browser.ts';
import { limitProposal, startConsoleEngine, type ConsoleEngine } from './engine.ts';

const ROOT = join(import.meta.dirname, '../..');
const PICTURES = join(ROOT, process.env['CONSOLE_PICTURES'] ?? '.cache/console');

let fixture: ConsoleEngine;
let browser: Browser;
let waiting = '';

beforeAll(async () => {
  [fixture, browser] = await Promise.all([startConsoleEngine(), launchBrowser()]);
  mkdirSync(PICTURES, { recursive: true });
  const budget = fixture.as('budget-engine');
  const failing = await budget.subscribe(
    { id: 'failing', topics: ['transactions.*'], retry: { maxAttempts: 1, baseMs: 1, maxMs: 1 } },
    () => Promise.reject(new Error('the books are closed')),
  );
  await publishCredit();
  await eventually(async () => expect((await budget.deadLetters('failing')).deadLetters).toHaveLength(1));
  await failing.stop();
  const bot = fixture.as('budget-bot');
  await bot.propose(limitProposal('24000.00', { entityId: 'account:7', title: 'Raise the limit of a new customer' }));
  const { change } = await bot.propose(limitProposal('20000.00'));
  waiting = change.id;
  await fixture
    .as('boris')
    .decide(await fixture.as('boris').changeSet(waiting), 'approve', { reason: 'checked with the branch' });
});
afterAll(async () => {
  await browser.close();
  await fixture.close();
});

/** A stream begins when it begins: events are published until the page shows one. */
async function publishUntil(shown: Locator): Promise<void> {
  await eventually(async () => {
    await publishCredit();
    await shown.waitFor({ timeout: 500 });
  });
}

const publishCredit = () =>
  fixture
    .as('bank-feed')
    .publish({ topic: 'transactions.new', entityId: 'account:9', payload: { amount: '1.00', kind: 'credit' } });

interface View {
  readonly name: string;
  /** undefined: nobody is signed in */
  readonly as: string | undefined;
  readonly address: () => string;
  readonly isThere: (page: Page) => Promise<void>;
}

const VIEWS: readonly View[] = [
  {
    name: 'sign-in',
    as: undefined,
    address: () => '',
    isThere: (page) => page.getByLabel('Or paste your token').waitFor(),
  },
  {
    name: 'inbox',
    as: 'clara',
    address: () => '#/inbox',
    isThere: (page) => page.getByRole('link', { name: 'Set the limit to 20000.00' }).waitFor(),
  },
  {
    name: 'change',
    as: 'clara',
    address: () => `#/changes/${waiting}`,
    isThere: async (page) => {
      await page.locator('[data-verdict=shown]').waitFor();
      await page.getByText('Holding such a role').waitFor();
    },
  },
  {
    name: 'history',
    as: 'eva',
    address: () => '#/entities/account%3A1695',
    isThere: (page) => page.locator('[data-verdict=verified]').waitFor(),
  },
  {
    name: 'notices',
    as: 'clara',
    address: () => '#/notices',
    isThere: (page) => page.getByText(/^[1-9]\d* unread/).waitFor(),
  },
  {
    name: 'live',
    as: 'eva',
    address: () => '#/live',
    isThere: async (page) => {
      await page.getByText('Reading what is recorded').waitFor();
      await publishUntil(page.getByText('transactions.new').first());
    },
  },
  {
    name: 'operations',
    as: 'eva',
    address: () => '#/operations',
    isThere: async (page) => {
      await page.locator('[data-health]').waitFor();
      await page.getByText('Dead letters of failing').waitFor();
      await page.getByText('the books are closed').first().waitFor();
    },
  },
  {
    name: 'me',
    as: 'clara',
    address: () => '#/me',
    isThere: (page) => page.getByRole('heading', { name: 'Roles' }).waitFor(),
  },
];

const APPEARANCES = (['light', 'dark'] as const).flatMap((theme) =>
  [1_280, 320].map((width) => ({ theme, width, appearance: `${theme}, ${width} px` })),
);

describe.each(VIEWS)('$name', ({ name, as, address, isThere }) => {
  it.each(APPEARANCES)('is accessible and fits: $appearance', async ({ theme, width }) => {
    const options = { colorScheme: theme, viewport: { width, height: 900 } };
    const { page, complaints, foreign } = await openPage(browser, fixture.engine.url, options);
    await page.goto(as === undefined ? `${fixture.engine.url}/console/` : await fixture.link(as));
    if (as !== undefined) await page.getByRole('button', { name: 'Sign out' }).waitFor();
    await page.evaluate(`location.hash = ${JSON.stringify(address())}`);
    await isThere(page);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    await page.screenshot({ path: join(PICTURES, `${name}-${theme}-${width}.png`), animations: 'disabled' });
    await page.evaluate(axe.source);
    const found = await page.evaluate('axe.run().then(({ violations }) => violations)');
    const told = (found as { id: string; nodes: { html: string; failureSummary: string }[] }[]).map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join('; ')}`,
    );
    expect(told).toEqual([]);
    expect({ complaints, foreign }).toEqual({ complaints: [], foreign: [] });
    await page.context().close();
  });
});

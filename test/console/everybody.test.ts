/** What an operator and everybody can do beside deciding: redrive what was given up, follow events and pause, read notices, know who they are. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { launchBrowser, openPage } from './browser.ts';
import { limitProposal, startConsoleEngine, type ConsoleEngine } from './engine.ts';

let fixture: ConsoleEngine;
let browser: Browser;

beforeAll(async () => {
  [fixture, browser] = await Promise.all([startConsoleEngine(), launchBrowser()]);
});
afterAll(async () => {
  await browser.close();
  await fixture.close();
});

async function open(principal: string, view: string): Promise<Page> {
  const { page } = await openPage(browser, fixture.engine.url);
  await page.goto(await fixture.link(principal));
  await page.getByRole('navigation').getByRole('link', { name: view }).click();
  await page.getByRole('heading', { level: 1 }).waitFor();
  return page;
}

const publish = (amount: string) =>
  fixture
    .as('bank-feed')
    .publish({ topic: 'transactions.new', entityId: 'account:1', payload: { amount, kind: 'credit' } });

it('shows what a subscription gave up, and delivers it again', async () => {
  const budget = fixture.as('budget-engine');
  const got: string[] = [];
  let isOpen = false;
  const running = await budget.subscribe(
    { id: 'books', topics: ['transactions.*'], retry: { maxAttempts: 1, baseMs: 1, maxMs: 1 } },
    ({ eventId }) => {
      if (!isOpen) throw new Error('the books are closed');
      got.push(eventId);
    },
  );
  const { eventId } = await publish('5.00');
  await eventually(async () => expect((await budget.deadLetters('books')).deadLetters).toHaveLength(1));
  isOpen = true;
  const page = await open('budget-engine', 'Operations');
  await page.getByText('the books are closed').waitFor();
  expect(await page.getByRole('row', { name: 'books' }).getByRole('cell').allInnerTexts()).toContain('1');
  await page.getByRole('button', { name: 'Deliver all of books again' }).click();
  await page.getByText('1 are delivered again').waitFor();
  await eventually(() => expect(got).toEqual([eventId]));
  await page.getByText('Dead letters of books').waitFor({ state: 'detached' });
  await page.getByText('1 are delivered again').waitFor(); // it is still said
  await running.stop();
});

it('follows events as they come, and after a pause shows those that came meanwhile', async () => {
  const page = await open('eva', 'Live');
  await eventually(async () => {
    await publish('0.01');
    await page.getByText('"0.01"').first().waitFor({ timeout: 500 });
  });
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByText('Paused:').waitFor();
  await publish('77.00');
  expect(await page.getByText('"77.00"').count()).toBe(0);
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByText('"77.00"').waitFor();
});

it('tells notices and marks them read when asked', async () => {
  await fixture.as('budget-bot').propose(limitProposal('20000.00'));
  await eventually(async () => expect((await fixture.as('boris').notices.list()).unread).toBeGreaterThan(0));
  const page = await open('boris', 'Notices');
  await page.getByRole('button', { name: 'Mark all read' }).click();
  await page.getByText('0 unread').waitFor();
  expect((await fixture.as('boris').notices.list()).unread).toBe(0);
});

it('says who is signed in, by which roles, and whose vote they may cast', async () => {
  const until = new Date(Date.now() + 86_400_000).toISOString();
  await fixture.as('boris').delegate({ to: 'clara', until, reason: 'on leave' });
  const page = await open('clara', 'Who am I');
  await page.getByText('person clara').waitFor();
  const { document } = await fixture.as('clara').policy();
  for (const role of document.roster.people.find(({ personId }) => personId === 'clara')?.roles ?? [])
    expect(await page.getByText(role, { exact: true }).count()).toBeGreaterThan(0);
  await page.getByText('on leave').waitFor();
});

/** Somebody who was sent a link: signs in, finds what waits, understands it, decides by keyboard, and keeps a receipt that verifies elsewhere. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, openPage, type Watched } from './browser.ts';
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

async function signedIn(principal: string): Promise<Watched> {
  const watched = await openPage(browser, fixture.engine.url);
  await watched.page.goto(await fixture.link(principal));
  await watched.page.getByRole('heading', { name: 'Inbox' }).waitFor();
  return watched;
}

const titlesIn = (page: Page, list: string): Promise<string[]> =>
  page
    .locator('section', { has: page.getByRole('heading', { name: list }) })
    .getByRole('link')
    .allInnerTexts();

describe('the console', () => {
  it('leads from the link to a recorded vote in 12 keys or fewer, and to a receipt that verifies offline', async () => {
    const { change } = await fixture.as('budget-bot').propose(limitProposal('20000.00'));
    const { page, complaints, foreign } = await signedIn('boris');
    let keys = 0;
    const press = async (key: string): Promise<void> => {
      keys += 1;
      await page.keyboard.press(key);
    };
    const link = page.getByRole('link', { name: 'Set the limit to 20000.00' });
    await link.waitFor();
    expect(page.url()).not.toContain('link='); // neither history nor bookmarks have it
    for (let i = 0; i < 8 && (await page.locator('main li a:focus').count()) === 0; i++) await press('Tab');
    await press('Enter');
    await page.locator('[data-verdict=shown]').waitFor();
    await press('a');
    await page.getByRole('dialog').waitFor();
    await press('Enter');
    await page.getByRole('heading', { name: 'Your decision is recorded' }).waitFor();
    expect(keys).toBeLessThanOrEqual(12);
    const { votes, contentHash } = await fixture.as('boris').changeSet(change.id);
    expect(votes.map(({ personId, decision }) => [personId, decision])).toEqual([['boris', 'approve']]);

    const [receipt] = await Promise.all([page.waitForEvent('download'), page.getByText('Keep the receipt').click()]);
    expect(JSON.parse(readFileSync(await receipt.path(), 'utf8'))).toMatchObject({
      ...{ voter: 'boris', change: change.id, contentHash, entry: { hash: votes[0]?.hash } },
    });
    const path = join(fixture.dataDir, 'vote.proof');
    await expectProof(page, path);
    const args = ['clients/cli/nervous.mjs', 'verify', 'proof', path, '--vkey', join(fixture.dataDir, 'root.vkey')];
    expect(execFileSync(process.execPath, args, { encoding: 'utf8' })).toMatch(/^OK/);
    expect({ complaints, foreign }).toEqual({ complaints: [], foreign: [] });
  });

  it('says what changes, why, by whose words, by which rules, and who still may', async () => {
    const { change } = await fixture.as('budget-bot').propose(limitProposal('30000.00', { entityId: 'account:2' }));
    const { page } = await signedIn('clara');
    await page.getByRole('link', { name: 'Set the limit to 30000.00' }).click();
    await page.locator('[data-verdict=shown]').waitFor();
    const row = page.getByRole('row', { name: '/limit' });
    expect(await row.innerText()).toMatch(/added.*"30000.00"/s);
    expect(await page.getByText('Words of budget-bot; nobody has checked them').count()).toBe(1);
    for (const { name } of change.risk?.rules ?? []) expect(await page.getByText(name).count()).toBeGreaterThan(0);
    expect(await page.getByText(/Still needed: 2 more approvals/).innerText()).toMatch(/Holding such a role: .*boris/);
    expect(await page.getByText(/^in \d+ d|^in \d+ h/).count()).toBe(1);
    expect(await page.locator('[data-verdict=shown] .hash').innerText()).toBe(
      change.contentHash.replaceAll(/.{4}(?=.)/g, '$& '),
    );
  });

  it('takes a rejection and a comment with their reasons, and none without', async () => {
    const [one, other] = await Promise.all(
      ['5', '6'].map((id) =>
        fixture.as('budget-bot').propose(limitProposal('21000.00', { entityId: `account:${id}` })),
      ),
    );
    for (const [proposed, key, decision] of [
      [one, 'r', 'reject'],
      [other, 'c', 'request-changes'],
    ] as const) {
      const { page } = await signedIn('clara');
      await page.goto(`${fixture.engine.url}/console/#/changes/${proposed?.change.id ?? ''}`);
      await page.locator('[data-verdict=shown]').waitFor();
      await page.keyboard.press(key);
      await page.getByRole('dialog').waitFor();
      await page.getByRole('dialog').locator('button.main').click();
      expect(await page.getByRole('dialog').count()).toBe(1); // a reason is asked for
      await page.keyboard.type('ask the customer first');
      await page.getByRole('dialog').locator('button.main').click();
      await page.getByRole('heading', { name: 'Your decision is recorded' }).waitFor();
      const { votes } = await fixture.as('clara').changeSet(proposed?.change.id ?? '');
      expect(votes).toMatchObject([{ personId: 'clara', decision, reason: 'ask the customer first' }]);
    }
  });

  it('sorts what waits into my turn, returned to me, and waiting for others', async () => {
    const mine = await fixture
      .as('budget-bot')
      .propose(limitProposal('27000.00', { entityId: 'account:7', title: 'new' }));
    const back = await fixture
      .as('budget-bot')
      .propose(limitProposal('28000.00', { entityId: 'account:8', title: 'again' }));
    const seen = await fixture.as('boris').changeSet(back.change.id);
    await fixture.as('boris').decide(seen, 'approve');
    await fixture.as('budget-bot').revise(back.change.id, {
      title: 'again',
      rationale: 'as discussed',
      operations: [{ type: 'state.put', payload: { currency: 'CZK', limit: '29000.00' } }],
    });
    const other = await fixture
      .as('budget-bot')
      .propose(limitProposal('29000.00', { entityId: 'account:9', title: 'voted' }));
    await fixture.as('boris').decide(await fixture.as('boris').changeSet(other.change.id), 'approve');
    const { page } = await signedIn('boris');
    await page.getByText('Waiting for others').waitFor();
    expect(mine.kind).toBe('created');
    expect((await titlesIn(page, 'My turn')).join()).toContain('new');
    expect((await titlesIn(page, 'Returned to me')).join()).toMatch(/again$/);
    expect((await titlesIn(page, 'Waiting for others')).join()).toContain('voted');
  });

  it('signs in by a token as well, and nobody by a link that was used', async () => {
    const link = await fixture.link('eva');
    const { page } = await openPage(browser, fixture.engine.url);
    await page.goto(link);
    await page.getByRole('heading', { name: 'Inbox' }).waitFor();
    const another = await openPage(browser, fixture.engine.url);
    await another.page.goto(link);
    await another.page.getByText('the link was used or is older than a minute').waitFor();
    await another.page.getByLabel('Or paste your token').fill(fixture.engine.tokens['eva'] ?? '');
    await another.page.getByRole('button', { name: 'Sign in' }).click();
    await another.page.getByRole('heading', { name: 'Inbox' }).waitFor();
    await page.reload();
    await page.getByText('prints a link that signs you in').waitFor(); // the token was in memory only
    expect(await page.evaluate('localStorage.length + sessionStorage.length + document.cookie.length')).toBe(0);
  });

  it('refuses the session after signing out', async () => {
    const { page } = await signedIn('eva');
    const request = page.waitForRequest((one) => one.method() === 'DELETE');
    await page.getByRole('button', { name: 'Sign out' }).click();
    const { authorization = '' } = (await request).headers();
    await page.getByText('prints a link that signs you in').waitFor();
    const response = await fetch(`${fixture.engine.url}/v1/catalog`, { headers: { authorization } });
    expect(response.status).toBe(401);
  });
});

/** A checkpoint covers the entry soon after. */
async function expectProof(page: Page, path: string): Promise<void> {
  const arrived = page.waitForEvent('download');
  const asking = new AbortController();
  void arrived.then(
    () => asking.abort(),
    () => asking.abort(),
  );
  while (!asking.signal.aborted) {
    await page.getByText('Keep the proof').click();
    await page.waitForTimeout(500);
  }
  await (await arrived).saveAs(path);
}

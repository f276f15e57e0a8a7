/**
 * Two hundred hostile texts in every view, recorded by the engine or put there by a server that lies: they are shown as text with what hides written out, nothing of
 * theirs runs, and nothing leaves its place. Whatever gets into the page all the same is stopped by its policy.
 */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { launchBrowser, openPage, type Watched } from './browser.ts';
import { limitProposal, startConsoleEngine, type ConsoleEngine } from './engine.ts';
import { HOSTILE } from './hostile-payloads.ts';
import { honest, startLyingServer, type LyingServer } from './lying-server.ts';

/** Values of one document: each change-set shows that many. */
const AT_ONCE = 60;
/** What the views show of what others wrote. */
const FREE =
  /^(?:title|rationale|reason|message|detail|details|text|name|because|lastError|summary|description|source|from|topic)$/;
/** Of documents and payloads every text. */
const WHOLE = /^(?:payload|data|before|after|document|facts|evidence)$/;

let fixture: ConsoleEngine;
let browser: Browser;
let server: LyingServer;
const changes: string[] = [];

beforeAll(async () => {
  [fixture, browser] = await Promise.all([startConsoleEngine(), launchBrowser()]);
  server = await startLyingServer(fixture.engine.url);
  for (let i = 0; i * AT_ONCE < HOSTILE.length; i++) {
    const values = HOSTILE.slice(i * AT_ONCE, (i + 1) * AT_ONCE);
    const members = values.map((value, n) => [`n${n}`, value] as const);
    const payload = { currency: 'CZK', limit: '20000.00', ...Object.fromEntries(members) };
    const { change } = await fixture
      .as('budget-bot')
      .propose(
        limitProposal('20000.00', { entityId: `account:${i + 1}`, operations: [{ type: 'state.put', payload }] }),
      );
    changes.push(change.id);
  }
  const budget = fixture.as('budget-engine');
  const failing = await budget.subscribe(
    { id: 'failing', topics: ['transactions.*'], retry: { maxAttempts: 1, baseMs: 1, maxMs: 1 } },
    () => Promise.reject(new Error('<img src=x onerror=window.__ran=1>')),
  );
  await fixture
    .as('bank-feed')
    .publish({ topic: 'transactions.new', entityId: 'account:9', payload: { amount: '1.00', kind: 'credit' } });
  await eventually(async () => expect((await budget.deadLetters('failing')).deadLetters).toHaveLength(1));
  await failing.stop();
});
afterEach(() => {
  server.lie = honest;
});
afterAll(async () => {
  await browser.close();
  await server.close();
  await fixture.close();
});

async function open(principal: string, address: string): Promise<Watched & { readonly dialogs: readonly string[] }> {
  const watched = await openPage(browser, server.url, { viewport: { width: 320, height: 900 } });
  const dialogs: string[] = [];
  watched.page.on('dialog', (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  await watched.page.goto(await fixture.link(principal, server.url));
  await watched.page.getByRole('button', { name: 'Sign out' }).waitFor();
  await watched.page.evaluate(`location.hash = ${JSON.stringify(address)}`);
  return { ...watched, dialogs };
}

const LOOK = `({
  ran: window.__ran,
  made: [...document.querySelectorAll('script:not([src]), img, svg, iframe, object, embed, base, math, style, [onerror], [onload], body form[action], a[href]:not([href^="#/"])')].map((one) => one.outerHTML.slice(0, 200)),
  hidden: [...document.body.innerText.matchAll(/[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u115f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufeff\\ufff9]/g)].map(([one, at]) => one.codePointAt(0).toString(16)),
  wide: document.documentElement.scrollWidth,
  text: document.body.innerText,
})`;

interface Look {
  readonly ran?: unknown;
  readonly made: readonly string[];
  readonly hidden: readonly string[];
  readonly wide: number;
  readonly text: string;
}

async function expectHarmless({ page, complaints, foreign, dialogs }: Awaited<ReturnType<typeof open>>): Promise<Look> {
  const { text, ...look } = await page.evaluate<Look>(LOOK);
  expect({ ...look, wide: look.wide <= 320, complaints, foreign, dialogs }).toEqual({
    ...{ made: [], hidden: [], wide: true, complaints: [], foreign: [], dialogs: [] },
  });
  return { ...look, text };
}

it('there are two hundred of them', () => {
  expect(new Set(HOSTILE).size).toBeGreaterThanOrEqual(200);
});

it('each is recorded and shown with the hash that the browser computes anew, so that a vote binds to what is seen', async () => {
  for (const [i, change] of changes.entries()) {
    const watched = await open('clara', `#/changes/${change}`);
    await watched.page.locator('[data-verdict]').waitFor();
    expect(await watched.page.locator('[data-verdict]').getAttribute('data-verdict')).toBe('shown');
    expect(await watched.page.getByRole('row', { name: /^\/n\d+ / }).count()).toBe(
      HOSTILE.slice(i * AT_ONCE, (i + 1) * AT_ONCE).length,
    );
    await expectHarmless(watched);
    await watched.page.context().close();
  }
});

/** Every free text of an answer is one of them in its turn. */
function poison(answer: unknown, turn: { next: number }, isFree = false): unknown {
  if (typeof answer === 'string') return isFree ? HOSTILE[turn.next++ % HOSTILE.length] : answer;
  if (Array.isArray(answer)) return answer.map((one) => poison(one, turn, isFree));
  if (typeof answer !== 'object' || answer === null) return answer;
  return Object.fromEntries(
    Object.entries(answer).map(([key, value]) => [
      key,
      poison(value, turn, isFree || WHOLE.test(key) || (FREE.test(key) && typeof value === 'string')),
    ]),
  );
}

const VIEWS: readonly (readonly [
  name: string,
  as: string,
  address: () => string,
  isThere: (page: Page) => Promise<void>,
])[] = [
  ['inbox', 'clara', () => '#/inbox', (page) => page.locator('main li a').first().waitFor()],
  ['change', 'clara', () => `#/changes/${changes[0] ?? ''}`, (page) => page.locator('[data-verdict]').waitFor()],
  ['history', 'eva', () => '#/entities/account%3A1', (page) => page.locator('tbody tr').first().waitFor()],
  ['notices', 'clara', () => '#/notices', (page) => page.getByText(/^[1-9]\d* unread/).waitFor()],
  ['operations', 'eva', () => '#/operations', (page) => page.getByText('Dead letters of failing').waitFor()],
  ['me', 'clara', () => '#/me', (page) => page.getByRole('heading', { name: 'Roles' }).waitFor()],
];

describe.each(VIEWS)('in the view %s', (_, as, address, isThere) => {
  it('each text of a server that lies stays text', async () => {
    for (let first = 0; first < HOSTILE.length; first += AT_ONCE) {
      server.lie = (path, answer) =>
        path.startsWith('/v1/') || path === '/state' || path === '/dependencies'
          ? poison(answer, { next: first })
          : answer;
      const watched = await open(as, address());
      await isThere(watched.page);
      await expectHarmless(watched);
      await watched.page.context().close();
    }
  });
});

describe('what gets into the page all the same', () => {
  it.each([
    [
      'a script element',
      `(() => { const s = document.createElement('script'); s.textContent = 'window.__ran=1'; document.body.append(s) })()`,
    ],
    ['markup', `document.body.innerHTML = '<img src=x onerror=window.__ran=1>'`],
    ['markup at the end', `document.body.insertAdjacentHTML('beforeend', '<script>window.__ran=1</script>')`],
    [
      'a script from elsewhere',
      `(() => { const s = document.createElement('script'); s.src = 'https://evil.example/x.js'; document.body.append(s) })()`,
    ],
    [
      'a frame with a document',
      `(() => { const f = document.createElement('iframe'); f.srcdoc = '<script>parent.__ran=1</script>'; document.body.append(f) })()`,
    ],
    ['a policy of its own', `trustedTypes.createPolicy('mine', { createHTML: (text) => text })`],
  ])('%s is refused by Trusted Types', async (_, injected) => {
    const { page } = await open('clara', '#/inbox');
    await expect(page.evaluate(injected)).rejects.toThrow(/Trusted|Policy/);
    expect(await page.evaluate('window.__ran')).toBeUndefined();
  });

  it('scripts, handlers, styles and frames in the document that the server sent do not run, and are reported', async () => {
    const evil =
      '<script>window.__ran=1</script><img src=x onerror="window.__ran=2"><style>body{display:none}</style><iframe src="https://evil.example/"></iframe>';
    server.lie = (path, answer) => {
      if (path !== '/console/') return answer;
      return Buffer.from(
        Buffer.from(answer as Uint8Array)
          .toString()
          .replace('</body>', `${evil}</body>`),
      );
    };
    const { page, complaints } = await openPage(browser, server.url);
    await page.goto(`${server.url}/console/`);
    await page.getByLabel('Or paste your token').waitFor();
    expect(await page.evaluate('window.__ran')).toBeUndefined();
    expect(await page.evaluate('getComputedStyle(document.body).display')).not.toBe('none');
    const told = complaints.join('\n');
    for (const directive of ['script-src-elem', 'script-src-attr', 'style-src-elem', 'frame-src'])
      expect(told).toContain(`violation: ${directive}`);
  });
});

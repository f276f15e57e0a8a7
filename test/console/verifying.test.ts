/** A server that lies: whatever it changes of a history or of a change-set, the browser refuses by itself, and offers no vote. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { EntryPage } from '../../api/index.ts';
import type { ChangeView } from '../../core/changes/index.ts';
import type { EntityView, EntryView } from '../../core/system/index.ts';
import { eventually } from '../support/eventually.ts';
import { launchBrowser, openPage } from './browser.ts';
import { limitProposal, startConsoleEngine, type ConsoleEngine } from './engine.ts';
import { honest, startLyingServer, type Lie, type LyingServer } from './lying-server.ts';

const ENTITY = 'account:1695';
const ENTRIES = `/v1/entities/${ENTITY}/entries`;

let fixture: ConsoleEngine;
let browser: Browser;
let server: LyingServer;
let waiting = '';

beforeAll(async () => {
  [fixture, browser] = await Promise.all([startConsoleEngine(), launchBrowser()]);
  server = await startLyingServer(fixture.engine.url);
  // Events of many entities that arrive together are signed together: in a tree.
  const events = Array.from({ length: 60 }, (_, i) => ({
    ...{ topic: 'transactions.new', entityId: i < 30 ? ENTITY : `account:${i + 70}`, eventId: `event-${i}` },
    payload: { amount: `${i}.00`, kind: 'credit' },
  }));
  await fixture.as('bank-feed').publishBatch(events as Parameters<ReturnType<ConsoleEngine['as']>['publishBatch']>[0]);
  const { change } = await fixture.as('budget-bot').propose(limitProposal('20000.00'));
  for (const person of ['boris', 'clara']) {
    const seen = await fixture.as(person).changeSet(change.id);
    await fixture.as(person).decide(seen, 'approve');
  }
  await eventually(async () => expect((await fixture.as('eva').changeSet(change.id)).state).toBe('executed'));
  waiting = (await fixture.as('budget-bot').propose(limitProposal('30000.00', { entityId: 'account:2' }))).change.id;
});
afterEach(() => {
  server.lie = honest;
});
afterAll(async () => {
  await browser.close();
  await server.close();
  await fixture.close();
});

async function open(principal: string, address: string, link?: string): Promise<Page> {
  const { page } = await openPage(browser, server.url);
  await page.goto(link ?? (await fixture.link(principal, server.url)));
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  await page.evaluate(`location.hash = ${JSON.stringify(address)}`);
  return page;
}

async function verdictOn(page: Page): Promise<{ readonly kind: string | null; readonly text: string }> {
  const verdict = page.locator('[data-verdict]');
  await verdict.waitFor();
  return { kind: await verdict.getAttribute('data-verdict'), text: await verdict.innerText() };
}

const history = async (principal = 'eva', link?: string): Promise<Awaited<ReturnType<typeof verdictOn>>> =>
  verdictOn(await open(principal, `#/entities/${encodeURIComponent(ENTITY)}`, link));

/** Changes the entries of the chain. */
const ofEntries =
  (change: (entries: EntryView[]) => readonly object[]): Lie =>
  (path, answer) => {
    if (!path.startsWith(ENTRIES)) return answer;
    const page = answer as EntryPage;
    return { ...page, entries: change(structuredClone(page.entries) as EntryView[]) };
  };
const at = (seq: number, change: (entry: EntryView) => object): Lie =>
  ofEntries((entries) => entries.map((entry) => (entry.seq === seq ? change(entry) : entry)));
const dropped = (wanted: (entry: EntryView) => boolean): Lie => ofEntries((entries) => entries.filter(wanted));

async function rehashed(note: string): Promise<string> {
  const bytes = Buffer.concat([Buffer.of(0), Buffer.from(note)]);
  return Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex');
}

describe('a history', () => {
  it('of an honest server is verified up to the root key, trees of signatures among it', async () => {
    const { entries } = await fixture.as('eva').entries(ENTITY);
    const { kind, text } = await history();
    expect([kind, text]).toEqual(['verified', expect.stringContaining(`${entries.length} entries`)]);
  });

  it('that was signed in a tree is verified, and refused when its salt is another', async () => {
    const { entries } = await fixture.as('eva').entries('account:107');
    const note = entries[0]?.note ?? '';
    const line = note.slice(note.lastIndexOf('\n\n') + 2);
    expect(line.length).toBeGreaterThan(200); // more than the 116 characters of a plain signature: there is a path
    const page = await open('eva', '#/entities/account:107');
    expect((await verdictOn(page)).kind).toBe('verified');
    const id = line.indexOf(' ', 2) + 1;
    const forged = note.slice(0, -line.length) + line.slice(0, id + 8) + 'AAAA' + line.slice(id + 12);
    const hash = await rehashed(forged);
    server.lie = (path, answer) =>
      path.startsWith('/v1/entities/account:107/entries')
        ? { entries: (answer as EntryPage).entries.map((entry) => ({ ...entry, note: forged, hash })) }
        : path === '/v1/entities/account:107'
          ? { ...(answer as EntityView), head: { ...(answer as EntityView).head, hash } }
          : answer;
    const { kind, text } = await verdictOn(await open('eva', '#/entities/account:107'));
    expect([kind, text]).toEqual(['refused', expect.stringMatching(/signature of keys\/[0-9a-f]+ is wrong/)]);
  });

  it('without a root key from elsewhere is not verified, and not green', async () => {
    const link = (await fixture.link('eva', server.url)).replace(/&vkey=.*/, '');
    const { kind, text } = await history('eva', link);
    expect([kind, text]).toEqual(['unknown', expect.stringContaining('no root key')]);
  });

  it('under another root key is refused', async () => {
    const other = await startConsoleEngine();
    const link = (await fixture.link('eva', server.url)).replace(
      /vkey=.*/,
      `vkey=${encodeURIComponent(other.rootKey)}`,
    );
    await other.close();
    const { kind, text } = await history('eva', link);
    expect([kind, text]).toEqual(['refused', expect.stringContaining('certificate is not signed by the root key')]);
  });

  it.each<[string, Lie, string]>([
    [
      'a changed byte',
      at(3, (entry) => ({ ...entry, note: entry.note.replace('"3.00"', '"9.00"') })),
      'the bytes have the hash',
    ],
    [
      'another content beside the bytes',
      at(3, (entry) => ({ ...entry, body: { ...entry.body, data: { ...entry.body.data, source: 'somebody' } } })),
      'what the server shows is not what the signed text says',
    ],
    ['a wrong hash', at(3, (entry) => ({ ...entry, hash: '0'.repeat(64) })), 'the bytes have the hash'],
    [
      'two entries swapped',
      ofEntries(([a, b, ...rest]) => [b, a, ...rest].filter((one) => one !== undefined)),
      'entry #0 is missing',
    ],
    ['no beginning', dropped(({ seq }) => seq > 0), 'entry #0 is missing'],
    ['a hole', dropped(({ seq }) => seq !== 5), 'entry #5 is missing'],
    ['no end', dropped(({ seq }) => seq < 10), 'is missing: the server, where it was asked for the newest'],
    ['nothing', dropped(() => false), 'the server sent no entry at all'],
  ])('with %s is refused', async (_, lie, reason) => {
    server.lie = lie;
    const { kind, text } = await history();
    expect([kind, text]).toEqual(['refused', expect.stringContaining(reason)]);
  });

  it.each([
    ['the amount of a signed event changed and hashed anew', (note: string) => note.replace('"29.00"', '"99.00"')],
    [
      'a signature of zeros',
      (note: string) =>
        note.replace(/ ([A-Za-z0-9+/]{8})[A-Za-z0-9+/=]{40}/, (_, id: string) => ` ${id}${'A'.repeat(40)}`),
    ],
  ])('with %s is refused for its signature', async (_, forge) => {
    const { entries } = await fixture.as('eva').entries(ENTITY);
    const seq = entries.findIndex(({ body }) => body.idem === 'event-29');
    const forged = forge(entries[seq]?.note ?? '');
    const hash = await rehashed(forged);
    const json = forged.slice(forged.indexOf('\n') + 1, forged.lastIndexOf('\n\n'));
    const body = JSON.parse(json) as EntryView['body'];
    server.lie = at(seq, (entry) => ({ ...entry, note: forged, hash, body }));
    const { kind, text } = await history();
    expect([kind, text]).toEqual(['refused', expect.stringMatching(/signature of keys\/[0-9a-f]+ is wrong/)]);
  });

  it('that lost what this page has verified before is refused, however well the server lies', async () => {
    const page = await open('eva', `#/entities/${encodeURIComponent(ENTITY)}`);
    expect((await verdictOn(page)).kind).toBe('verified');
    const { entries } = await fixture.as('eva').entries(ENTITY);
    const last = entries.at(-2);
    server.lie = (path, answer) => {
      if (path === `/v1/entities/${ENTITY}`)
        return { ...(answer as EntityView), head: { seq: last?.seq, hash: last?.hash, at: last?.body.at } };
      return dropped(({ seq }) => seq < entries.length - 1)(path, answer);
    };
    await page.evaluate(`location.hash = '#/inbox'`);
    await page.getByRole('heading', { name: 'Inbox' }).waitFor();
    await page.evaluate(`location.hash = ${JSON.stringify(`#/entities/${encodeURIComponent(ENTITY)}`)}`);
    const { kind, text } = await verdictOn(page);
    expect([kind, text]).toEqual(['refused', expect.stringContaining('what this page verified before')]);
  });
});

describe('a change-set', () => {
  const lying = (change: (view: ChangeView) => ChangeView): Lie => {
    return (path, answer) =>
      path === `/v1/change-sets/${waiting}` ? change(structuredClone(answer) as ChangeView) : answer;
  };
  const other = { currency: 'CZK', limit: '30.00' };

  it.each<[string, (view: ChangeView) => unknown]>([
    ['other content', (view) => ({ ...view, operations: view.operations.map((one) => ({ ...one, payload: other })) })],
    ['another document after it', (view) => ({ ...view, preview: { ...view.preview, after: other } })],
    ['a field less in the list of changes', (view) => ({ ...view, preview: { ...view.preview, patch: [] } })],
    ['another level', (view) => ({ ...view, risk: { ...view.risk, level: 'L0' } })],
    ['a missing operation', (view) => ({ ...view, operations: [] })],
    ['another quorum', (view) => ({ ...view, risk: { ...view.risk, approvals: 1 } })],
    ['other facts', (view) => ({ ...view, risk: { ...view.risk, facts: {} } })],
    ['an old revision', (view) => ({ ...view, revision: view.revision + 1 })],
    ['another entity', (view) => ({ ...view, entityId: 'account:3' })],
    [
      'content that cannot be hashed',
      (view) => ({ ...view, operations: view.operations.map((one) => ({ ...one, payload: { n: 0.5 } })) }),
    ],
  ])('with %s is refused, and there is nothing to press', async (_, change) => {
    server.lie = lying(change as (view: ChangeView) => ChangeView);
    const page = await open('clara', `#/changes/${waiting}`);
    expect((await verdictOn(page)).kind).toBe('refused');
    await page.keyboard.press('a');
    expect(await page.getByRole('dialog').count()).toBe(0);
    expect(await page.getByRole('button', { name: 'Approve' }).count()).toBe(0);
  });

  it('of an honest server can be decided on', async () => {
    const page = await open('clara', `#/changes/${waiting}`);
    expect((await verdictOn(page)).kind).toBe('shown');
    expect(await page.getByRole('button', { name: 'Approve' }).count()).toBe(1);
  });
});

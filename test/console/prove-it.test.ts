/** "Prove it": a file out of the browser that our command and docs/verifier.py verify without the server, and refuse when a byte of it is changed. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { pythonOfVerifier } from '../verifier/python-verifier.ts';
import { launchBrowser, openPage } from './browser.ts';
import { limitProposal, startConsoleEngine, type ConsoleEngine } from './engine.ts';

const ENTITY = 'account:1695';

let fixture: ConsoleEngine;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  [fixture, browser] = await Promise.all([startConsoleEngine(), launchBrowser()]);
  const { change } = await fixture.as('budget-bot').propose(limitProposal('20000.00'));
  await fixture.as('boris').decide(await fixture.as('boris').changeSet(change.id), 'approve');
  await eventually(async () => {
    const { entries } = await fixture.as('eva').entries(ENTITY);
    await fixture.as('eva').proof(ENTITY, entries.length - 1);
  });
  ({ page } = await openPage(browser, fixture.engine.url));
  await page.goto(await fixture.link('boris'));
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  await page.evaluate(`location.hash = ${JSON.stringify(`#/entities/${encodeURIComponent(ENTITY)}`)}`);
  await page.locator('[data-verdict=verified]').waitFor();
});
afterAll(async () => {
  await browser.close();
  await fixture.close();
});

async function provenInBrowser(seq: number): Promise<string> {
  const details = page.locator('tbody tr').nth(seq).locator('details');
  if ((await details.getAttribute('open')) === null) await details.getByText('Data').click();
  const button = page.getByRole('button', { name: `Prove entry #${seq}` });
  const [download] = await Promise.all([page.waitForEvent('download'), button.click()]);
  expect(download.suggestedFilename()).toBe(`account-1695-${seq}.proof`);
  const path = join(fixture.dataDir, download.suggestedFilename());
  await download.saveAs(path);
  return path;
}

interface Outcome {
  readonly code: number;
  readonly out: string;
}

const run = (program: string, args: readonly string[]): Promise<Outcome> =>
  new Promise((resolve) => {
    execFile(program, args, (error, out) => resolve({ code: error === null ? 0 : Number(error.code), out }));
  });

async function bothOn(path: string): Promise<readonly Outcome[]> {
  const vkey = join(fixture.dataDir, 'root.vkey');
  return Promise.all([
    run(process.execPath, ['clients/cli/nervous.mjs', 'verify', 'proof', path, '--vkey', vkey]),
    run(await pythonOfVerifier(), ['docs/verifier.py', '--proof', path, '--vkey', vkey]),
  ]);
}

it('gives a file for each entry that both verifiers accept offline', async () => {
  const { entries } = await fixture.as('boris').entries(ENTITY);
  for (const { seq, position } of entries) {
    const [ours, python] = await bothOn(await provenInBrowser(seq));
    expect([ours?.code, ours?.out]).toEqual([0, expect.stringContaining(`entry "${ENTITY}" #${seq}`)]);
    expect([python?.code, python?.out]).toEqual([0, expect.stringContaining(`#${seq} is at index ${position}`)]);
  }
});

it.each<[string, (text: string) => string, number]>([
  ['another place', (text) => text.replace(/\nindex \d+/, '\nindex 0'), 10],
  ['another entry', (text) => text.replace(/extra bmVydm91/, 'extra TmVydm91'), 10],
  ['a hash less', (text) => text.replace(/\n[A-Za-z0-9+/]{43}=\n/, '\n'), 10],
  ['another size', (text) => text.replace(/\n(\d+)\n([A-Za-z0-9+/]{43}=\n\n)/, '\n9$1\n$2'), 12],
  ['no signature of the root key', (text) => text.replace(/— (\S+) (\S{8})/, '— elsewhere.example $2'), 13],
  ['no checkpoint', (text) => text.slice(0, text.indexOf('\n\n')), 16],
])('a file with %s is refused by both', async (_, change, code) => {
  const text = readFileSync(await provenInBrowser(2), 'utf8');
  const path = join(fixture.dataDir, 'changed.proof');
  writeFileSync(path, change(text));
  expect((await bothOn(path)).map((one) => one.code)).toEqual([code, code]);
});

/** A decision that a rule wants signed: the browser asks the person's authenticator, and what it signed verifies without the server. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { defineConfig } from '../../core/system/index.ts';
import { passkeyOf, type SoftKey } from '../support/authenticator.ts';
import { config as plain } from '../support/plain-config.ts';
import { launchBrowser, openPage } from './browser.ts';
import { limitProposal, startConsoleEngine, type ConsoleEngine } from './engine.ts';

const RP_ID = 'localhost';
const keys: Record<string, SoftKey> = {};
let fixture: ConsoleEngine;
let browser: Browser;
let origin: string;

beforeAll(async () => {
  const port = await freePort();
  origin = `http://${RP_ID}:${port}`;
  for (const { personId } of plain.roster.people) keys[personId] = passkeyOf(personId);
  const rules = plain.risk.rules.map((rule) => ({ ...rule, assertion: 'signed' as const }));
  const config = defineConfig({
    ...{ ...plain, risk: { ...plain.risk, rules }, webauthn: { rpId: RP_ID, origins: [origin] } },
    credentials: Object.values(keys).map(({ credential }) => credential),
  });
  [fixture, browser] = await Promise.all([startConsoleEngine({ config, port }), launchBrowser()]);
});
afterAll(async () => {
  await browser.close();
  await fixture.close();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Whoever's key is in it, with or without their finger on it. */
async function plugIn(page: Page, key: SoftKey, isUserVerified = true): Promise<CDPSession> {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true },
      ...{ isUserVerified, automaticPresenceSimulation: true },
    },
  });
  const credential = {
    ...{ credentialId: Buffer.from(key.credential.id, 'base64url').toString('base64'), isResidentCredential: false },
    ...{ rpId: RP_ID, privateKey: key.privateKey.toString('base64'), signCount: 0 },
  };
  await session.send('WebAuthn.addCredential', { authenticatorId, credential });
  return session;
}

let proposals = 0;

async function opened(
  principal: string,
): Promise<{ readonly page: Page; readonly id: string; readonly complaints: readonly string[] }> {
  proposals += 1;
  const entityId = `account:signed-${proposals}`;
  const { change } = await fixture.as('budget-bot').propose(limitProposal('20000.00', { entityId }));
  const { page, complaints } = await openPage(browser, origin);
  await page.goto(await fixture.link(principal, origin));
  await page.getByRole('heading', { name: 'Inbox' }).waitFor();
  await page.goto(`${origin}/console/#/changes/${change.id}`);
  await page.locator('[data-verdict=shown]').waitFor();
  return { page, id: change.id, complaints };
}

async function press(page: Page, name: 'a' | 'r'): Promise<void> {
  await page.keyboard.press(name);
  await page.getByRole('dialog').waitFor();
  if (name === 'r') await page.keyboard.type('not now');
  await page.getByRole('dialog').locator('button.main').click();
}

it('signs an approval with the passkey, and the ledger verifies', async () => {
  const { page, id, complaints } = await opened('boris');
  await plugIn(page, keyOf('boris'));
  await press(page, 'a');
  await page.getByRole('heading', { name: 'Your decision is recorded' }).waitFor();
  const { votes } = await fixture.as('boris').changeSet(id);
  expect(votes).toMatchObject([{ personId: 'boris', decision: 'approve' }]);
  expect(complaints).toEqual([]);
  const args = [
    'clients/cli/nervous.mjs',
    'verify',
    '--data',
    fixture.dataDir,
    '--vkey',
    join(fixture.dataDir, 'root.vkey'),
  ];
  expect(execFileSync(process.execPath, args, { encoding: 'utf8' })).toMatch(/^OK/);
});

it('signs a rejection as well', async () => {
  const { page, id } = await opened('clara');
  await plugIn(page, keyOf('clara'));
  await press(page, 'r');
  await page.getByRole('heading', { name: 'Your decision is recorded' }).waitFor();
  expect((await fixture.as('clara').changeSet(id)).votes).toMatchObject([{ personId: 'clara', decision: 'reject' }]);
});

it.each([
  ['another person’s key is plugged in', 'eva', true],
  ['nobody proves to be there', 'boris', false],
])('records nothing when %s', async (_, owner, isUserVerified) => {
  const { page, id } = await opened('boris');
  await plugIn(page, keyOf(owner), isUserVerified);
  await press(page, 'a');
  await page.getByText('Nothing was signed').waitFor();
  expect((await fixture.as('boris').changeSet(id)).votes).toEqual([]);
});

function keyOf(personId: string): SoftKey {
  const key = keys[personId];
  if (key === undefined) throw new Error(`${personId} has no key`);
  return key;
}

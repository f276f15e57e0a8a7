/** Notices that leave the ledger: mail in files, Slack and Teams over HTTP; a receiver that fails holds up nothing. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startEngine, type Engine } from '../../adapters/embedded/index.ts';
import { createClient, type Client } from '../../clients/sdk/index.ts';
import { defineConfig } from '../../core/system/index.ts';
import { config as plain } from '../support/plain-config.ts';
import { eventually } from '../support/eventually.ts';

const folder = mkdtempSync(join(tmpdir(), 'nervous-channels-'));
const config = defineConfig({
  ...plain,
  webhooks: { allow: ['http', 'loopback'] },
  notices: { link: 'https://console.example/changes/', from: 'nervous@example.org' },
});
const got: { readonly path: string; readonly body: string }[] = [];
const server = createServer((request, response) => {
  void text(request).then((body) => {
    const isFirst = !got.some(({ path }) => path === request.url);
    got.push({ path: request.url ?? '', body });
    if (request.url === '/busy' && isFirst) response.writeHead(429, { 'retry-after': '1' }).end('slow down');
    else response.writeHead(200).end('ok');
  });
});
let engine: Engine;
let base: string;

beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  engine = await startEngine({ config, dataDir: folder, auditMinutes: 0, onError: () => {} });
});
afterAll(async () => {
  await engine.close();
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

const as = (principal: string): Client => createClient({ url: engine.url, token: engine.tokens[principal] ?? '' });
const mails = (): string[] => {
  const read = (name: string): string => readFileSync(join(folder, 'mail', name), 'utf8');
  const all = readdirSync(folder).includes('mail') ? readdirSync(join(folder, 'mail')) : [];
  return all.filter((name) => name.endsWith('.eml')).map(read);
};

async function propose(title: string): Promise<string> {
  const operations = [{ type: 'state.put', payload: { limit: '900.00' } }] as const;
  const entityId = `account:channel-${got.length}`;
  const input = { entityId, title, rationale: 'Asked for', operations: [...operations] };
  return (await as('budget-bot').propose(input)).change.id;
}

it('goes by mail and by chat to who chose that, with a link that decides nothing', async () => {
  const chosen = { email: 'boris@example.org', slack: `${base}/slack`, teams: `${base}/busy`, digestMinutes: 0 };
  await as('boris').notices.setPreferences(chosen);
  expect(await as('boris').notices.preferences()).toEqual({ ...chosen, topics: ['*'] });
  const id = await propose('Raise <b>the</b> limit');
  await eventually(() => expect(mails()).not.toEqual([]));
  const [mail = ''] = mails();
  expect(mail).toMatch(/^From: nervous@example.org\r\nTo: boris@example.org\r\nSubject: =\?utf-8\?B\?/);
  const parts = mail.split('base64\r\n\r\n').slice(1);
  const [plainText = '', html = ''] = parts.map((part) =>
    Buffer.from(part.split('--=_')[0] ?? '', 'base64').toString(),
  );
  expect(plainText).toContain(`https://console.example/changes/${id}`);
  expect(html).toContain('Raise &#60;b&#62;the&#60;/b&#62; limit');
  await eventually(() => expect(got.map(({ path }) => path)).toEqual(expect.arrayContaining(['/slack', '/busy'])));
  expect(got.find(({ path }) => path === '/slack')?.body).toContain('Your decision is asked for');
  // Busy for Teams holds up neither the others nor the decision.
  await as('boris').decide(await as('boris').changeSet(id), 'approve');
  await eventually(() => expect(mails().length).toBeGreaterThan(1));
  expect(got.filter(({ path }) => path === '/busy')).toHaveLength(1);
});

it('never shows an address to others, in an entry, or after it was taken back', async () => {
  const stored = (await as('eva').entries('notices:boris')).entries;
  expect(JSON.stringify(stored)).not.toMatch(/example\.org|127\.0\.0\.1/);
  expect(stored[0]?.body.commits?.map(({ path }) => path)).toEqual([
    '/payload/email',
    '/payload/slack',
    '/payload/teams',
  ]);
  expect(await as('eva').verifyAll({ signatures: true })).toMatchObject({ verdict: 'OK' });
  await as('boris').notices.setPreferences({ digestMinutes: 5 });
  expect(await as('boris').notices.preferences()).toEqual({ topics: ['*'], digestMinutes: 5 });
  expect(await as('ana').notices.preferences()).toEqual({ topics: ['*'], digestMinutes: 15 });
  const refused = as('boris').notices.setPreferences({ slack: 'http://169.254.169.254/' });
  await expect(refused).rejects.toMatchObject({ code: 'NOTICE_CHANNEL_INVALID' });
  await expect(as('boris').notices.setPreferences({ email: 'a@b.cz\r\nBcc: x@y.cz' })).rejects.toMatchObject({
    status: 400,
  });
});

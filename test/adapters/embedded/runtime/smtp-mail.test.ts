/** Mail by SMTP to a real server on this machine: what arrives, and what each refusal means for the next mail. */
import { execFile } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEngine } from '../../../../adapters/embedded/index.ts';
import { openSmtpMail } from '../../../../adapters/embedded/runtime/smtp-mail.ts';
import { createClient } from '../../../../clients/sdk/index.ts';
import { defineConfig, type SendOutcome } from '../../../../core/system/index.ts';
import { eventually } from '../../../support/eventually.ts';
import { config as plain } from '../../../support/plain-config.ts';

const FROM = 'nervous@example.org';
const REFUSALS: Readonly<Record<string, readonly [number, string]>> = {
  'nobody@example.org': [550, '5.1.1 no such user'],
  'full@example.org': [452, '4.2.2 mailbox full'],
  'far@example.org': [550, '5.7.1 relaying denied'],
};
const got: { readonly from: string; readonly to: readonly string[]; readonly body: string }[] = [];

const OPTIONS: SMTPServerOptions = {
  ...{ authOptional: true, disabledCommands: ['STARTTLS'], allowInsecureAuth: true, logger: false },
  onAuth: ({ username, password }, _, done) =>
    done(username === 'ns' && password === 'right' ? null : new Error('wrong'), { user: 'ns' }),
  onMailFrom: ({ address }, _, done) => done(address === FROM ? null : refusal([550, '5.1.8 sender unknown'])),
  onRcptTo: ({ address }, _, done) => {
    const answer = REFUSALS[address];
    done(answer === undefined ? null : refusal(answer));
  },
  onData: (stream, { envelope }, done) => {
    const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
    void text(stream).then((body) => {
      got.push({ from, to: envelope.rcptTo.map(({ address }) => address), body });
      done();
    });
  },
};
/** The second one stands for another host: it has an address that is not known to be this machine's. */
const [server, external] = [new SMTPServer(OPTIONS), new SMTPServer(OPTIONS)];
let port: number;

function refusal([responseCode, message]: readonly [number, string]): Error {
  return Object.assign(new Error(message), { responseCode });
}

beforeAll(async () => {
  await listen(server, '127.0.0.1');
  ({ port } = server.server.address() as AddressInfo);
});
afterAll(async () => {
  for (const one of [server, external]) await new Promise<void>((done) => one.close(done));
});

async function listen(one: SMTPServer, address: string): Promise<void> {
  await new Promise<void>((done) => void one.listen(0, address, done));
}

interface Try {
  readonly to?: string;
  readonly from?: string;
  readonly url?: string;
}

async function sent({
  to = 'boris@example.org',
  from = FROM,
  url = `smtp://127.0.0.1:${port}`,
}: Try): Promise<SendOutcome> {
  const send = await openSmtpMail({ url, from });
  return send({ id: 'boris.email.7@example.org', to, subject: 'Žádost', text: 'Decide', html: '<p>Decide</p>' });
}

describe('a mail', () => {
  it('arrives as it is, under its Message-ID', async () => {
    expect(await sent({ url: `smtp://ns:right@127.0.0.1:${port}` })).toEqual({ kind: 'sent' });
    expect(got.at(-1)).toMatchObject({ from: FROM, to: ['boris@example.org'] });
    expect(got.at(-1)?.body).toMatch(/^From: nervous@example.org\r\nTo: boris@example.org\r\n/);
    expect(got.at(-1)?.body).toContain('Message-ID: <boris.email.7@example.org>\r\n');
  });

  it.each([
    ['an address that does not exist', { to: 'nobody@example.org' }, 'refused'],
    ['a full mailbox', { to: 'full@example.org' }, 'later'],
    ['a server that does not relay for us', { to: 'far@example.org' }, 'later'],
    ['a sender that the server does not know', { from: 'other@example.org' }, 'later'],
    ['nobody there', { url: 'smtp://127.0.0.1:1' }, 'later'],
  ])('for %s is tried again only where that may help', async (_, tried, kind) => {
    const before = got.length;
    expect(await sent(tried)).toMatchObject({ kind, reason: expect.any(String) as string });
    expect(got.length).toBe(before);
  });

  it('with a wrong password is tried later, and no reason names the password', async () => {
    const outcome = await sent({ url: `smtp://ns:hunter2@127.0.0.1:${port}` });
    expect(outcome.kind).toBe('later');
    expect(JSON.stringify(outcome)).not.toContain('hunter2');
  });

  it('is not sent unencrypted to another host', async () => {
    await listen(external, '127.0.0.2');
    const { port: other } = external.server.address() as AddressInfo;
    const before = got.length;
    expect(await sent({ url: `smtp://127.0.0.2:${other}` })).toMatchObject({ kind: 'later' });
    expect(got.length).toBe(before);
  });
});

describe('settings that do not do', () => {
  it.each(['mail.example.org', 'https://u:secret@mail.example.org', 'smtp://', ''])('are named: %j', async (url) => {
    const opened = openSmtpMail({ url, from: FROM });
    await expect(opened).rejects.toMatchObject({ code: 'MAIL_UNAVAILABLE' });
    await expect(opened).rejects.not.toThrow('secret');
  });

  it('as is a missing sender, when the engine starts', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'nervous-smtp-'));
    const started = startEngine({ config: plain, dataDir, http: false, smtp: 'smtp://127.0.0.1:1' });
    await expect(started).rejects.toMatchObject({ code: 'MAIL_UNAVAILABLE' });
    rmSync(dataDir, { recursive: true });
  });

  it('as is a missing library', async () => {
    const module = join(import.meta.dirname, '../../../../adapters/embedded/runtime/smtp-mail.ts');
    const script = `
      import { registerHooks } from 'node:module';
      registerHooks({ resolve: (name, context, next) => next(name === 'nodemailer' ? 'not-installed-at-all' : name, context) });
      const { openSmtpMail } = await import(${JSON.stringify(module)});
      await openSmtpMail({ url: 'smtp://127.0.0.1:1', from: 'a@example.org' }).catch(({ code, message }) => console.log(code, message));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    expect(stdout).toMatch(/^MAIL_UNAVAILABLE .*npm install nodemailer/);
  });
});

it('of an engine goes to the server it was given', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'nervous-smtp-'));
  const config = defineConfig({ ...plain, notices: { from: FROM } });
  const engine = await startEngine({ config, dataDir, auditMinutes: 0, smtp: `smtp://127.0.0.1:${port}` });
  const as = (who: string): ReturnType<typeof createClient> =>
    createClient({ url: engine.url, token: engine.tokens[who] ?? '' });
  await as('boris').notices.setPreferences({ email: 'waiting@example.org', digestMinutes: 0 });
  const operations = [{ type: 'state.put' as const, payload: { limit: '900.00' } }];
  await as('budget-bot').propose({ entityId: 'account:smtp', title: 'A limit', rationale: 'Asked for', operations });
  await eventually(() => expect(got.filter(({ to }) => to.includes('waiting@example.org'))).toHaveLength(1));
  await engine.close();
  rmSync(dataDir, { recursive: true });
});

/**
 * Sending to a place that somebody else chose. A trap listens on this machine: whatever spelling, name, rebinding or redirect
 * leads to it, nothing may arrive.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createWebhookSender, type SendWebhook, type WebhookSent } from '../../../adapters/machine/webhook-sender.ts';

const LOOPBACK = new Set(['http', 'loopback'] as const);
const NOTHING = new Set<never>();
let server: Server;
let port: number;
let hits = 0;
let answer: (path: string, response: Parameters<Parameters<typeof createServer>[1] & object>[1]) => void;

beforeAll(async () => {
  server = createServer((request, response) => {
    hits += 1;
    answer(String(request.url), response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  hits = 0;
  answer = (_, response) => void response.end('fine');
});

const post = (send: SendWebhook, url: string): Promise<WebhookSent> =>
  send({ url, method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
const named =
  (...addresses: string[]): NonNullable<Parameters<typeof createWebhookSender>[0]['resolve']> =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

describe('the trap', () => {
  const http = new Set(['http', 'ports'] as const);

  it.each([
    ...['127.0.0.1', '127.1', '2130706433', '0x7f000001', '0177.0.0.1', '１２７.0.0.1', '0.0.0.0', '0'],
    ...['[::1]', '[::ffff:127.0.0.1]', '[::127.0.0.1]', '[::]', 'localhost', '127.0.0.1.', 'LOCALHOST.'],
  ])('%s does not reach it', async (host) => {
    const sent = await post(createWebhookSender({ allowed: http }), `http://${host}:${port}/`);
    expect([sent.kind, hits]).toEqual(['failed', 0]);
  });

  it.each([
    ['loopback', ['127.0.0.1']],
    ['one of several', ['93.184.215.14', '127.0.0.1']],
    ['the first of several', ['127.0.0.1', '93.184.215.14']],
    ['in IPv6 form', ['::ffff:127.0.0.1']],
    ['the cloud of the machine', ['169.254.169.254']],
    ['no address at all', []],
  ])('a name that resolves to it is refused: %s', async (_, addresses) => {
    const sent = await post(
      createWebhookSender({ allowed: http, resolve: named(...addresses) }),
      `http://hooks.test:${port}/`,
    );
    expect([sent.kind, hits]).toEqual(['failed', 0]);
  });

  it('a name that changes its address is judged at every attempt', async () => {
    const answers = [['127.0.0.1'], ['10.0.0.1']];
    const send = createWebhookSender({
      allowed: LOOPBACK,
      resolve: (host) => named(...(answers.shift() ?? []))(host),
    });
    expect((await post(send, `http://hooks.test:${port}/`)).kind).toBe('answered');
    expect(await post(send, `http://hooks.test:${port}/`)).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('private') as string,
    });
    expect(hits).toBe(1);
  });

  it('connects to the address that was judged, though the name means another one now', async () => {
    let asked = 0;
    const resolve = (): Promise<{ address: string; family: number }[]> => {
      asked += 1;
      return Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
    };
    // The machine itself knows no such name: whatever connects without the judged address fails.
    expect(
      (await post(createWebhookSender({ allowed: LOOPBACK, resolve }), `http://rebound.invalid:${port}/`)).kind,
    ).toBe('answered');
    expect(asked).toBe(1);
  });

  it('redirects are answers, not places to go to', async () => {
    answer = (path, response) => void response.writeHead(path === '/' ? 307 : 200, { location: '/trap' }).end();
    const sent = await post(createWebhookSender({ allowed: LOOPBACK }), `http://127.0.0.1:${port}/`);
    expect(sent).toMatchObject({ kind: 'answered', answer: { status: 307 } });
    expect(hits).toBe(1);
  });

  it('plain http is for operators who allow it', async () => {
    expect(
      (await post(createWebhookSender({ allowed: NOTHING, resolve: named('93.184.215.14') }), 'http://hooks.test/'))
        .kind,
    ).toBe('failed');
  });
});

describe('answers', () => {
  const send = createWebhookSender({ allowed: LOOPBACK });
  const url = (): string => `http://127.0.0.1:${port}/`;

  it('without end are read up to 64 KiB, and 1 KiB of it is kept', async () => {
    let written = 0;
    let isCut = false;
    answer = (_, response) => {
      response.on('close', () => (isCut = true));
      const more = (): void => {
        while (!isCut && response.write('x'.repeat(16_384))) written += 16_384;
        if (!isCut) response.once('drain', more);
      };
      more();
    };
    const sent = await post(createWebhookSender({ allowed: LOOPBACK }), url());
    expect(sent).toMatchObject({ kind: 'answered', answer: { status: 200 }, text: 'x'.repeat(1_024) });
    expect(written).toBeGreaterThan(0);
  });

  it('that are compressed stay so', async () => {
    const bomb = gzipSync(Buffer.alloc(10_000_000));
    answer = (_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
    const sent = await post(send, url());
    expect(sent.kind === 'answered' && sent.text.length).toBeLessThanOrEqual(1_024);
  });

  it('that do not come are cut off in time', async () => {
    answer = () => undefined;
    const hasty = createWebhookSender({ allowed: LOOPBACK, timeoutMs: 50 });
    expect(await post(hasty, url())).toMatchObject({ kind: 'failed', reason: 'no answer within 50 ms' });
  });

  it('whose body does not end are judged by their status', async () => {
    answer = (_, response) => void response.writeHead(200).write('slow');
    const patient = createWebhookSender({ allowed: LOOPBACK, timeoutMs: 5_000 }); // it waits as long as that
    expect(await post(patient, url())).toMatchObject({ kind: 'answered', answer: { status: 200 } });
  });

  it('of a name that is not found in time are failures', async () => {
    const never = createWebhookSender({
      allowed: LOOPBACK,
      timeoutMs: 50,
      resolve: () => new Promise(() => undefined),
    });
    expect((await post(never, `http://hooks.test:${port}/`)).kind).toBe('failed');
  });
});

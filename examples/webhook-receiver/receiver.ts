/**
 * Receives webhooks of the ledger: verifies each, answers the challenge, handles each id once, and says which place of the log it was.
 * `SECRET=whsec_… node receiver.ts`, or with the ledger's public key and no secret: `PUBLIC_KEY=whpk_… node receiver.ts`.
 */
import { createPublicKey, verify } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';

interface Message {
  readonly type: string;
  readonly nonce?: string;
  readonly ledger?: { readonly entity: string; readonly seq: number; readonly hash: string; readonly position: number };
}

const { SECRET, PUBLIC_KEY = '', PORT = '4160' } = process.env;
const TOLERANCE_SECONDS = 300;
/** Yours is a table with the id as its key, written in the transaction of what you do. */
const handled = new Set<string>();

const server = createServer((request, response) => {
  receive(request).then(
    (answer) => response.writeHead(200).end(answer),
    (error: unknown) => {
      console.error(String(error));
      response.writeHead(400).end(); // not 2xx: it is sent again
    },
  );
});
server.listen(Number(PORT), '127.0.0.1', () => {
  console.log('ready');
});

async function receive(request: IncomingMessage): Promise<string> {
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
  const body = await buffer(request);
  const message = (SECRET === undefined ? signed(body, headers) : new Webhook(SECRET).verify(body, headers)) as Message;
  if (message.type === 'webhook.verify') return String(message.nonce); // this, and nothing else, says that you want it
  const id = headers['webhook-id'] ?? '';
  if (message.ledger === undefined || handled.has(id)) return ''; // a test, or an event that came again
  console.log(JSON.stringify({ id, type: message.type, ...message.ledger })); // your work: the event is in message.data
  handled.add(id);
  return '';
}

/** `v1a`, with Node alone. */
function signed(body: Buffer, headers: Readonly<Record<string, string>>): unknown {
  const { 'webhook-id': id = '', 'webhook-timestamp': at = '', 'webhook-signature': signatures = '' } = headers;
  if (!(Math.abs(Date.now() / 1_000 - Number(at)) <= TOLERANCE_SECONDS)) throw new Error('not signed lately');
  const x = Buffer.from(PUBLIC_KEY.replace(/^whpk_/, ''), 'base64').toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  const bytes = Buffer.concat([Buffer.from(`${id}.${at}.`), body]);
  const ours = signatures.split(' ').filter((one) => one.startsWith('v1a,'));
  if (ours.some((one) => verify(null, bytes, key, Buffer.from(one.slice(4), 'base64'))))
    return JSON.parse(String(body));
  throw new Error('not signed by the ledger');
}

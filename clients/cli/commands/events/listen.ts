/**
 * `nervous webhooks listen`: a receiver on this machine for the time of development. It makes a webhook of its own, prints what the
 * ledger signed, by a key that a root key you trust has certified, and removes the webhook when it ends.
 */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { Command } from 'commander';
import { answerChallenge, certifiedKey, verifyWebhook, type Client, type VerifiedWebhook } from '../../../sdk/index.ts';
import { connect, connectedCommand, type ConnectOptions } from '../../connection/connect.ts';
import { parsePort } from '../../connection/port.ts';
import { stopRequest } from '../../connection/stop-request.ts';
import { addKey, keysOf } from '../../connection/verifier-keys.ts';
import { note, show, UsageError } from '../../output/output.ts';

interface ListenOptions extends ConnectOptions {
  readonly port: number;
  readonly vkey?: readonly string[];
}

export function listenCommand(): Command {
  return connectedCommand('<topics...>')
    .option('--port <n>', 'port of this machine that the engine sends to, 0 for any free one', parsePort, 0)
    .option('--vkey <key>', 'root key that you trust, or a file with it (default: root.vkey of --data)', addKey)
    .action(listen);
}

async function listen(topics: string[], options: ListenOptions): Promise<void> {
  const client = connect(options);
  const keys = await client.webhooks.keys();
  const rootKeys = rootKeysOf(options);
  const publicKeys = keys.map(({ certificate }) => certifiedKey(certificate.note, rootKeys));
  const stop = stopRequest();
  const server = createServer((request, response) => {
    take(request, publicKeys, options).then(
      (answer) => response.writeHead(200).end(answer),
      (error: unknown) => {
        note(`nervous: refused: ${error instanceof Error ? error.message : String(error)}`);
        response.writeHead(400).end();
      },
    );
  });
  const url = await opened(server, options.port);
  const { id } = await client.createSubscription({ topics, target: { kind: 'webhook', url } });
  try {
    const { attempt } = await client.webhooks.verify(id);
    if (attempt.outcome !== 'delivered')
      throw new Error(`the engine does not reach ${url}: ${attempt.reason ?? 'it said nothing'}`);
    note(`nervous: ${id} sends to ${url}; Ctrl-C removes it`);
    await stop;
  } finally {
    await end(client, id, server);
  }
}

/** @throws UsageError: nobody said whom to believe */
function rootKeysOf({ vkey, data }: ListenOptions): readonly string[] {
  if (vkey !== undefined) return vkey.flatMap(keysOf);
  const ofFolder = data === undefined ? undefined : join(data, 'root.vkey');
  if (ofFolder !== undefined && existsSync(ofFolder)) return keysOf(ofFolder);
  throw new UsageError('say whose signature is to be believed: --vkey <root key or file>, or --data of a local engine');
}

async function opened(server: Server, port: number): Promise<string> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** @returns what to answer @throws WebhookRefused */
async function take(request: IncomingMessage, publicKeys: readonly string[], options: ListenOptions): Promise<string> {
  const verified = verifyWebhook({ headers: request.headers, body: await buffer(request) }, { publicKeys });
  const nonce = answerChallenge(verified);
  if (nonce !== undefined) return nonce;
  show(options, { id: verified.id, message: verified.message }, () => lineOf(verified));
  return '';
}

function lineOf({ id, message }: VerifiedWebhook): string {
  const { type, entityId, data, href } = message;
  return `${id}  ${String(type)} ${String(entityId)}  ${JSON.stringify(data ?? href)}`;
}

async function end(client: Client, id: string, server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  await client.unsubscribe(id);
}

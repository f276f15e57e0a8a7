/** A receiver of webhooks on this machine: keeps what comes, and answers as a test says. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly at: number;
}

export interface Receiver {
  readonly url: string;
  /** events, without challenges and tests */
  readonly events: Received[];
  readonly all: Received[];
  /** how events are answered; default 200 */
  answer: (received: Received, response: ServerResponse) => void;
  /** how challenges are answered; default the nonce */
  prove: (received: Received, response: ServerResponse) => void;
  /** Resolves when so many events came. */
  readonly until: (count: number) => Promise<readonly Received[]>;
  readonly close: () => Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const waiting = new Set<() => void>();
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { method = '', url = '', headers } = request;
      const received: Received = { method, path: url, headers, body, at: Date.now() };
      receiver.all.push(received);
      if (method === 'OPTIONS') {
        response.writeHead(200, { 'webhook-allowed-origin': '*' }).end();
        return;
      }
      const { type } = JSON.parse(body) as { type?: string };
      if (type === 'webhook.verify') {
        receiver.prove(received, response);
        return;
      }
      if (type !== 'webhook.test') receiver.events.push(received);
      receiver.answer(received, response);
      for (const wake of waiting) wake();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}/hook`,
    events: [],
    all: [],
    answer: (_, response) => void response.writeHead(200).end('ok'),
    prove: (received, response) => void response.writeHead(200).end(nonceIn(received)),
    until: async (count) => {
      while (receiver.events.length < count) {
        await new Promise<void>((wake) => waiting.add(wake));
        waiting.clear();
      }
      return receiver.events;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise<unknown>((done) => server.close(done));
    },
  };
  return receiver;
}

/** What a challenge is to be answered with. */
export function nonceIn({ body }: Received): string {
  return (JSON.parse(body) as { nonce: string }).nonce;
}

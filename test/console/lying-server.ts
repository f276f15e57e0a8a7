/** A server between the browser and the engine that tells the truth except where a lie says otherwise: what whoever runs a service could do. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { must } from '../../core/errors/index.ts';

/** Given the path and the true answer, the one that is sent. */
export type Lie = (path: string, answer: unknown) => unknown;

export interface LyingServer {
  readonly url: string;
  lie: Lie;
  close(): Promise<void>;
}

export const honest: Lie = (_path, answer) => answer;

export async function startLyingServer(engineUrl: string): Promise<LyingServer> {
  const server = createServer((request, response) => {
    pass(request, response, { engineUrl, lie: (path, answer) => self.lie(path, answer) }).catch((error: unknown) =>
      response.destroy(error as Error),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const self: LyingServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lie: honest,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return self;
}

async function pass(
  request: IncomingMessage,
  response: ServerResponse,
  { engineUrl, lie }: { readonly engineUrl: string; readonly lie: Lie },
): Promise<void> {
  const { authorization, 'content-type': type } = request.headers;
  const path = must(request.url, 'the path');
  const body = request.method === 'POST' ? await bodyOf(request) : undefined;
  const answer = await fetch(engineUrl + path, {
    method: must(request.method, 'the method'),
    headers: {
      ...(authorization === undefined ? {} : { authorization }),
      ...(type === undefined ? {} : { 'content-type': type }),
    },
    ...(body === undefined ? {} : { body }),
  });
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const sent = lied(answer.headers.get('content-type') ?? '', bytes, (told) => lie(decodeURIComponent(path), told));
  const kept = ['content-type', 'content-security-policy', 'cache-control'].flatMap((name): [string, string][] => {
    const value = answer.headers.get(name);
    return value === null ? [] : [[name, value]];
  });
  response.writeHead(answer.ok || sent === bytes ? answer.status : 200, Object.fromEntries(kept)).end(sent);
}

/** Of JSON the value, of plain text the text, of anything else (also of a refusal, which a lie can turn into an answer) the bytes. */
function lied(type: string, bytes: Uint8Array, lie: (told: unknown) => unknown): string | Uint8Array {
  if (type === 'application/json') return JSON.stringify(lie(JSON.parse(Buffer.from(bytes).toString())));
  if (type.startsWith('text/plain')) return lie(Buffer.from(bytes).toString()) as string;
  return lie(bytes) as Uint8Array;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** A bank's transactions twice through the feed and its stream from a cursor in the middle: the same bytes every time. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { startEngine, type Engine } from '../../adapters/embedded/index.ts';
import type { FeedPage } from '../../api/index.ts';
import { createClient } from '../../clients/sdk/index.ts';
import { SseParser } from '../../clients/sdk/reading/sse-parser.ts';
import { publishAll } from '../../examples/berka/publish-all.ts';
import { readTransactions } from '../../examples/berka/transactions.ts';
import { config } from '../../nervous.config.ts';

const ROWS = 2_000;
const path = join(import.meta.dirname, '../samples/berka/trans.csv');
const dataDir = mkdtempSync(join(tmpdir(), 'nervous-feed-berka-'));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

interface Reading {
  readonly events: number;
  readonly sha256: string;
}

it('reads the same bytes from a cursor in the middle, by feed and by stream, also after a restart', async () => {
  const first = await startEngine({ config, dataDir });
  const bank = createClient<typeof config>({ url: first.url, token: first.tokens['bank-feed'] ?? '' });
  expect(await publishAll(bank, readTransactions(path, ROWS), () => undefined)).toBe(ROWS);
  const { cursor: middle, events: before } = await readPages(first, undefined, ROWS / 2);
  const [byFeed, byStream] = [await feedFrom(first, middle), await streamFrom(first, middle, ROWS - before)];
  expect(byFeed.events).toBe(ROWS - before);
  expect(await feedFrom(first, middle)).toEqual(byFeed);
  expect(await streamFrom(first, middle, byFeed.events)).toEqual(byStream);
  await first.close();

  const second = await startEngine({ config, dataDir });
  expect(await feedFrom(second, middle)).toEqual(byFeed);
  expect(await streamFrom(second, middle, byFeed.events)).toEqual(byStream);
  expect(byStream.sha256).toBe(byFeed.sha256); // each event is the same text, whichever way it comes
  await second.close();
});

const authorization = (engine: Engine): { readonly authorization: string } => ({
  authorization: `Bearer ${engine.tokens['eva'] ?? ''}`,
});

async function readPages(
  engine: Engine,
  after: string | undefined,
  atLeast: number,
  take: (body: string) => void = () => {},
): Promise<{ readonly cursor: string; readonly events: number }> {
  let [cursor, events] = [after, 0];
  for (;;) {
    const query = cursor === undefined ? '' : `&after=${cursor}`;
    const target = `${engine.url}/v1/feed?limit=500&topics=transactions.new${query}`;
    const body = await (await fetch(target, { headers: authorization(engine) })).text();
    const page = JSON.parse(body) as FeedPage;
    if (page.cursor === cursor) return { cursor, events };
    take(body);
    events += page.events.length;
    ({ cursor } = page);
    if (events >= atLeast) return { cursor, events };
  }
}

async function feedFrom(engine: Engine, after: string): Promise<Reading> {
  const hash = createHash('sha256');
  const { events } = await readPages(engine, after, Infinity, (body) => {
    const from = body.indexOf('[') + 1;
    const list = body.slice(from, body.lastIndexOf(']'));
    if (list !== '') hash.update(`${list},`);
  });
  return { events, sha256: hash.digest('hex') };
}

async function streamFrom(engine: Engine, after: string, count: number): Promise<Reading> {
  const target = `${engine.url}/v1/stream?topics=transactions.new&after=${after}`;
  const controller = new AbortController();
  const { body } = await fetch(target, { headers: authorization(engine), signal: controller.signal });
  const hash = createHash('sha256');
  const [parser, decoder] = [new SseParser(), new TextDecoder()];
  let events = 0;
  for await (const piece of body as unknown as AsyncIterable<Uint8Array>) {
    for (const { data } of parser.push(decoder.decode(piece, { stream: true }))) {
      hash.update(`${data},`);
      events += 1;
    }
    if (events >= count) break;
  }
  controller.abort();
  return { events, sha256: hash.digest('hex') };
}

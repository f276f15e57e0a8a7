/**
 * The feed and its streams over HTTP: how much one reader gets, what an idle stream costs, and how fast a thousand streams
 * hear of an event. The engine has a process of its own; its readers share this one, so on few cores they slow it down.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { percentile, round, withTempDir } from '../support/measure.ts';
import type { Order, Report } from '../support/engine-process.ts';

const STREAMS = 1_000;
const FEED_EVENTS = 20_000;
/** At a pace that leaves time between events, and then all at once. */
const STEADY = { events: 200, perSecond: 20 };
const BURST_EVENTS = 200;
const OPENED_AT_ONCE = 50;
const PAGE = 500;
const MEBIBYTE = 1024 * 1024;
const PUBLISHED_AT = /"eventId":"at:([\d.]+):/g;

export function benchStreams(scale: number): Promise<Record<string, number>> {
  return withTempDir(async (dataDir) => {
    const engine = await startApart(dataDir);
    const before = await engine.memory();
    const readers = await openAll(engine);
    const rssKbPerIdleStream = round(((await engine.memory()) - before) / 1024 / STREAMS);
    const steady = await fanOut(engine, readers, STEADY);
    const burst = await fanOut(engine, readers, { events: BURST_EVENTS });
    for (const { socket } of readers) socket.destroy();
    await engine.ask({ kind: 'publish', events: FEED_EVENTS * scale });
    const reading = { ...(await readFeed(engine)), ...(await readStream(engine, FEED_EVENTS * scale)) };
    await engine.close();
    return {
      ...reading,
      streams: STREAMS,
      rssKbPerIdleStream,
      ...{ fanOutP50Ms: steady.p50Ms, fanOutP95Ms: steady.p95Ms, fanOutP99Ms: steady.p99Ms },
      ...{ burstDeliveriesPerSecond: burst.perSecond, burstP95Ms: burst.p95Ms },
    };
  });
}

interface EngineApart {
  readonly url: URL;
  readonly token: string;
  ask(order: Order): Promise<Report>;
  memory(): Promise<number>;
  close(): Promise<void>;
}

async function startApart(dataDir: string): Promise<EngineApart> {
  const child: ChildProcess = fork(join(import.meta.dirname, '../support/engine-process.ts'), [dataDir], {
    execArgv: ['--expose-gc'],
  });
  const next = async (): Promise<Report> => ((await once(child, 'message')) as [Report])[0];
  const ready = await next();
  if (ready.kind !== 'ready') throw new Error('the engine did not start');
  const ask = (order: Order): Promise<Report> => {
    const answer = next();
    child.send(order);
    return answer;
  };
  return {
    ...{ url: new URL(ready.url), token: ready.token, ask },
    memory: async () => {
      const answer = await ask({ kind: 'memory' });
      return answer.kind === 'memory' ? answer.rssBytes : NaN;
    },
    close: async () => {
      child.send({ kind: 'close' } satisfies Order);
      await once(child, 'exit');
    },
  };
}

async function readFeed({
  url,
  token,
}: EngineApart): Promise<{ feedMbPerSecond: number; feedEventsPerSecond: number }> {
  const begin = performance.now();
  let [bytes, events] = [0, 0];
  for (let cursor = 'p0'; ;) {
    const headers = { authorization: `Bearer ${token}` };
    const body = await (await fetch(new URL(`/v1/feed?limit=${PAGE}&after=${cursor}`, url), { headers })).text();
    const page = JSON.parse(body) as { cursor: string; events: unknown[] };
    if (page.cursor === cursor) break;
    bytes += body.length;
    events += page.events.length;
    ({ cursor } = page);
  }
  const seconds = (performance.now() - begin) / 1_000;
  return { feedMbPerSecond: round(bytes / MEBIBYTE / seconds), feedEventsPerSecond: round(events / seconds) };
}

async function readStream(engine: EngineApart, events: number): Promise<{ streamMbPerSecond: number }> {
  const begin = performance.now();
  const reader = await openStream(engine, 'p0');
  while (reader.times.length < events) await new Promise((resolve) => setTimeout(resolve, 1));
  reader.socket.destroy();
  return { streamMbPerSecond: round(reader.bytes() / MEBIBYTE / ((performance.now() - begin) / 1_000)) };
}

interface Reader {
  readonly socket: Socket;
  readonly bytes: () => number;
  /** ms from publishing to here, for each event */
  readonly times: number[];
}

async function openAll(engine: EngineApart): Promise<Reader[]> {
  const readers: Reader[] = [];
  while (readers.length < STREAMS)
    readers.push(...(await Promise.all(Array.from({ length: OPENED_AT_ONCE }, () => openStream(engine, 'latest')))));
  return readers;
}

/** A bare socket: what is measured is the service, not a client's parser. Resolves when the stream has begun. */
async function openStream({ url, token }: EngineApart, after: string): Promise<Reader> {
  const socket = connect(Number(url.port), url.hostname);
  socket.setEncoding('latin1');
  const times: number[] = [];
  let [bytes, rest] = [0, ''];
  socket.on('data', (piece: string) => {
    const now = performance.timeOrigin + performance.now();
    bytes += piece.length;
    const text = rest + piece;
    const whole = text.lastIndexOf('\n') + 1;
    for (const [, at] of text.slice(0, whole).matchAll(PUBLISHED_AT)) times.push(now - Number(at));
    rest = text.slice(whole);
  });
  socket.write(`GET /v1/stream?after=${after} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${token}\r\n\r\n`);
  await once(socket, 'data');
  return { socket, bytes: () => bytes, times };
}

async function fanOut(
  engine: EngineApart,
  readers: readonly Reader[],
  { events, perSecond }: { readonly events: number; readonly perSecond?: number },
): Promise<{ perSecond: number; p50Ms: number; p95Ms: number; p99Ms: number }> {
  for (const { times } of readers) times.length = 0;
  const begin = performance.now();
  await engine.ask({ kind: 'publish', events, ...(perSecond === undefined ? {} : { perSecond }) });
  while (readers.some(({ times }) => times.length < events)) await new Promise((resolve) => setTimeout(resolve, 1));
  const seconds = (performance.now() - begin) / 1_000;
  const times = readers.flatMap((reader) => reader.times).sort((a, b) => a - b);
  const at = (p: number): number => round(percentile(times, p));
  return { perSecond: round(times.length / seconds), p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99) };
}

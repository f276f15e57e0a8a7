/**
 * Verifying one entity of 50,000 links over HTTP, as anybody who may read it can: the first time by a process that wrote it,
 * again, and by a process that knows nothing of it; and what other callers wait meanwhile.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { percentile, round, withTempDir } from '../support/measure.ts';
import type { Order, Report } from '../support/engine-process.ts';

const LINKS = 50_000;
const BATCH = 100;
const ENTITY = 'account:1';
/** Others, and ms between two requests of one. */
const CALLERS = 4;
const PACE_MS = 10;
const QUIET_MS = 3_000;
const AGAIN = 5;

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  readonly tokens: Readonly<Record<string, string>>;
}

export function benchVerifyEntity(scale: number): Promise<Record<string, number>> {
  return withTempDir(async (dataDir) => {
    const links = LINKS * scale;
    const writer = await start(dataDir);
    for (let i = 0; i < links / BATCH; i++) await publish(writer, i);
    const quiet = await othersDuring(writer, quietly);
    const own = await othersDuring(writer, () => verify(writer, links));
    const again = await othersDuring(writer, () => repeat(() => verify(writer, links)));
    await stop(writer);
    const stranger = await start(dataDir);
    const before = await othersDuring(stranger, quietly);
    const first = await othersDuring(stranger, () => verify(stranger, links));
    await stop(stranger);
    return {
      links,
      writtenByItselfMs: round(own.result),
      againMs: round(again.result),
      firstTimeMs: round(first.result),
      othersQuietP99Ms: quiet.p99,
      othersWrittenByItselfP99Ms: own.p99,
      othersAgainP99Ms: again.p99,
      othersQuietAfterRestartP99Ms: before.p99,
      othersFirstTimeP99Ms: first.p99,
      othersQuietMaxMs: quiet.max,
      othersFirstTimeMaxMs: first.max,
    };
  });
}

const quietly = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, QUIET_MS));

async function start(dataDir: string): Promise<Running> {
  const child = fork(join(import.meta.dirname, '../support/engine-process.ts'), [dataDir], { stdio: 'inherit' });
  const [ready] = (await once(child, 'message')) as [Report];
  if (ready.kind !== 'ready') throw new Error('the engine did not start');
  return { child, url: ready.url, tokens: ready.tokens };
}

async function stop({ child }: Running): Promise<void> {
  const ended = once(child, 'exit');
  child.send({ kind: 'close' } satisfies Order);
  await ended;
}

async function publish(engine: Running, batch: number): Promise<void> {
  const events = Array.from({ length: BATCH }, (_, i) => ({
    eventId: `link-${batch}-${i}`,
    topic: 'transactions.new',
    entityId: ENTITY,
    payload: { amount: '1234.50', kind: 'credit', operation: 'VKLAD', date: '1993-01-01', balance: '5678.00' },
  }));
  await call(engine, 'bank-feed', '/v1/events', { events });
}

async function verify(engine: Running, links: number): Promise<number> {
  const begin = performance.now();
  const path = `/v1/entities/${encodeURIComponent(ENTITY)}/verify`;
  const { verdict, entries } = (await call(engine, 'eva', path)) as { verdict: string; entries: number };
  if (verdict !== 'OK' || entries !== links)
    throw new Error(`an honest chain was found ${verdict}, ${entries} entries`);
  return performance.now() - begin;
}

/** @returns the median */
async function repeat(work: () => Promise<number>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < AGAIN; i++) times.push(await work());
  return percentile(
    times.sort((a, b) => a - b),
    0.5,
  );
}

/** Somebody else publishes one event, and reads an entity, at a steady pace meanwhile. */
async function othersDuring<T>(
  engine: Running,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly p99: number; readonly max: number }> {
  const times: number[] = [];
  const timed = async (i: number): Promise<void> => {
    const begin = performance.now();
    if (i % 2 === 0) await call(engine, 'eva', '/v1/entities/account%3A2');
    else await call(engine, 'bank-feed', '/v1/events', { events: [single()] });
    times.push(performance.now() - begin);
  };
  await call(engine, 'bank-feed', '/v1/events', { events: [single()] }); // there is something to read
  let isOver = false;
  const caller = async (): Promise<void> => {
    for (let i = 0; !isOver; i++) {
      await timed(i);
      await new Promise((resolve) => setTimeout(resolve, PACE_MS));
    }
  };
  // Each waits for its answer: on a machine that is too slow they ask less, and do not pile up.
  const callers = Array.from({ length: CALLERS }, caller);
  const result = await work().finally(() => (isOver = true));
  await Promise.all(callers);
  times.sort((a, b) => a - b);
  return { result, p99: round(percentile(times, 0.99)), max: round(times.at(-1) ?? 0) };
}

let serial = 0;

function single(): object {
  return {
    eventId: `other-${process.pid}-${serial++}`,
    topic: 'transactions.new',
    entityId: 'account:2',
    payload: { amount: '1.00', kind: 'credit' },
  };
}

async function call({ url, tokens }: Running, who: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(`${url}${path}`, {
    headers: {
      authorization: `Bearer ${tokens[who] ?? ''}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

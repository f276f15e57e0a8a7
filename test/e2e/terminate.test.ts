/** V7: SIGTERM to a real engine that publishes and verifies: it ends by itself with 0, and what was acknowledged is there once. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startEngine, verifyDataDir } from '../../adapters/embedded/index.ts';
import type { BatchResult, ProblemDetails, PublishedEvent } from '../../api/index.ts';
import { createClient, type Client } from '../../clients/sdk/index.ts';
import type { Principal } from '../../core/policy/index.ts';
import { config } from '../../nervous.config.ts';
import { killDevEngines, startDevEngine, type DevEngine } from './dev-engine.ts';

const PUBLISHERS = 8;
const IN_A_BATCH = 10;
const ACKNOWLEDGED_BEFORE = 100;
/** Enough that reading and checking them takes seconds. */
const LONG = 10_000;
const POLL_EVERY_MS = 5;

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'nervous-terminate-'));
});
afterEach(() => {
  killDevEngines();
  rmSync(dataDir, { recursive: true, force: true });
});

/** event id → its place, as it was acknowledged */
type Acknowledged = Map<string, Pick<PublishedEvent, 'entity' | 'seq' | 'hash'>>;

const credit = (eventId: string, entityId: string) => ({
  ...{ eventId, topic: 'transactions.new', entityId },
  payload: { amount: '1.00', kind: 'credit' },
});

function asking(engine: DevEngine, principal: string, path: string, body?: object): Promise<Response> {
  const authorization = `Bearer ${engine.tokens[principal] ?? ''}`;
  const request = { method: 'POST', body: JSON.stringify(body) };
  const headers = { authorization, 'content-type': 'application/json' };
  return fetch(engine.url + path, { headers, ...(body === undefined ? {} : request) });
}

/** Single events and batches in turn, until nobody answers any more or the answer is that the engine ends. */
async function publishToTheEnd(engine: DevEngine, who: number, acknowledged: Acknowledged): Promise<void> {
  const entity = `account:${who}`;
  for (let i = 0; ; i++) {
    const id = `p${who}-${i}`;
    const events = Array.from({ length: IN_A_BATCH }, (_, n) => credit(`${id}-${n}`, entity));
    const body = i % 2 === 0 ? credit(id, entity) : { events };
    const response = await asking(engine, 'bank-feed', '/v1/events', body).catch(() => undefined);
    if (response === undefined) return;
    const answer = (await response.json().catch(() => undefined)) as PublishedEvent | BatchResult | undefined;
    if (answer === undefined) return; // cut off in the middle: nothing was promised
    if (!response.ok) {
      expect(response.status).toBe(503);
      return;
    }
    const results = 'results' in answer ? answer.results : [answer];
    for (const result of results) {
      if (result.status === 'rejected') throw new Error(`refused: ${result.problem.detail}`);
      acknowledged.set(result.eventId, result);
    }
  }
}

const publishing = (engine: DevEngine, acknowledged: Acknowledged): Promise<unknown> =>
  Promise.all(Array.from({ length: PUBLISHERS }, (_, who) => publishToTheEnd(engine, who, acknowledged)));

async function untilMany(acknowledged: Acknowledged): Promise<void> {
  while (acknowledged.size < ACKNOWLEDGED_BEFORE) await sleep(POLL_EVERY_MS);
}

/** The answer of a verification that was let in. */
async function verifying(engine: DevEngine): Promise<Response> {
  for (;;) {
    const response = await asking(engine, 'eva', '/v1/verify', {});
    if (response.status !== 429) return response;
    await response.body?.cancel();
  }
}

/** @returns code and signal it ended with */
async function terminate({ child }: DevEngine): Promise<unknown> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  return ended;
}

/** Another life of the same folder: everything is where it was said to be, once, and it verifies; at rest too. */
async function expectNothingLost(acknowledged: Acknowledged): Promise<void> {
  const engine = await startDevEngine(dataDir);
  const client: Client = createClient({ url: engine.url, token: engine.tokens['eva'] ?? '' });
  for (let who = 0; who < PUBLISHERS; who++) {
    const entity = `account:${who}`;
    const recorded: { idem: unknown; seq: number; hash: string }[] = [];
    for (let from: number | undefined = 0; from !== undefined;) {
      const page: Awaited<ReturnType<Client['entries']>> = await client.entries(entity, { from, limit: 200 });
      recorded.push(...page.entries.map(({ body, seq, hash }) => ({ idem: body.idem, seq, hash })));
      from = page.next;
    }
    const promised = [...acknowledged].filter(([, place]) => place.entity === entity);
    for (const [idem, { seq, hash }] of promised)
      expect(recorded.filter((entry) => entry.idem === idem)).toEqual([{ idem, seq, hash }]);
    expect(new Set(recorded.map(({ idem }) => idem)).size).toBe(recorded.length);
  }
  expect(await client.verifyAll()).toMatchObject({ verdict: 'OK' });
  expect(await terminate(engine)).toEqual([0, null]);
  expect(await verifyDataDir(dataDir)).toMatchObject({ verdict: 'OK' });
}

/** A ledger that takes long to verify, with one short chain that does not. */
async function longLedger(): Promise<void> {
  const engine = await startEngine({ config, dataDir, http: false, auditMinutes: 0 });
  const feed = engine.system.policy.principal('bank-feed') as Principal;
  for (let i = 0; i < LONG; i += 100)
    await engine.system.publish(
      feed,
      Array.from({ length: 100 }, (_, n) => credit(`old-${i + n}`, `account:old-${n % 10}`)),
    );
  await engine.system.publish(feed, [credit('short', 'account:short')]);
  await engine.close();
}

it('V7: SIGTERM while events are published: exit 0, and after a restart everything acknowledged is there once', async () => {
  const engine = await startDevEngine(dataDir);
  const acknowledged: Acknowledged = new Map();
  const published = publishing(engine, acknowledged);
  await untilMany(acknowledged);
  expect(await terminate(engine)).toEqual([0, null]);
  await published;
  await expectNothingLost(acknowledged);
});

it('V7: SIGTERM in the middle of long verifications, and of publishing: they are ended, exit 0, nothing acknowledged is lost', async () => {
  await longLedger();
  const engine = await startDevEngine(dataDir);
  const acknowledged: Acknowledged = new Map();
  const published = publishing(engine, acknowledged);
  await untilMany(acknowledged);
  const verifications = [verifying(engine), verifying(engine)];
  // Two heavy reads of one principal at once are all there may be: a third one is told so only while both go on.
  for (;;) {
    const third = await asking(engine, 'eva', '/v1/entities/account%3Ashort/verify');
    const { code } = (await third.json()) as Partial<ProblemDetails>;
    if (third.status === 429) {
      expect(code).toBe('BUDGET_SPENT');
      break;
    }
  }
  expect(await terminate(engine)).toEqual([0, null]);
  for (const response of await Promise.all(verifications))
    expect(await response.json()).toMatchObject({ status: 503, code: 'VERIFICATION_ENDED' });
  await published;
  await expectNothingLost(acknowledged);
});

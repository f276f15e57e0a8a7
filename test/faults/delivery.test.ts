/**
 * Delivery under faults, embedded. Throughout: nothing that was acknowledged to a publisher is lost, the events of an entity
 * are handled in their order, and with the SDK's consumer each has its effect once.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openForWriting } from '../../adapters/embedded/store/sqlite-schema.ts';
import { SqliteStore } from '../../adapters/embedded/store/sqlite-store.ts';
import { createClient, type ConsumerMemory, type EventKey, type RunningSubscription } from '../../clients/sdk/index.ts';
import { config } from '../../nervous.config.ts';
import { startTestSystem, type TestSystem } from '../../testing/index.ts';
import { killDevEngines, startDevEngine, type DevEngine } from '../e2e/dev-engine.ts';

type Lab = TestSystem<typeof config>;
type Network = (send: typeof fetch) => typeof fetch;

const folders: string[] = [];
afterAll(() => {
  killDevEngines();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const ENTITIES = ['account:a', 'account:b', 'account:c'];
const credit = (entityId: string, eventId: string) =>
  ({ topic: 'transactions.new', eventId, entityId, payload: { amount: '5.00', kind: 'credit' } }) as const;

/** What a module's own database is to it: an effect and the mark that it happened, in one step, and outliving processes. */
class Effects {
  readonly done = new Map<string, string[]>();
  private readonly marks = new Set<string>();
  readonly memory: ConsumerMemory = {
    recall: ({ source, eventId }) => this.marks.has(`${source} ${eventId}`),
    remember: () => undefined, // apply has
  };

  apply({ entityId, source, eventId }: EventKey): void {
    this.marks.add(`${source} ${eventId}`);
    this.done.set(entityId, [...(this.done.get(entityId) ?? []), eventId]);
  }

  count(): number {
    return [...this.done.values()].flat().length;
  }
}

/** Publishes until each is acknowledged. @returns the ids of each entity, in its order */
async function publishAll(lab: Lab, count: number, prefix = 'e'): Promise<Map<string, string[]>> {
  const sent = new Map<string, string[]>();
  for (let i = 0; i < count; i++) {
    const entityId = ENTITIES[i % ENTITIES.length] ?? '';
    await lab.as('bank-feed').publish(credit(entityId, `${prefix}-${i}`));
    sent.set(entityId, [...(sent.get(entityId) ?? []), `${prefix}-${i}`]);
  }
  return sent;
}

const SETTINGS = {
  id: 's',
  topics: ['transactions.*'],
  startAt: 'earliest',
  order: 'entity',
  ackTimeoutMs: 1_000,
  retry: { maxAttempts: 20, baseMs: 10, maxMs: 100 },
} as const;

function subscribe(
  lab: Lab,
  effects: Effects,
  { network, before = () => undefined }: { network?: Network; before?: (event: EventKey) => unknown } = {},
): Promise<RunningSubscription> {
  return lab.as('budget-engine', network).subscribe(
    SETTINGS,
    async (event) => {
      await before(event);
      effects.apply(event);
    },
    { memory: effects.memory },
  );
}

/** Deterministic, so that a failure can be seen again. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

/** Loses requests before they arrive and answers after they had their effect. */
function losing(share: number, next: () => number): Network {
  return (send) => async (input, init) => {
    if (next() < share / 2) throw new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') });
    const response = await send(input, init);
    if (next() < share / 2) throw new TypeError('fetch failed', { cause: new Error('ECONNRESET') });
    return response;
  };
}

describe('a subscriber', () => {
  it('that dies in the middle of a batch is taken up by the next where it stopped', async () => {
    const lab = await startTestSystem({ config, patienceMs: 5 });
    const effects = new Effects();
    const sent = await publishAll(lab, 60);
    for (let life = 0; life < 5; life++) {
      let left = 7;
      const dead = (): Promise<never> => new Promise(() => undefined);
      await subscribe(lab, effects, {
        network: (send) => (input, init) => (left > 0 ? send(input, init) : dead()),
        before: () => (left-- > 0 ? undefined : dead()),
      });
      await lab.clock.advance('30s');
    }
    expect(effects.count()).toBeGreaterThan(0);
    expect(effects.count()).toBeLessThan(60);
    await subscribe(lab, effects);
    await lab.clock.advance('5m');
    expect(effects.done).toEqual(sent);
  });

  it('whose handler fails now and then does everything once, in order', async () => {
    const lab = await startTestSystem({ config });
    const [effects, next] = [new Effects(), random(1)];
    const sent = await publishAll(lab, 60);
    await subscribe(lab, effects, {
      before: () => {
        if (next() < 0.4) throw new Error('the database is away');
      },
    });
    await lab.clock.advance('30m'); // breakers open and close meanwhile
    expect(effects.done).toEqual(sent);
    expect(lab.errors).toEqual([]);
  });

  it('whose network loses requests and answers does everything once, in order', async () => {
    const lab = await startTestSystem({ config });
    const [effects, network] = [new Effects(), losing(0.4, random(2))];
    const sent = await publishAll(lab, 60);
    for (const running: RunningSubscription[] = []; running.length === 0;) {
      subscribe(lab, effects, { network }).then(
        (started) => running.push(started),
        () => undefined,
      );
      await lab.clock.advance('1m');
    }
    await lab.clock.advance('1h');
    expect(effects.done).toEqual(sent);
  });

  it('that is away for a day gets everything when it is back', async () => {
    const lab = await startTestSystem({ config });
    const effects = new Effects();
    const first = await subscribe(lab, effects);
    const sent = await publishAll(lab, 9, 'before');
    await lab.settled();
    await first.stop();
    for (let hour = 0; hour < 24; hour++) {
      for (const [entity, ids] of await publishAll(lab, 6, `h${hour}`)) sent.get(entity)?.push(...ids);
      await lab.clock.advance('1h');
    }
    expect(effects.count()).toBe(9);
    await subscribe(lab, effects);
    await lab.clock.advance('1m');
    expect(effects.done).toEqual(sent);
    expect(await lab.as('eva').verifyAll()).toMatchObject({ verdict: 'OK' });
  });

  it('that is dead does not touch the others', async () => {
    const run = async (withDead: boolean): Promise<{ delays: number[]; sent: number }> => {
      const lab = await startTestSystem({ config, patienceMs: 5 });
      const delays: number[] = [];
      if (withDead) {
        await lab.as('agent-layer').subscribe({ id: 'dead', topics: ['transactions.*'] }, () => {
          throw new Error('dead');
        });
        await lab.as('reporting').createSubscription({ id: 'gone', topics: ['*'], ackTimeoutMs: 100 });
      }
      await lab.as('budget-engine').subscribe(SETTINGS, ({ timestamp }) => {
        delays.push(lab.clock.now() - Date.parse(timestamp));
      });
      for (let i = 0; i < 50; i++) {
        await lab.as('bank-feed').publish(credit('account:a', `e-${i}`));
        await lab.clock.advance('100ms');
      }
      return { delays, sent: 50 };
    };
    const [alone, beside] = [await run(false), await run(true)];
    expect(beside.delays).toHaveLength(beside.sent);
    expect(beside.delays).toEqual(alone.delays); // on the fake clock: not one of them waits
  });
});

describe('messages', () => {
  it('that come twice, late and in any order have their effect once, in order', async () => {
    const lab = await startTestSystem({ config });
    const [effects, next] = [new Effects(), random(3)];
    const running = await lab
      .as('budget-engine', shuffling(next))
      .subscribe({ ...SETTINGS, id: 'loose', order: 'none' }, (event) => effects.apply(event), {
        memory: effects.memory,
        batchSize: 10,
      });
    const sent = await publishAll(lab, 60);
    await lab.clock.advance('5m');
    await running.stop();
    expect(effects.done).toEqual(sent);
  });
});

/** A transport that holds messages back, repeats them and shuffles them, as an unordered queue does. */
function shuffling(next: () => number): Network {
  const kept: unknown[] = [];
  return (send) => async (input, init) => {
    const response = await send(input, init);
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    if (!pathname.endsWith('/messages')) return response;
    const { messages } = (await response.json()) as { messages: unknown[] };
    const all = [...messages, ...kept.splice(0)];
    const out = all.filter((message) => {
      if (next() < 0.3) return kept.push(message) === 0;
      if (next() < 0.3) kept.push(message);
      return true;
    });
    return Response.json({ messages: out.sort(() => next() - 0.5) });
  };
}

describe('the store', () => {
  it('that is full refuses clearly, loses nothing, and goes on when there is space', async () => {
    const dataDir = temporaryFolder();
    const db = openForWriting(dataDir, config);
    const store = new SqliteStore(db);
    const lab = await startTestSystem({ config, store });
    const effects = new Effects();
    const running = await subscribe(lab, effects);
    const limit = (pages: number): unknown => db.prepare(`PRAGMA max_page_count = ${pages}`).get();
    const publish = async (eventId: string): Promise<unknown> => {
      const event = { ...credit('account:a', eventId), metadata: { padding: 'x'.repeat(20_000) } };
      const published = lab.as('bank-feed').publish(event);
      published.catch(() => undefined);
      await lab.clock.advance('1m'); // the client tries again for a while
      return published;
    };
    limit(60);
    const acknowledged: string[] = [];
    let refusal: unknown;
    for (let i = 0; refusal === undefined; i++) {
      await publish(`e-${i}`).then(
        () => acknowledged.push(`e-${i}`),
        (error: unknown) => (refusal = error),
      );
    }
    expect(refusal).toMatchObject({ status: 503, code: 'STORE_UNAVAILABLE' });
    expect(lab.errors.map(causesOf).join()).toContain('there is no space left for the ledger');
    expect(acknowledged.length).toBeGreaterThan(3);
    limit(100_000);
    for (const id of ['after-1', 'after-2']) {
      await publish(id);
      acknowledged.push(id);
    }
    expect(effects.done.get('account:a')).toEqual(acknowledged);
    expect(await lab.as('eva').verifyAll()).toMatchObject({ verdict: 'OK' });
    await running.stop();
    store.close();
  });
});

function causesOf(error: unknown): string {
  return error instanceof Error ? `${error.message} ${causesOf(error.cause)}` : '';
}

describe('the engine', () => {
  it('killed at random writes: every acknowledged event has its effect once, in order', async () => {
    const dataDir = temporaryFolder();
    const effects = new Effects();
    const acknowledged = new Map<string, string[]>();
    let port = '0';
    for (let life = 0; life < 4; life++) {
      const engine = await startDevEngine(dataDir, port);
      port = new URL(engine.url).port;
      const running = await consumeFrom(engine, effects);
      const load = publishUntilDeath(engine, life, acknowledged);
      const before = effects.count();
      while (effects.count() < before + 30) await new Promise((resolve) => setTimeout(resolve, 2));
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 200));
      engine.child.kill('SIGKILL');
      await load;
      void running.stop();
    }
    const engine = await startDevEngine(dataDir, port);
    const running = await consumeFrom(engine, effects);
    const wanted = [...acknowledged.values()].flat().length;
    const done = (): Set<string> => new Set([...effects.done.values()].flat());
    const missing = (): number => [...acknowledged.values()].flat().filter((id) => !done().has(id)).length;
    while (missing() > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await running.stop();
    expect(wanted).toBeGreaterThan(100);
    expect(done().size).toBe(effects.count()); // each once
    for (const [entity, ids] of acknowledged) {
      const known = new Set(ids);
      expect(effects.done.get(entity)?.filter((id) => known.has(id))).toEqual(ids);
    }
    engine.child.kill('SIGTERM');
  });
});

function consumeFrom(engine: DevEngine, effects: Effects): Promise<RunningSubscription> {
  const client = createClient<typeof config>({ url: engine.url, token: engine.tokens['budget-engine'] ?? '' });
  const run = { memory: effects.memory, waitSeconds: 1 };
  return client.subscribe(SETTINGS, (event) => effects.apply(event), run);
}

/** One publisher per entity, one event after the other: what is acknowledged has an order. */
async function publishUntilDeath(engine: DevEngine, life: number, acknowledged: Map<string, string[]>): Promise<void> {
  const headers = { authorization: `Bearer ${engine.tokens['bank-feed'] ?? ''}`, 'content-type': 'application/json' };
  const publisher = async (entity: string): Promise<void> => {
    for (let i = 0; ; i++) {
      const id = `${life}-${entity}-${i}`;
      const body = JSON.stringify(credit(entity, id));
      const answer = await fetch(`${engine.url}/v1/events`, { method: 'POST', headers, body });
      if (answer.status !== 201) throw new Error(`answered ${answer.status}`);
      await answer.arrayBuffer();
      acknowledged.set(entity, [...(acknowledged.get(entity) ?? []), id]);
    }
  };
  await Promise.allSettled(ENTITIES.map((entity) => publisher(entity)));
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'nervous-faults-'));
  folders.push(folder);
  return folder;
}

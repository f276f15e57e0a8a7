/** The outbox on a real PostgreSQL, step by step: what commits is published once and in order, wherever a relay ends. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  enqueue,
  outboxState,
  parkedEvents,
  POSTGRES_OUTBOX_SQL,
  relayPostgresOutbox,
  retryParked,
  type OutboxProblem,
  type OutboxRelay,
  type Queryable,
  type RelayOptions,
} from '../../../clients/outbox/postgres/index.ts';
import { ApiProblem, Unreachable } from '../../../clients/sdk/index.ts';
import type { EventResult } from '../../../api/index.ts';
import { startCluster, type Cluster, type TestPool } from './cluster.ts';

interface Sent {
  readonly eventId: string;
  readonly entityId?: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** A ledger as relays know it: each id once, in the order in which it came; `answer` refuses what it names. */
function ledger(answer: (event: Sent) => EventResult | undefined = () => undefined) {
  const recorded: Sent[] = [];
  const requests: string[][] = [];
  const publishBatch = async (events: readonly Sent[]): Promise<readonly EventResult[]> => {
    requests.push(events.map(({ eventId }) => eventId));
    return events.map((event) => {
      const refusal = answer(event);
      if (refusal !== undefined) return refusal;
      const isNew = !recorded.some(({ eventId }) => eventId === event.eventId);
      if (isNew) recorded.push(event);
      return { status: isNew ? 'accepted' : 'duplicate', eventId: event.eventId } as unknown as EventResult;
    });
  };
  const of = (entity: string): string[] =>
    recorded.filter(({ entityId }) => entityId === entity).map(({ eventId }) => eventId);
  return { recorded, requests, of, client: { publishBatch } };
}

const refused = (status: number, code: string) =>
  ({ status: 'rejected', problem: { status, code, detail: 'why', errors: [] } }) as unknown as EventResult;
const event = (eventId: string, entityId = 'order:1') => ({
  topic: 'orders.placed',
  version: 1,
  eventId,
  entityId,
  payload: {},
});

let cluster: Cluster;
let pool: TestPool;
const problems: OutboxProblem[] = [];

beforeAll(async () => {
  cluster = await startCluster();
  pool = cluster.pool(10);
  await Promise.all([1, 2, 3].map(() => pool.query(POSTGRES_OUTBOX_SQL))); // several processes start at once
  await pool.query(POSTGRES_OUTBOX_SQL);
});
beforeEach(async () => {
  await pool.query('TRUNCATE nervous_outbox.events');
  problems.length = 0;
});
afterAll(async () => {
  await pool.end();
  await cluster.close();
});

const onProblem = (problem: OutboxProblem): number => problems.push(problem);
const running: OutboxRelay[] = [];
function relay(client: RelayOptions['client'], options: Partial<RelayOptions> = {}): OutboxRelay {
  const one = relayPostgresOutbox({ pool, client, sweepSeconds: 0.05, onProblem, ...options });
  running.push(one);
  return one;
}
/** One that is left over would take what the next test writes down. */
afterEach(async () => {
  await Promise.allSettled(running.splice(0).map((one) => one.stop()));
});

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(10);
}
const drained = () => until(async () => (await outboxState(pool)).waiting === 0);

/** In a transaction that is left open. */
async function open(work: (client: Queryable) => Promise<unknown>) {
  const client = await pool.connect();
  await client.query('BEGIN');
  await work(client);
  const end = async (how: 'COMMIT' | 'ROLLBACK'): Promise<void> => {
    await client.query(how);
    client.release();
  };
  return { commit: () => end('COMMIT'), rollback: () => end('ROLLBACK') };
}

describe('a transaction', () => {
  it('publishes what it wrote down when it commits, and nothing when it does not', async () => {
    const { client, recorded } = ledger();
    const relaying = relay(client);
    await (await open((tx) => enqueue(tx, event('rolled-back')))).rollback();
    const late = await open((tx) => enqueue(tx, event('committed'), event('second')));
    await sleep(200);
    expect(recorded).toEqual([]);
    await late.commit();
    await drained();
    expect(recorded.map(({ eventId }) => eventId)).toEqual(['committed', 'second']);
    await relaying.stop();
  });

  it('that commits late hides nothing and is overtaken by nobody of its entity', async () => {
    const { client, of } = ledger();
    const relaying = relay(client);
    const slow = await open((tx) => enqueue(tx, event('a1', 'order:a')));
    const other = await open((tx) => enqueue(tx, event('b1', 'order:b')));
    let isSecondIn = false;
    const second = open((tx) => enqueue(tx, event('a2', 'order:a'))).then((tx) => {
      isSecondIn = true;
      return tx.commit();
    });
    await other.commit();
    await until(() => of('order:b').length === 1); // its number is greater than the one that is still open
    expect([isSecondIn, of('order:a')]).toEqual([false, []]);
    await slow.commit();
    await second;
    await drained();
    expect(of('order:a')).toEqual(['a1', 'a2']);
    await relaying.stop();
  });

  it('may name ten thousand entities, and the same ones in another order as somebody else', async () => {
    const names = Array.from({ length: 10_000 }, (_, i) => event(randomUUID(), `order:${i}`));
    await Promise.all(
      [names, names.toReversed()].map(async (all) => (await open((tx) => enqueue(tx, ...all))).commit()),
    );
    expect(await outboxState(pool)).toMatchObject({ waiting: 20_000, parked: 0 });
  });

  it('of SQL alone writes an event down, too, and must name it', async () => {
    const { client, recorded } = ledger();
    const relaying = relay(client);
    await expect(pool.query(`SELECT nervous_outbox.enqueue('[{"topic":"orders.placed"}]')`)).rejects.toThrow(
      'event_is_named',
    );
    await pool.query(
      `SELECT nervous_outbox.enqueue('[{"topic":"orders.placed","version":1,"eventId":"sql","payload":{"text":"a"}}]')`,
    );
    await drained();
    expect(recorded).toEqual([{ topic: 'orders.placed', version: 1, eventId: 'sql', payload: { text: 'a' } }]);
    await relaying.stop();
  });
});

/** Each step that a relay takes, with its database and with the ledger. */
type Step = (what: 'query' | 'publish', take: () => Promise<unknown>) => Promise<unknown>;

describe('a relay that ends before or after any step', () => {
  /** From this step on nothing happens any more: as if the process were gone. `after`: the step itself still takes place. */
  function dying(at: number, after: boolean): { readonly step: Step; readonly dead: Promise<void> } {
    let count = 0;
    let die: () => void = () => undefined;
    const dead = new Promise<void>((resolve) => (die = resolve));
    const never = new Promise<never>(() => undefined);
    const step: Step = async (_what, take) => {
      count += 1;
      if (count > at) return never;
      if (count < at) return take();
      if (after) await take();
      die();
      return never;
    };
    return { step, dead };
  }

  const STEPS = 12;
  const places = Array.from({ length: STEPS }, (_, i) => [false, true].map((after) => [i + 1, after] as const)).flat();

  it.each(places)('step %i, taken: %s', async (at, after) => {
    const { client, recorded, of } = ledger(({ eventId }) =>
      eventId === 'odd' ? refused(422, 'PAYLOAD_INVALID') : undefined,
    );
    await enqueue(
      pool,
      event('a1', 'order:a'),
      event('odd', 'order:a'),
      event('a2', 'order:a'),
      event('b1', 'order:b'),
    );
    const { step, dead } = dying(at, after);
    const leaseSeconds = 0.1;
    const victim = relayPostgresOutbox({
      ...{ onProblem, leaseSeconds, sweepSeconds: 0.05 },
      client: {
        publishBatch: (events) => step('publish', () => client.publishBatch(events)) as Promise<readonly EventResult[]>,
      },
      pool: {
        query: (text, values) => step('query', () => pool.query(text, values)) as ReturnType<TestPool['query']>,
      },
    });
    void victim.done;
    await dead;
    const next = relay(client, { leaseSeconds });
    await drained();
    await next.stop();
    expect(of('order:a')).toEqual(['a1', 'a2']);
    expect(recorded.length).toBe(3);
    expect((await parkedEvents(pool)).map((one) => one.event.eventId)).toEqual(['odd']);
  });
});

describe('what the ledger refuses', () => {
  it('is parked with the reason and listed, lets its entity go on, and can be tried again', async () => {
    let isMended = false;
    const { client, of } = ledger(({ eventId }) =>
      eventId === 'odd' && !isMended ? refused(422, 'PAYLOAD_INVALID') : undefined,
    );
    const relaying = relay(client);
    await enqueue(pool, event('odd'), event('next'));
    await drained();
    expect(of('order:1')).toEqual(['next']);
    expect(await parkedEvents(pool)).toMatchObject([
      { event: event('odd'), problem: 'PAYLOAD_INVALID: why', attempts: 1, parkedAt: expect.any(Date) as Date },
    ]);
    expect(problems).toMatchObject([{ kind: 'parked', eventId: 'odd' }]);
    expect(await outboxState(pool)).toMatchObject({ waiting: 0, parked: 1 });
    isMended = true;
    expect([await retryParked(pool, ['999999999']), await retryParked(pool)]).toEqual([0, 1]);
    await drained();
    expect(of('order:1')).toEqual(['next', 'odd']);
    await relaying.stop();
  });

  it('for now comes again, its entity waits for it, and after its last attempt it is parked', async () => {
    const { client, of } = ledger(({ eventId }) => (eventId === 'a1' ? refused(409, 'TOPIC_STOPPED') : undefined));
    const relaying = relay(client, { maxAttempts: 2 });
    await enqueue(pool, event('a1', 'order:a'), event('a2', 'order:a'), event('b1', 'order:b'));
    await until(() => of('order:b').length === 1);
    await until(() => problems.length > 0);
    expect([problems[0]?.kind, of('order:a')]).toEqual(['later', []]);
    await drained();
    expect(of('order:a')).toEqual(['a2']);
    expect(await parkedEvents(pool)).toMatchObject([{ attempts: 2, problem: 'after 2 attempts: TOPIC_STOPPED: why' }]);
    await relaying.stop();
  });

  it('because it is too much at once never counts', async () => {
    let left = 3;
    const { client, recorded } = ledger(() => (left-- > 0 ? refused(429, 'RATE_LIMITED') : undefined));
    const relaying = relay(client, { maxAttempts: 1 });
    await enqueue(pool, event('a1'));
    await drained();
    expect(recorded.length).toBe(1);
    await relaying.stop();
  });
});

describe('relays', () => {
  it('share the work, and none of them overtakes another within an entity', async () => {
    const { client, of, recorded } = ledger();
    const all = Array.from({ length: 400 }, (_, i) => event(`e${String(i).padStart(3, '0')}`, `order:${i % 7}`));
    for (const one of all) await enqueue(pool, one);
    const slowly = {
      publishBatch: async (events: readonly never[]) =>
        sleep(Math.random() * 10).then(() => client.publishBatch(events)),
    };
    const relays = Array.from({ length: 5 }, () => relay(slowly, { batchSize: 3 }));
    await drained();
    await Promise.all(relays.map((one) => one.stop()));
    expect(recorded.length).toBe(400);
    for (let i = 0; i < 7; i++) expect(of(`order:${i}`)).toEqual(of(`order:${i}`).toSorted());
  });

  it('never take an event while an earlier one of its entity is taken, even in the moment when a lease ends', async () => {
    const take = async (who: string, lease: number) =>
      (await pool.query('SELECT taken FROM nervous_outbox.take($1, 1000, $2)', [who, lease])).rows
        .map(({ taken }) => Number(taken))
        .sort((a, b) => a - b);
    await enqueue(pool, ...Array.from({ length: 60 }, (_, i) => event(`e${i}`)));
    const [first = 0] = (await pool.query('SELECT min(id) AS first FROM nervous_outbox.events')).rows.map((row) =>
      Number(row['first']),
    );
    await take('a', 3);
    for (let i = 0; i < 200; i++) {
      const taken = await take(`b${i}`, 3);
      if (taken.length > 0) expect([taken[0], taken.length]).toEqual([first, 60]);
    }
  });

  it('wait while nobody answers, give back what they took, and go on', async () => {
    const { client, recorded } = ledger();
    let isDown = true;
    const relaying = relay({
      publishBatch: async (events) =>
        isDown ? Promise.reject(new Unreachable('http://x', new Error('refused'))) : client.publishBatch(events),
    });
    await enqueue(pool, event('a1'), event('a2'));
    await until(() => problems.length >= 2);
    expect(problems[0]).toMatchObject({ kind: 'service' });
    isDown = false;
    await drained();
    expect(recorded.length).toBe(2);
    expect(await parkedEvents(pool)).toEqual([]);
    await relaying.stop();
  });

  it('stop when told, and leave nothing taken', async () => {
    const { client } = ledger();
    const token = new ApiProblem({ status: 401, code: 'UNAUTHENTICATED', detail: 'no', errors: [] });
    const relaying = relay({ publishBatch: () => Promise.reject(token) }, { leaseSeconds: 600 });
    await enqueue(pool, event('a1'));
    await until(() => problems.length > 0);
    await relaying.stop();
    const next = relay(client);
    await drained();
    await next.stop();
  });

  it('are woken by the transaction, and need not be', async () => {
    const { client, recorded } = ledger();
    const woken = relay(client, { sweepSeconds: 3_600 });
    await sleep(200); // asleep, for an hour
    await enqueue(pool, event('a1'));
    await until(() => recorded.length === 1);
    await woken.stop();
    const deaf = relay(client, { pool: { query: (text, values) => pool.query(text, values) } });
    await enqueue(pool, event('a2'));
    await until(() => recorded.length === 2);
    await deaf.stop();
  });

  it('go on when the database comes back', async () => {
    const { client, recorded } = ledger();
    const relaying = relay(client, { sweepSeconds: 3_600, leaseSeconds: 1 });
    await sleep(100);
    await cluster.killAndRestart();
    await until(async () =>
      enqueue(pool, event('a1')).then(
        () => true,
        () => false,
      ),
    );
    await until(() => recorded.length === 1);
    expect(problems.every(({ kind }) => kind === 'database')).toBe(true);
    await relaying.stop();
  });

  it('refuse a database without the outbox, or with another version of it', async () => {
    const { client } = ledger();
    await pool.query(
      "CREATE OR REPLACE FUNCTION nervous_outbox.version() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 99'",
    );
    await expect(relay(client).done).rejects.toThrow('has version 99 of the outbox');
    await pool.query('ALTER SCHEMA nervous_outbox RENAME TO elsewhere');
    await expect(relay(client).done).rejects.toThrow('has no outbox');
    await pool.query('ALTER SCHEMA elsewhere RENAME TO nervous_outbox');
    await pool.query(POSTGRES_OUTBOX_SQL);
    expect(() => relay(client, { batchSize: 0 })).toThrow('batchSize');
  });
});

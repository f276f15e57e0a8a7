/** The client against a real engine over real HTTP, and against a network that fails at the worst moments. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEngine, type Engine } from '../../../adapters/embedded/index.ts';
import { ApiProblem, createClient, Unreachable, type Client, type PublishInput } from '../../../clients/sdk/index.ts';
import { config } from '../../../nervous.config.ts';

type Config = typeof config;

let dataDir: string;
let engine: Engine;
const as = (id: string, fetchIt?: typeof fetch): Client<Config> => {
  const token = engine.tokens[id] ?? '';
  return createClient<Config>({ url: engine.url, token, ...(fetchIt === undefined ? {} : { fetch: fetchIt }) });
};
const credit = (entityId: string, amount: string, eventId?: string): PublishInput<Config> => ({
  ...{ topic: 'transactions.new', entityId, payload: { amount, kind: 'credit' } },
  ...(eventId === undefined ? {} : { eventId }),
});

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'nervous-sdk-'));
  engine = await startEngine({ config, dataDir, port: 0 });
});
afterAll(async () => {
  await engine.close();
  rmSync(dataDir, { recursive: true });
});

/** Resolves when `isTrue` holds; the test's own limit ends a hang. */
async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** A fetch that lets requests through, but loses the answers of those `loses` names. */
function losing(loses: (path: string, nth: number) => boolean): typeof fetch {
  const counts = new Map<string, number>();
  return async (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    const nth = (counts.get(pathname) ?? 0) + 1;
    counts.set(pathname, nth);
    const response = await fetch(input, init);
    if (!loses(pathname, nth)) return response;
    await response.arrayBuffer();
    throw new TypeError('fetch failed', { cause: new Error('ECONNRESET') });
  };
}

describe('publishing', () => {
  it('records an event, and the same again is a duplicate', async () => {
    const client = as('bank-feed');
    const first = await client.publish(credit('account:pub', '1.00', 'pub-1'));
    expect(first).toMatchObject({ status: 'accepted', eventId: 'pub-1', entity: 'account:pub', seq: 0 });
    expect(await client.publish(credit('account:pub', '1.00', 'pub-1'))).toEqual({ ...first, status: 'duplicate' });
    const { event } = await as('eva').trace('pub-1');
    expect(event.ledger).toMatchObject({ entity: 'account:pub', seq: 0, hash: first.hash });
  });

  it('does not double an event whose first answer was lost, even without an id of its own', async () => {
    const client = as(
      'bank-feed',
      losing((path, nth) => path === '/v1/events' && nth <= 2),
    );
    const published = await client.publish(credit('account:lost', '1.00'));
    expect(published).toMatchObject({ status: 'duplicate', seq: 0 });
    expect((await as('eva').entity('account:lost')).head.seq).toBe(0);
  });

  it('answers for each event of a batch', async () => {
    const wrong = credit('account:batch', 'much');
    const results = await as('bank-feed').publishBatch([credit('account:batch', '1.00'), wrong]);
    expect(results.map(({ status }) => status)).toEqual(['accepted', 'rejected']);
    const atomic = await as('bank-feed').publishBatch([credit('account:batch', '1.00'), wrong], { atomic: true });
    expect(atomic.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('says why it was refused', async () => {
    const refused = await as('bank-feed')
      .publish(credit('account:pub', 'much'))
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ApiProblem);
    expect(refused).toMatchObject({
      ...{ status: 422, code: 'PAYLOAD_INVALID' },
      errors: [{ pointer: '/payload/amount' }],
    });
  });
});

describe('the network', () => {
  it('says in a sentence that nobody answers', async () => {
    const client = createClient({ url: 'http://127.0.0.1:1' });
    await expect(client.health()).rejects.toThrow(Unreachable);
    await expect(client.health()).rejects.toThrow(/cannot reach http:\/\/127\.0\.0\.1:1 \(.+\): is the engine running/);
  });

  it('comes back after Retry-After, and only with what is safe to repeat', async () => {
    let calls = 0;
    const busy: typeof fetch = async () => {
      calls += 1;
      if (calls % 2 === 0) return Response.json({ status: 'ok' });
      const problem = { status: 503, code: 'LEDGER_BUSY', detail: 'later', errors: [] };
      return Response.json(problem, { status: 503, headers: { 'retry-after': '0' } });
    };
    const client = createClient({ url: 'http://service.test', fetch: busy });
    expect(await client.health()).toEqual({ status: 'ok' });
    expect(calls).toBe(2);
    await expect(client.revoke('c-1')).rejects.toMatchObject({ code: 'LEDGER_BUSY' });
    expect(calls).toBe(3);
  });

  it('tells a gateway that refuses the token from a service that is not there', async () => {
    const gateway: typeof fetch = async () => Response.json({ message: 'Unauthorized' }, { status: 401 });
    const refused = createClient({ url: 'http://service.test', token: 'old', fetch: gateway }).state();
    await expect(refused).rejects.toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
  });

  it('tries again what a gateway gave up on, where that is safe', async () => {
    let calls = 0;
    const late: typeof fetch = async () => {
      calls += 1;
      return calls === 1 ? Response.json({ message: 'timeout' }, { status: 504 }) : Response.json({ status: 'ok' });
    };
    expect(await createClient({ url: 'http://service.test', fetch: late }).health()).toEqual({ status: 'ok' });
    const change = createClient({ url: 'http://service.test', fetch: late });
    calls = 0;
    await expect(change.revoke('c-1')).rejects.toMatchObject({ status: 504 });
  });

  it('asks for the token before every request, and keeps the path of a stage', async () => {
    const seen: string[] = [];
    const stage: typeof fetch = async (input, init) => {
      const { pathname } = new URL(input instanceof Request ? input.url : input);
      seen.push(`${pathname} ${new Headers(init?.headers).get('authorization')}`);
      return Response.json({ status: 'ok' });
    };
    let renewed = 0;
    const token = async (): Promise<string> => `t${(renewed += 1)}`;
    const client = createClient({ url: 'http://service.test/_aws/api/$default/', token, fetch: stage });
    await client.health();
    await client.health();
    expect(seen).toEqual(['/_aws/api/$default/health Bearer t1', '/_aws/api/$default/health Bearer t2']);
  });

  it('does not take any web page for the service', async () => {
    const page: typeof fetch = async () => new Response('<html>hello</html>');
    const client = createClient({ url: 'http://service.test', fetch: page });
    await expect(client.health()).rejects.toMatchObject({ code: 'ANSWER_UNREADABLE' });
  });
});

describe('subscribing', () => {
  it('hands over each event once and in order although acknowledgements get lost', async () => {
    const entities = ['account:s1', 'account:s2', 'account:s3'];
    const events = Array.from({ length: 60 }, (_, i) => credit(entities[i % 3] ?? '', '1.00', `s-${i}`));
    await as('bank-feed').publishBatch(events);
    const seen = new Map<string, number[]>();
    let lost = 0;
    const flaky = losing((path) => path.endsWith('/ack') && lost++ < 2);
    const filter = { detail: { entityId: entities } };
    const running = await as('budget-engine', flaky).subscribe(
      { id: 'once', topics: ['transactions.new'], filter, startAt: 'earliest', ackTimeoutMs: 200 },
      async ({ entityId, ledger }) => {
        await new Promise((resolve) => setImmediate(resolve));
        seen.set(entityId, [...(seen.get(entityId) ?? []), ledger.seq]);
      },
      { waitSeconds: 1 },
    );
    await until(async () => (await as('budget-engine').state()).subscriptions.some((one) => one.delivered === 60));
    await running.stop();
    for (const entity of entities) expect(seen.get(entity)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  it('does one event of an entity at a time, and entities side by side', async () => {
    await as('bank-feed').publishBatch(['p1', 'p1', 'p2', 'p2'].map((id) => credit(`account:${id}`, '1.00')));
    const active = new Map<string, number>();
    let mostPerEntity = 0;
    let mostEntities = 0;
    let finished = 0;
    const running = await as('budget-engine').subscribe(
      {
        topics: ['transactions.*'],
        filter: { detail: { entityId: ['account:p1', 'account:p2'] } },
        startAt: 'earliest',
      },
      async ({ entityId }) => {
        active.set(entityId, (active.get(entityId) ?? 0) + 1);
        mostPerEntity = Math.max(mostPerEntity, ...active.values());
        mostEntities = Math.max(mostEntities, [...active.values()].filter((n) => n > 0).length);
        await new Promise((resolve) => setTimeout(resolve, 5));
        active.set(entityId, (active.get(entityId) ?? 0) - 1);
        finished += 1;
      },
    );
    await until(() => finished === 4);
    await running.stop();
    expect({ mostPerEntity, mostEntities }).toEqual({ mostPerEntity: 1, mostEntities: 2 });
  });

  it('refuses what the handler cannot do, until it is a dead letter, which can be redriven', async () => {
    const client = as('budget-engine');
    let isBroken = true;
    const done: string[] = [];
    const running = await client.subscribe(
      {
        ...{ id: 'dying', topics: ['transactions.new'], filter: { detail: { entityId: ['account:dl'] } } },
        ...{ startAt: 'earliest', retry: { maxAttempts: 2, baseMs: 1, maxMs: 1 } },
      },
      ({ eventId }) => {
        if (isBroken) throw new RangeError('no such category');
        done.push(eventId);
      },
      { waitSeconds: 1 },
    );
    await as('bank-feed').publish(credit('account:dl', '1.00', 'dl-1'));
    await until(async () => (await client.deadLetters('dying')).deadLetters.length === 1);
    const { deadLetters } = await client.deadLetters('dying');
    expect(deadLetters[0]).toMatchObject({ attempts: 2, reason: 'RangeError: no such category' });
    isBroken = false;
    expect(await client.redrive('dying')).toBe(1);
    await until(() => done.length > 0);
    await running.stop();
    expect(done).toEqual(['dl-1']);
  });

  it('finishes and settles what it holds when it stops', async () => {
    const client = as('budget-engine');
    let begin = (): void => {};
    const begun = new Promise<void>((resolve) => (begin = resolve));
    let finish = (): void => {};
    const finishing = new Promise<void>((resolve) => (finish = resolve));
    let isFinished = false;
    const running = await client.subscribe(
      { id: 'stopping', topics: ['transactions.new'], filter: { detail: { entityId: ['account:stop'] } } },
      async () => {
        begin();
        await finishing;
        isFinished = true;
      },
    );
    await as('bank-feed').publish(credit('account:stop', '1.00'));
    await begun;
    const stopped = running.stop();
    expect(isFinished).toBe(false);
    finish();
    await stopped;
    expect(isFinished).toBe(true);
    const stats = (await client.state()).subscriptions.find(({ subscription }) => subscription === 'stopping');
    expect(stats).toMatchObject({ delivered: 1, inFlight: 0 });
  });

  it('ends with the reason when the subscription is gone', async () => {
    const client = as('budget-engine');
    const running = await client.subscribe({ topics: ['transactions.*'] }, () => undefined, { waitSeconds: 0 });
    const ended = expect(running.done).rejects.toMatchObject({ code: 'SUBSCRIPTION_NOT_FOUND' });
    await client.unsubscribe(running.id);
    await ended;
  });
});

describe('the feed', () => {
  it('iterates over what there is, and goes on from a cursor', async () => {
    await as('bank-feed').publishBatch([credit('account:feed', '1.00', 'f-1'), credit('account:feed', '2.00', 'f-2')]);
    const ids: string[] = [];
    let after = '';
    for await (const { event, cursor } of as('eva').feed({ entity: 'account:feed', live: false })) {
      ids.push(event.eventId);
      after = cursor ?? '';
    }
    expect(ids).toEqual(['f-1', 'f-2']);
    await as('bank-feed').publish(credit('account:feed', '3.00', 'f-3'));
    for await (const { event } of as('eva').feed({ entity: 'account:feed', after })) {
      expect(event.eventId).toBe('f-3');
      break;
    }
  });
});

describe('change-sets', () => {
  const proposal = (entityId: string, title = 'Open it'): Parameters<Client['propose']>[0] => ({
    ...{ entityId, title, rationale: 'the customer asked' },
    operations: [{ type: 'state.put', payload: { limit: '500.00' } }],
  });

  it('binds a decision to the view that was looked at', async () => {
    const { change } = await as('budget-bot').propose(proposal('account:c1'));
    expect(change.state).toBe('pending');
    const { entityId: _, ...revision } = proposal('account:c1', 'Open it, corrected');
    await as('budget-bot').revise(change.id, revision);
    await expect(as('clara').decide(change, 'approve')).rejects.toMatchObject({ code: 'DECISION_STALE' });
    await expect(as('budget-bot').decide(change, 'approve')).rejects.toMatchObject({ code: 'AGENTS_CANNOT_DECIDE' });
    const { assessmentHash: _hash, ...blocked } = {
      ...change,
      blocked: { code: 'STALE_BASE', message: 'it has moved' },
    };
    await expect(as('clara').decide(blocked, 'approve')).rejects.toMatchObject({
      code: 'CHANGE_STATE_CONFLICT',
      detail: expect.stringContaining('it has moved') as unknown,
    });
    const withdrawn = await as('budget-bot').withdraw(change.id, { reason: 'test' });
    expect(withdrawn.state).toBe('cancelled');
  });

  it('proposes once under one key, however often the answer is lost', async () => {
    const client = as(
      'budget-bot',
      losing((path, nth) => path === '/v1/change-sets' && nth === 1),
    );
    const { kind, change } = await client.propose(proposal('account:c2'));
    expect(kind).toBe('existing');
    const { changes } = await as('eva').changeSets({ entity: 'account:c2' });
    expect(changes.map(({ id }) => id)).toEqual([change.id]);
  });
});

describe('verification', () => {
  it('answers for one chain and, to auditors, for all', async () => {
    await as('bank-feed').publish(credit('account:v', '1.00'));
    expect(await as('eva').verifyEntity('account:v')).toMatchObject({ verdict: 'OK', entries: 1 });
    expect(await as('eva').verifyAll()).toMatchObject({ verdict: 'OK' });
    await expect(as('bank-feed').verifyAll()).rejects.toMatchObject({ status: 403 });
  });
});

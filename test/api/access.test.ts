/** Who read what over HTTP: which answers are journaled, before they leave, and how auditors see them. */
import { beforeEach, describe, expect, it } from 'vitest';
import { handleRequest } from '../../api/index.ts';
import type { StreamedBody } from '../../api/route.ts';
import type { AccessPage, AccessView } from '../../core/system/index.ts';
import type { AccessPolicy } from '../../core/policy/index.ts';
import { call, refusalOf, type Answer } from './call.ts';
import { createTestSystem, type TestSystem } from './test-system.ts';

let fixture: TestSystem;
let broken: boolean;

async function begin(access: AccessPolicy | undefined): Promise<void> {
  broken = false;
  const before = (): void => {
    if (broken) throw new Error('the disk is gone');
  };
  fixture = await createTestSystem({ before }, undefined, access);
}
beforeEach(() => begin({}));

const event = (entityId: string, more: object = {}): object => ({
  ...{ eventId: `e-${entityId}`, topic: 'transactions.new', entityId, payload: { amount: '1.00' } },
  ...more,
});
const publish = (entityId: string, as = 'ledgerist', more: object = {}): Promise<Answer> =>
  call(fixture, 'POST /v1/events', { as, body: event(entityId, more) });
const list = (query = '', as = 'aud'): Promise<Answer<AccessPage>> => call(fixture, `GET /v1/access${query}`, { as });

/** With a new session key to be certified: who already has one is tried for minutes of the test's clock. */
async function breakStore(): Promise<void> {
  await fixture.clock.advance(3_600_000);
  broken = true;
}

/** Without those about the journal itself. */
async function accesses(query = ''): Promise<AccessView[]> {
  const { json } = await list(query);
  return json.accesses.filter(({ operation }) => operation !== 'listAccesses');
}

describe('a page of the feed', () => {
  it('is journaled with its places and entities; one that shows nothing is not', async () => {
    await publish('account:1');
    await publish('account:2');
    const { json } = await call<{ events: { ledger: { position: number } }[]; cursor: string }>(
      fixture,
      'GET /v1/feed',
      {
        as: 'ann',
      },
    );
    await call(fixture, `GET /v1/feed?after=${json.cursor}`, { as: 'ann' });
    const places = json.events.map(({ ledger }) => ledger.position);
    expect(await accesses()).toMatchObject([
      {
        ...{ actor: { kind: 'person', id: 'ann' }, person: 'ann', operation: 'readFeed', outcome: 'succeeded' },
        ...{ entities: ['account:1', 'account:2'], count: 2, from: places[0], to: places[1] },
      },
    ]);
  });

  it('holds no entry of the journal, whatever was read', async () => {
    await publish('account:1');
    for (let i = 0; i < 30; i++) await call(fixture, 'GET /v1/feed', { as: 'ann' });
    await publish('account:2');
    const { json } = await call<{ events: object[] }>(fixture, 'GET /v1/feed?limit=2', { as: 'ann' });
    expect(json.events).toMatchObject([{ entityId: 'account:1' }, { entityId: 'account:2' }]);
  });

  it('is not shown when it cannot be journaled', async () => {
    await publish('account:1');
    await breakStore();
    expect(refusalOf(await call(fixture, 'GET /v1/feed', { as: 'ann', onError: () => {} }))).toBe(
      '503 STORE_UNAVAILABLE',
    );
  });

  it('is journaled for each batch of a stream, before the batch', async () => {
    await publish('account:1');
    const reader = new AbortController();
    const response = await handleRequest(
      {
        ...{ method: 'GET', target: '/v1/stream', headers: {}, signal: reader.signal, principal: fixture.as('ann') },
        body: async () => new Uint8Array(),
      },
      fixture.system,
    );
    expect(await accesses()).toEqual([]);
    for await (const piece of response.body as StreamedBody) if (Buffer.from(piece).includes('account:1')) break;
    reader.abort();
    expect(await accesses()).toMatchObject([{ operation: 'streamFeed', entities: ['account:1'], count: 1 }]);
  });

  it('of a stream does not go out when it cannot be journaled', async () => {
    await publish('account:1');
    const response = await handleRequest(
      {
        ...{ method: 'GET', target: '/v1/stream', headers: {}, signal: new AbortController().signal },
        ...{ principal: fixture.as('ann'), body: async () => new Uint8Array() },
      },
      fixture.system,
    );
    await breakStore();
    const pieces: string[] = [];
    const reading = (async () => {
      for await (const piece of response.body as StreamedBody) pieces.push(Buffer.from(piece).toString());
    })();
    await expect(reading).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(pieces.join('')).not.toContain('account:1');
  });
});

describe('what is read of one thing', () => {
  const proposal = {
    ...{ entityId: 'account:1', title: 'A limit', rationale: 'asked for' },
    operations: [{ type: 'state.put', payload: { limit: '1.00' } }],
  };

  it('is journaled: change-sets one by one and as a list, with their entities', async () => {
    const { json } = await call<{ change: { id: string } }>(fixture, 'POST /v1/change-sets', {
      as: 'ann',
      body: proposal,
    });
    const { id } = json.change;
    await call(fixture, `GET /v1/change-sets/${id}`, { as: 'rita' });
    await call(fixture, 'GET /v1/change-sets', { as: 'rita' });
    expect(await accesses()).toMatchObject([
      { operation: 'getChangeSet', id, entities: ['account:1'], count: 1, person: 'rita' },
      { operation: 'listChangeSets', entities: ['account:1'], count: 1 },
    ]);
  });

  it.each([
    ['GET /v1/entities/account%3A1', { operation: 'getEntity', entities: ['account:1'] }],
    ['GET /v1/entities/account%3A1/entries', { operation: 'listEntries', entities: ['account:1'] }],
    ['GET /v1/entities/account%3A1/verify', { operation: 'verifyEntity', entities: ['account:1'] }],
    ['GET /v1/proof?entity=account%3A1', { operation: 'getProof', entities: ['account:1'], from: 0, to: 0 }],
    ['GET /v1/events/e-account:1', { operation: 'traceEvent', id: 'e-account:1', entities: ['account:1'] }],
    ['GET /v1/quarantine', { operation: 'listQuarantine', count: 0 }],
    ['GET /v1/work', { operation: 'listWork', count: 0 }],
  ])('%s', async (line, expected) => {
    await publish('account:1');
    const as = line.includes('quarantine') ? 'aud' : 'ann';
    const answer = await call(fixture, line, { as });
    const outcome = answer.status < 300 ? 'succeeded' : 'refused';
    expect(await accesses()).toMatchObject([{ ...expected, outcome }]);
  });

  it.each(['GET /v1/state', 'GET /v1/catalog', 'GET /v1/policy', 'GET /v1/subscriptions', 'GET /v1/checkpoint'])(
    '%s is not: it shows nothing of entities',
    async (line) => {
      await call(fixture, line, { as: 'ann', onError: () => {} });
      expect(await accesses()).toEqual([]);
    },
  );
});

describe('what is refused', () => {
  it('is journaled: a publish alone and in a batch, a decision, a reading', async () => {
    await publish('account:1', 'outsider');
    await call(fixture, 'POST /v1/events', {
      as: 'ledgerist',
      body: { events: [event('account:1'), event('account:2', { payload: { amount: 'much' } })] },
    });
    await call(fixture, 'POST /v1/change-sets/none/decisions', {
      as: 'ann',
      body: {
        revision: 1,
        contentHash: 'a'.repeat(64),
        assessmentHash: 'a'.repeat(64),
        decision: 'approve',
        nonce: 'n'.repeat(16),
      },
    });
    await call(fixture, 'GET /v1/feed?after=p99', { as: 'ann' });
    await call(fixture, 'GET /v1/quarantine', { as: 'ann' });
    const found = await accesses('?refused=true');
    expect(found.map(({ operation, code, actor }) => [operation, actor.id, code])).toEqual([
      ['publishEvents', 'outsider', 'FORBIDDEN'],
      ['publishEvents', 'ledgerist', 'PAYLOAD_INVALID'],
      ['decideChangeSet', 'ann', 'CHANGE_NOT_FOUND'],
      ['readFeed', 'ann', 'CURSOR_INVALID'],
      ['listQuarantine', 'ann', 'FORBIDDEN'],
    ]);
    expect(found[1]).toMatchObject({ entities: ['account:1', 'account:2'], count: 1 });
  });

  it('holds nothing of what was sent but names', async () => {
    await publish('account:1', 'outsider', { payload: { amount: 'secret 4711' }, entityId: 'no entity 4711' });
    expect(JSON.stringify(await accesses())).not.toContain('4711');
  });

  it('is not journaled of nobody, nor what means nothing', async () => {
    await call(fixture, 'GET /v1/feed');
    await call(fixture, 'GET /v1/entities/account%3A1');
    await call(fixture, 'GET /v1/feed?limit=much', { as: 'ann' });
    expect(await accesses()).toEqual([]);
  });
});

describe('the journal', () => {
  it('is for auditors, and whoever else asks is journaled', async () => {
    expect(refusalOf(await list('', 'ann'))).toBe('403 FORBIDDEN');
    expect((await list()).json.accesses).toMatchObject([
      { operation: 'listAccesses', outcome: 'refused', code: 'FORBIDDEN' },
    ]);
  });

  it('is journaled once a page, whatever the policy says, and comes to an end', async () => {
    await begin({ entities: 0, changes: 0, events: 0, refused: 0 });
    await list();
    await list();
    const { json } = await list();
    expect(json.accesses.map(({ operation, count }) => [operation, count])).toEqual([
      ['listAccesses', 0],
      ['listAccesses', 1],
    ]);
    expect(json.isLast).toBe(true);
  });

  it('goes on page by page where it stopped, and misses nothing', async () => {
    await publish('account:1');
    for (let i = 0; i < 7; i++) await call(fixture, 'GET /v1/feed', { as: i % 2 === 0 ? 'ann' : 'rita' });
    const found: AccessView[] = [];
    let query = '?limit=3&person=ann';
    for (let isLast = false; !isLast;) {
      const { json } = await list(query);
      found.push(...json.accesses);
      [query, isLast] = [`?limit=3&person=ann&after=${json.cursor}`, json.isLast];
    }
    expect(found).toHaveLength(4);
    expect(new Set(found.map(({ ledger }) => ledger.position)).size).toBe(4);
  });

  it('is filtered by person, who answers for agents, by entity, by time and by what was refused', async () => {
    await publish('account:1');
    await call(fixture, 'GET /v1/feed', { as: 'advisor' });
    await fixture.clock.advance(3_600_000);
    await call(fixture, 'GET /v1/feed', { as: 'rita' });
    await publish('account:2', 'outsider');
    const by = async (query: string): Promise<string[]> => (await accesses(query)).map(({ actor }) => actor.id);
    expect(await by('?person=ann')).toEqual(['advisor']);
    expect(await by('?person=advisor')).toEqual(['advisor']);
    expect(await by('?person=outsider')).toEqual(['outsider']);
    expect(await by('?entity=account%3A1')).toEqual(['advisor', 'rita']);
    expect(await by('?entity=account%3A2')).toEqual(['outsider']);
    expect(await by('?refused=true')).toEqual(['outsider']);
    expect(await by('?refused=false')).toEqual(['advisor', 'rita']);
    expect(await by('?since=30m')).toEqual(['rita', 'outsider']);
    expect(await by('?until=30m')).toEqual(['advisor']);
  });

  it("is nobody else's chain: no event and no change-set gets onto one", async () => {
    const chain = `access/${'0'.repeat(16)}`;
    expect((await publish(chain)).status).toBeGreaterThanOrEqual(400);
    const body = { entityId: chain, title: 't', rationale: 'r', operations: [{ type: 'state.put', payload: {} }] };
    expect((await call(fixture, 'POST /v1/change-sets', { as: 'ann', body })).status).toBeGreaterThanOrEqual(400);
  });

  it('does not begin by itself: without a policy nothing but its own readings is journaled', async () => {
    await begin(undefined);
    await publish('account:1');
    await call(fixture, 'GET /v1/feed', { as: 'ann' });
    await publish('account:1', 'outsider');
    expect(await accesses()).toEqual([]);
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import type { EntryPage } from '../../api/index.ts';
import type { EntityView } from '../../core/system/index.ts';
import { call, type Answer } from './call.ts';
import { createTestSystem, type TestSystem } from './test-system.ts';

const ENTITY = 'account:1/sub';
const PATH = '/v1/entities/account%3A1%2Fsub';

let fixture: TestSystem;
beforeEach(async () => {
  fixture = await createTestSystem();
  const events = ['1.00', '2.00', '3.00'].map((amount) => ({
    topic: 'transactions.new',
    entityId: ENTITY,
    payload: { amount },
  }));
  await call(fixture, 'POST /v1/events', { as: 'ledgerist', body: { events } });
});

describe('an entity', () => {
  it('is found under its percent-encoded id, with an ETag that names the head of its chain', async () => {
    const { status, json, headers } = await call<EntityView>(fixture, `GET ${PATH}`, { as: 'ledgerist' });
    expect(status).toBe(200);
    expect(json).toMatchObject({ entityId: ENTITY, head: { seq: 2 }, version: 0 });
    expect(headers['etag']).toBe(`"v0.${json.head.hash}"`);
  });

  it('is 304 while the ETag is the same, and 200 after the next entry', async () => {
    const { headers } = await call(fixture, `GET ${PATH}`, { as: 'ledgerist' });
    const etag = headers['etag'] ?? '';
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await call(fixture, `GET ${PATH}`, { as: 'ledgerist', headers: { 'if-none-match': known } });
      expect(again).toMatchObject({ status: 304, json: undefined, headers: { etag } });
    }
    const body = { topic: 'transactions.new', entityId: ENTITY, payload: { amount: '4.00' } };
    await call(fixture, 'POST /v1/events', { as: 'ledgerist', body });
    const changed = await call(fixture, `GET ${PATH}`, { as: 'ledgerist', headers: { 'if-none-match': etag } });
    expect(changed).toMatchObject({ status: 200, json: { head: { seq: 3 } } });
  });

  it.each([
    ['/v1/entities/account%3A2', 404, 'ENTITY_NOT_FOUND', 'aud'],
    [PATH, 403, 'FORBIDDEN', 'outsider'],
    ['/v1/entities/account:1/sub', 404, 'ROUTE_NOT_FOUND', 'aud'],
    ['/v1/entities/%2e%2e', 400, 'REQUEST_INVALID', 'aud'],
    ['/v1/entities/..%2F..%2Fetc%2Fpasswd', 400, 'REQUEST_INVALID', 'aud'],
    ['/v1/entities/%', 400, 'REQUEST_INVALID', 'aud'],
    ['/v1/entities/%FF', 400, 'REQUEST_INVALID', 'aud'],
    ['/v1/entities/%00', 400, 'REQUEST_INVALID', 'aud'],
    ['/v1/entities/a%ED%A0%80', 400, 'REQUEST_INVALID', 'aud'],
    [`/v1/entities/${'a'.repeat(129)}`, 400, 'REQUEST_INVALID', 'aud'],
    ['/v1/entities/', 404, 'ROUTE_NOT_FOUND', 'aud'],
    ['/v1/entities/../../health', 404, 'ROUTE_NOT_FOUND', 'aud'],
  ])('%s is %i %s', async (path, status, code, as) => {
    const { problem } = await call(fixture, `GET ${path}`, { as });
    expect(problem).toMatchObject({ status, code });
  });
});

describe('the entries of an entity', () => {
  it('come in pages whose `next` leads through the whole chain', async () => {
    const seqs: number[] = [];
    for (let next: number | undefined = 0; next !== undefined;) {
      const { json }: Answer<EntryPage> = await call(fixture, `GET ${PATH}/entries?from=${next}&limit=2`, {
        as: 'ledgerist',
      });
      seqs.push(...json.entries.map(({ seq }) => seq));
      next = json.next;
    }
    expect(seqs).toEqual([0, 1, 2]);
  });

  it('carry the stored bytes', async () => {
    const { json } = await call<EntryPage>(fixture, `GET ${PATH}/entries`, { as: 'aud' });
    const stored = fixture.store.log.filter(({ chain }) => chain === ENTITY);
    const notes = json.entries.map(({ note }) => note);
    expect(notes).toEqual(stored.map(({ note }) => new TextDecoder().decode(note)));
  });

  it.each(['from=-1', 'from=9007199254740992', 'limit=0', 'limit=201', 'seq=1', 'from=1&from=2'])(
    'refuse %s',
    async (query) => {
      const { problem } = await call(fixture, `GET ${PATH}/entries?${query}`, { as: 'aud' });
      expect(problem).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
    },
  );
});

describe('verification', () => {
  it('of an entity answers with the verdict', async () => {
    const { json } = await call(fixture, `GET ${PATH}/verify`, { as: 'aud' });
    expect(json).toMatchObject({ verdict: 'OK', entries: 3, notChecked: ['the Merkle log'] });
  });

  it.each([
    [undefined, ['links', 'signatures']],
    [{}, ['links', 'signatures']],
    [{ signatures: true }, ['links', 'signatures']],
    [{ signatures: false }, ['links']],
  ])('of the ledger with %j checks %j', async (body, checked) => {
    const { status, json } = await call(fixture, 'POST /v1/verify', { as: 'aud', body });
    expect(status).toBe(200);
    expect(json).toMatchObject({ verdict: 'OK', checked });
  });

  it('of the ledger is for auditors', async () => {
    const { problem } = await call(fixture, 'POST /v1/verify', { as: 'ledgerist', body: {} });
    expect(problem).toMatchObject({ status: 403, code: 'FORBIDDEN' });
  });

  it.each([
    [{ mode: 'range', from: 5, to: 5 }, '/to'],
    [{ mode: 'range', from: 5 }, '/from'],
    [{ from: 5 }, '/from'],
    [{ mode: 'since' }, '/checkpoint'],
  ])('R10: of a part refuses %j', async (body, pointer) => {
    const { problem } = await call(fixture, 'POST /v1/verify', { as: 'aud', body });
    expect(problem).toMatchObject({ status: 400, code: 'REQUEST_INVALID', errors: [{ pointer }] });
  });

  it.each([{ signatures: 'no' }, { all: true }, [], null])('of the ledger refuses %j', async (body) => {
    const { problem } = await call(fixture, 'POST /v1/verify', { as: 'aud', body });
    expect(problem).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
  });
});

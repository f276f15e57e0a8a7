import { beforeEach, describe, expect, it } from 'vitest';
import type { ChangePage, ChangeView, DecideResult, ProposeResult } from '../../core/changes/index.ts';
import { call, refusalOf } from './call.ts';
import { createTestSystem, type TestSystem } from './test-system.ts';

const proposal = {
  entityId: 'account:1',
  title: 'Set the limit',
  rationale: 'asked for by the customer',
  operations: [{ type: 'state.put', payload: { limit: '500.00' } }],
};

let fixture: TestSystem;
beforeEach(async () => {
  fixture = await createTestSystem();
});

async function propose(as = 'advisor', body: object = proposal): Promise<ChangeView> {
  const { json } = await call<ProposeResult>(fixture, 'POST /v1/change-sets', { as, body });
  return json.change;
}

function decisionOn(change: ChangeView, fields: object = {}): object {
  const { revision, contentHash, assessmentHash } = change;
  return { revision, contentHash, assessmentHash, decision: 'approve', nonce: 'nonce-0123456789', ...fields };
}

describe('proposing', () => {
  it('answers 201 with the assessed change-set and where it is', async () => {
    const { status, json, headers } = await call<ProposeResult>(fixture, 'POST /v1/change-sets', {
      as: 'advisor',
      body: proposal,
    });
    expect(status).toBe(201);
    expect(json).toMatchObject({ kind: 'created', change: { state: 'pending', risk: { level: 'L2' } } });
    expect(headers['location']).toBe(`/v1/change-sets/${json.change.id}`);
  });

  it('answers 200 with the same change-set under the same idempotency key', async () => {
    const options = { as: 'advisor', body: proposal, headers: { 'idempotency-key': 'k-1' } };
    const first = await call<ProposeResult>(fixture, 'POST /v1/change-sets', options);
    const again = await call(fixture, 'POST /v1/change-sets', options);
    expect(again).toMatchObject({ status: 200, json: { kind: 'existing', change: { id: first.json.change.id } } });
    const other = await call(fixture, 'POST /v1/change-sets', { ...options, body: { ...proposal, title: 'Other' } });
    expect(other.problem).toMatchObject({ status: 409, code: 'IDEMPOTENCY_CONFLICT' });
  });

  it.each([
    ['no right', 'outsider', proposal, '403 FORBIDDEN'],
    ['an entity out of reach', 'advisor', { ...proposal, entityId: 'loan:1' }, '403 FORBIDDEN'],
    ['an unknown field', 'advisor', { ...proposal, state: 'approved' }, '400 CHANGE_INVALID'],
    [
      'R10: a patch that does not fit the document',
      'advisor',
      { ...proposal, operations: [{ type: 'state.patch', payload: [{ op: 'remove', path: '/limit' }] }] },
      '409 CHANGE_UNFIT',
    ],
    [
      'R10: a deletion of what is not there',
      'advisor',
      { ...proposal, operations: [{ type: 'state.delete', payload: {} }] },
      '409 CHANGE_UNFIT',
    ],
    ['no operation', 'advisor', { ...proposal, operations: [] }, '400 CHANGE_INVALID'],
    [
      'another base version',
      'advisor',
      { ...proposal, operations: [{ ...proposal.operations[0], baseVersion: 4 }] },
      '409 STALE_BASE',
    ],
  ])('is refused with %s', async (_what, as, body, refusal) => {
    const answer = await call(fixture, 'POST /v1/change-sets', { as, body });
    expect(refusalOf(answer)).toBe(refusal);
    expect(await fixture.store.size()).toBe(0);
  });
});

describe('looking', () => {
  it('lists what one may see, page by page', async () => {
    const ids = [(await propose()).id, (await propose()).id, (await propose()).id];
    const first = await call<ChangePage>(fixture, 'GET /v1/change-sets?limit=2&status=pending&entity=account%3A1', {
      as: 'ann',
    });
    const next = first.json.next ?? '';
    const second = await call<ChangePage>(fixture, `GET /v1/change-sets?limit=2&after=${next}`, { as: 'ann' });
    const seen = [first, second].flatMap(({ json }) => json.changes).map(({ id }) => id);
    expect(seen).toEqual(ids);
    const outside = await call(fixture, 'GET /v1/change-sets', { as: 'outsider' });
    expect(outside.json).toEqual({ changes: [] });
  });

  it('shows the inbox of who asks: the owner of the agent cannot decide, the other role can', async () => {
    const { id } = await propose();
    const inbox = async (as: string): Promise<string[]> => {
      const { json } = await call<ChangePage>(fixture, 'GET /v1/change-sets?for=me', { as });
      return json.changes.map((change) => change.id);
    };
    expect(await inbox('rita')).toEqual([id]);
    expect(await inbox('ann')).toEqual([]);
  });

  it('shows one', async () => {
    const { id } = await propose();
    const { json } = await call(fixture, `GET /v1/change-sets/${id}`, { as: 'rita' });
    expect(json).toMatchObject({ id, title: 'Set the limit', stillNeeded: { approvals: 2 } });
  });

  it.each([
    ['GET /v1/change-sets/nothing', 'ann', 404, 'CHANGE_NOT_FOUND'],
    ['GET /v1/change-sets/a%2Fb', 'ann', 400, 'REQUEST_INVALID'],
    ['GET /v1/change-sets?for=rita', 'ann', 400, 'REQUEST_INVALID'],
    ['GET /v1/change-sets?status=open', 'ann', 400, 'REQUEST_INVALID'],
    ['GET /v1/change-sets?limit=101', 'ann', 400, 'REQUEST_INVALID'],
  ])('%s is refused', async (line, as, status, code) => {
    const { problem } = await call(fixture, line, { as });
    expect(problem).toMatchObject({ status, code });
  });

  it('is refused to who has no business with it', async () => {
    const { id } = await propose();
    const { problem } = await call(fixture, `GET /v1/change-sets/${id}`, { as: 'outsider' });
    expect(problem).toMatchObject({ status: 403, code: 'FORBIDDEN' });
  });
});

describe('deciding', () => {
  it('records a vote, and answers the same again with what was recorded', async () => {
    const change = await propose();
    const options = { as: 'rita', body: decisionOn(change) };
    const first = await call<DecideResult>(fixture, `POST /v1/change-sets/${change.id}/decisions`, options);
    const again = await call(fixture, `POST /v1/change-sets/${change.id}/decisions`, options);
    expect(first).toMatchObject({ status: 200, json: { kind: 'decided', change: { stillNeeded: { approvals: 1 } } } });
    expect(again).toMatchObject({ status: 200, json: { kind: 'recorded', vote: first.json.vote } });
  });

  it.each([
    ['an agent', 'advisor', {}, '403 AGENTS_CANNOT_DECIDE'],
    ['who answers for the agent', 'ann', {}, '403 SELF_APPROVAL'],
    ['who holds no role', 'aud', {}, '403 NOT_ELIGIBLE'],
    ['another content', 'rita', { contentHash: 'ab'.repeat(32) }, '409 DECISION_STALE'],
    ['an old revision', 'rita', { revision: 2 }, '409 DECISION_STALE'],
    ['an expired decision', 'rita', { expiresAt: '2020-01-01T00:00:00Z' }, '409 DECISION_EXPIRED'],
    ['a short nonce', 'rita', { nonce: 'x' }, '400 CHANGE_INVALID'],
    ['another word', 'rita', { decision: 'APPROVE' }, '400 CHANGE_INVALID'],
  ])('refuses %s', async (_what, as, fields, refusal) => {
    const change = await propose();
    const size = await fixture.store.size();
    const body = decisionOn(change, fields);
    const answer = await call(fixture, `POST /v1/change-sets/${change.id}/decisions`, { as, body });
    expect(refusalOf(answer)).toBe(refusal);
    expect(await fixture.store.size()).toBe(size);
  });

  it('refuses a nonce that was used, and a second vote of one person', async () => {
    const [one, two] = [await propose(), await propose()];
    await call(fixture, `POST /v1/change-sets/${one.id}/decisions`, { as: 'rita', body: decisionOn(one) });
    const replayed = await call(fixture, `POST /v1/change-sets/${two.id}/decisions`, {
      as: 'rita',
      body: decisionOn(two),
    });
    expect(replayed.problem).toMatchObject({ status: 409, code: 'DECISION_REPLAYED' });
    const body = decisionOn(one, { nonce: 'another-nonce-0123' });
    const second = await call(fixture, `POST /v1/change-sets/${one.id}/decisions`, { as: 'rita', body });
    expect(second.problem).toMatchObject({ status: 409, code: 'ALREADY_VOTED' });
  });

  it('is not possible by GET', async () => {
    const { id } = await propose();
    const { problem, headers } = await call(fixture, `GET /v1/change-sets/${id}/decisions`, { as: 'rita' });
    expect(problem).toMatchObject({ status: 405, code: 'METHOD_NOT_ALLOWED' });
    expect(headers['allow']).toBe('OPTIONS, POST');
  });
});

describe('revising, withdrawing, aborting', () => {
  const { entityId: _entityId, ...revision } = proposal;

  it('revises, which voids votes', async () => {
    const change = await propose();
    await call(fixture, `POST /v1/change-sets/${change.id}/decisions`, { as: 'rita', body: decisionOn(change) });
    const body = { ...revision, title: 'Set a lower limit' };
    const { json } = await call(fixture, `POST /v1/change-sets/${change.id}/revisions`, { as: 'advisor', body });
    expect(json).toMatchObject({ revision: 2, title: 'Set a lower limit', votes: [] });
    const other = await call(fixture, `POST /v1/change-sets/${change.id}/revisions`, { as: 'rita', body });
    expect(other.problem).toMatchObject({ status: 403, code: 'NOT_PROPOSER' });
  });

  it.each([undefined, {}, { reason: 'asked twice' }])('withdraws with %j', async (body) => {
    const { id } = await propose();
    const { json } = await call(fixture, `POST /v1/change-sets/${id}/withdraw`, { as: 'advisor', body });
    expect(json).toMatchObject({ id, state: 'cancelled' });
    const again = await call(fixture, `POST /v1/change-sets/${id}/withdraw`, { as: 'advisor', body });
    expect(again.problem).toMatchObject({ status: 409, code: 'CHANGE_STATE_CONFLICT' });
  });

  it('aborts only what is executing', async () => {
    const { id } = await propose();
    const path = `POST /v1/change-sets/${id}/abort`;
    const early = await call(fixture, path, { as: 'rita', body: { reason: 'wrong account' } });
    expect(early.problem).toMatchObject({ status: 409, code: 'CHANGE_STATE_CONFLICT' });
    const agent = await call(fixture, path, { as: 'advisor', body: { reason: 'wrong account' } });
    expect(agent.problem).toMatchObject({ status: 403, code: 'AGENTS_CANNOT_DECIDE' });
    const silent = await call(fixture, path, { as: 'rita', body: {} });
    expect(silent.problem).toMatchObject({ status: 400, code: 'CHANGE_INVALID' });
    const empty = await call(fixture, path, { as: 'rita' });
    expect(empty.problem).toMatchObject({ status: 415, code: 'MEDIA_TYPE_UNSUPPORTED' });
  });
});

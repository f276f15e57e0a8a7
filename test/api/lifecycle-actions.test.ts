/** Votes taken back, break-glass, reviews, resolutions and reverts over HTTP: answers, refusals, repetition. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { ActResult, ChangePage, ChangeView, DecideResult, ProposeResult } from '../../core/changes/index.ts';
import { call, refusalOf } from './call.ts';
import { createTestSystem, type TestSystem } from './test-system.ts';

const proposal = {
  entityId: 'account:1',
  title: 'Set the limit',
  rationale: 'asked for by the customer',
  operations: [{ type: 'state.put', payload: { limit: '500.00' } }],
};
const evidence = [{ url: 'https://bank.test/1', hash: 'ab'.repeat(32) }];

let fixture: TestSystem;
let nonces = 0;
beforeEach(async () => {
  fixture = await createTestSystem();
});

async function propose(): Promise<ChangeView> {
  return (await call<ProposeResult>(fixture, 'POST /v1/change-sets', { as: 'advisor', body: proposal })).json.change;
}

function binding({ revision, contentHash, assessmentHash }: ChangeView): object {
  nonces += 1;
  return { revision, contentHash, assessmentHash, nonce: `nonce-of-acts-${String(nonces).padStart(4, '0')}` };
}

const act = <Body = ActResult>(change: { id: string }, verb: string, as: string, body?: object) =>
  call<Body>(fixture, `POST /v1/change-sets/${change.id}/${verb}`, { as, body });

const decide = (change: ChangeView, as: string, decision = 'approve', more: object = {}) =>
  act<DecideResult>(change, 'decisions', as, { ...binding(change), decision, ...more });

describe('revoking', () => {
  it('takes a vote back, once, with or without a body', async () => {
    const change = await propose();
    await decide(change, 'rita');
    const first = await act(change, 'revoke', 'rita');
    expect(first).toMatchObject({ status: 200, json: { kind: 'done', change: { votes: [] } } });
    expect(await act(change, 'revoke', 'rita', { reason: 'x' })).toMatchObject({ json: { kind: 'recorded' } });
  });

  it.each([
    ['rita', {}, '409 NO_SUCH_VOTE'],
    ['advisor', {}, '403 AGENTS_CANNOT_DECIDE'],
    ['rita', { vote: 'none' }, '400 CHANGE_INVALID'],
    ['rita', { of: 'ann' }, '400 CHANGE_INVALID'],
  ])('refuses %s with %j: %s', async (as, body, refusal) => {
    expect(refusalOf(await act(await propose(), 'revoke', as, body))).toBe(refusal);
  });
});

describe('asking for changes', () => {
  it('is a decision with a reason', async () => {
    const change = await propose();
    expect(refusalOf(await decide(change, 'rita', 'request-changes'))).toBe('400 CHANGE_INVALID');
    const { json } = await decide(change, 'rita', 'request-changes', { reason: 'too much' });
    expect(json.change.votes).toMatchObject([{ decision: 'request-changes', reason: 'too much' }]);
  });
});

describe('overriding and reviewing', () => {
  const why = { ticket: 'INC-1', reason: 'payments fail' };

  it('approves at once, says so, and asks others to look at it', async () => {
    const change = await propose();
    const body = { ...binding(change), ...why };
    const first = await act(change, 'override', 'olga', body);
    expect(first).toMatchObject({ status: 200, json: { kind: 'done', change: { state: 'approved', override: why } } });
    expect(await act(change, 'override', 'olga', body)).toMatchObject({ json: { kind: 'recorded' } });
    expect(refusalOf(await act(change, 'review', 'rita', { verdict: 'justified', reason: 'yes' }))).toBe(
      '409 CHANGE_STATE_CONFLICT',
    );
    await fixture.system.changes.advance(change.id);
    const due = await call<ChangePage>(fixture, 'GET /v1/change-sets?review=due', { as: 'rita' });
    expect(due.json.changes.map(({ id }) => id)).toEqual([change.id]);
    const reviewed = await act(change, 'review', 'rita', { verdict: 'justified', reason: 'yes' });
    expect(reviewed.json.change.postReview?.reviews).toMatchObject([{ personId: 'rita', verdict: 'justified' }]);
    expect((await call<ChangePage>(fixture, 'GET /v1/change-sets?review=due', { as: 'rita' })).json).toEqual({
      changes: [],
    });
  });

  it.each([
    ['without the right', 'rita', {}, '403 OVERRIDE_REFUSED'],
    ['an agent', 'advisor', {}, '403 AGENTS_CANNOT_DECIDE'],
    ['another content', 'olga', { contentHash: 'ab'.repeat(32) }, '409 DECISION_STALE'],
    ['no ticket', 'olga', { ticket: undefined }, '400 CHANGE_INVALID'],
    ['a broken assertion', 'olga', { assertion: {} }, '400 CHANGE_INVALID'],
  ])('refuses an override: %s', async (_what, as, more, refusal) => {
    const change = await propose();
    expect(refusalOf(await act(change, 'override', as, { ...binding(change), ...why, ...more }))).toBe(refusal);
  });

  it.each([
    ['rita', { verdict: 'good', reason: 'x' }, '400 CHANGE_INVALID'],
    ['outsider', { verdict: 'justified', reason: 'x' }, '403 AGENTS_CANNOT_DECIDE'],
    ['rita', { verdict: 'justified', reason: 'x' }, '409 CHANGE_STATE_CONFLICT'],
  ])('refuses a review by %s of %j: %s', async (as, body, refusal) => {
    expect(refusalOf(await act(await propose(), 'review', as, body))).toBe(refusal);
  });
});

describe('resolving', () => {
  it.each([
    ['rita', { outcome: 'executed', reason: 'x', evidence: [] }, '400 CHANGE_INVALID'],
    ['rita', { outcome: 'executed', reason: 'x', evidence }, '409 CHANGE_STATE_CONFLICT'],
    ['advisor', { outcome: 'executed', reason: 'x', evidence }, '403 AGENTS_CANNOT_DECIDE'],
  ])('refuses %s with %j: %s', async (as, body, refusal) => {
    expect(refusalOf(await act(await propose(), 'resolve', as, body))).toBe(refusal);
  });
});

describe('reverting', () => {
  it('answers 201 with a new change-set, 200 under the same key, and says what cannot be reverted', async () => {
    const change = await propose();
    const path = `POST /v1/change-sets/${change.id}/revert`;
    const body = { rationale: 'it was meant for another' };
    expect(refusalOf(await call(fixture, path, { as: 'advisor', body }))).toBe('409 NOT_REVERTIBLE');
    for (const person of ['olga', 'rita']) await decide(change, person);
    await fixture.system.changes.advance(change.id);
    const options = { as: 'advisor', body, headers: { 'idempotency-key': 'r-1' } };
    const first = await call<ProposeResult>(fixture, path, options);
    expect(first).toMatchObject({ status: 201, json: { kind: 'created', change: { reverts: change.id } } });
    expect(first.headers['location']).toBe(`/v1/change-sets/${first.json.change.id}`);
    expect(await call(fixture, path, options)).toMatchObject({ status: 200, json: { kind: 'existing' } });
    expect(refusalOf(await call(fixture, path, { as: 'outsider', body }))).toBe('403 FORBIDDEN');
    expect(refusalOf(await call(fixture, path, { as: 'advisor', body: {} }))).toBe('400 CHANGE_INVALID');
  });
});

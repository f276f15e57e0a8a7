/**
 * Every POST can be sent again after a lost answer. The table says why, for each route there is; where an Idempotency-Key is the reason, the
 * request is sent twice: once it counts, and once more it is answered with what stands.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import type { BatchResult } from '../../api/index.ts';
import type { ChangeView, Delegation, ProposeResult } from '../../core/changes/index.ts';
import { noticeRoutes, ROUTES } from '../../api/index.ts';
import { call, refusalOf, type Answer } from './call.ts';
import { startTestSystem } from '../../testing/index.ts';
import { config as sample } from '../../nervous.config.ts';
import { createTestSystem, type TestSystem } from './test-system.ts';

/** What makes it safe. */
type Reason =
  | 'key' // the header Idempotency-Key
  | 'content' // what it says: an id, a nonce, receipts, the person
  | 'state' // it sets what then is so
  | 'nothing' // it records nothing
  | 'each counts'; // every answer shows confidential fields, and each showing is to be recorded

const REPEATED: Readonly<Record<string, Reason>> = {
  publishEvents: 'key',
  proposeChangeSet: 'key',
  reviseChangeSet: 'key',
  withdrawChangeSet: 'key',
  abortChangeSet: 'key', // test/core/changes/execution/execution.test.ts
  revertChangeSet: 'key', // test/api/lifecycle-actions.test.ts
  delegateVote: 'key',
  createSubscription: 'key',
  decideChangeSet: 'content',
  overrideChangeSet: 'content',
  revokeVote: 'content',
  reviewChangeSet: 'content',
  resolveChangeSet: 'content',
  ackMessages: 'content',
  nackMessages: 'content',
  extendMessages: 'content',
  pauseSubscription: 'state',
  resumeSubscription: 'state',
  resetSubscription: 'state',
  redriveDeadLetters: 'state',
  resetGuard: 'state',
  assessChangeSet: 'nothing',
  verifyLedger: 'nothing',
  claimWork: 'content', // the holder is answered with the claim that stands: test/core/work
  stealWork: 'content',
  releaseWork: 'content',
  completeWork: 'content',
  renewWork: 'state',
  revealFields: 'each counts',
  rotateWebhookSecret: 'key', // test/core/events/webhooks/webhooks.test.ts
  verifyWebhook: 'state',
  testWebhook: 'nothing',
  resendWebhook: 'content', // its log index: it comes again under the same `webhook-id`
  recoverWebhook: 'state',
  readNotices: 'state',
  setNoticePreferences: 'state',
  revokeSessionKey: 'state', // test/api/keys.test.ts
};

const KEY = { 'idempotency-key': 'k-1' };
const proposal = {
  entityId: 'account:1',
  title: 'Set the limit',
  rationale: 'asked for by the customer',
  operations: [{ type: 'state.put', payload: { limit: '500.00' } }],
};
const { entityId: _, ...revision } = { ...proposal, title: 'Set it lower' };
const event = { topic: 'transactions.new', entityId: 'account:1', payload: { amount: '1.00' } };

let fixture: TestSystem;
beforeEach(async () => {
  fixture = await createTestSystem();
});

it('no POST is left out of the table, and none is in it that is gone', () => {
  const posts = [...ROUTES, ...noticeRoutes].filter(({ method }) => method === 'POST');
  const names = new Set(posts.map(({ operationId }) => operationId));
  expect(Object.keys(REPEATED).sort()).toEqual([...names].sort());
});

async function twice<Body>(line: string, as: string, body?: unknown): Promise<readonly [Answer<Body>, Answer<Body>]> {
  const first = await call<Body>(fixture, line, { as, body, headers: KEY });
  const size = await fixture.store.size();
  const second = await call<Body>(fixture, line, { as, body, headers: KEY });
  expect(await fixture.store.size(), 'entries').toBe(size);
  return [first, second];
}

async function propose(): Promise<string> {
  return (await call<ProposeResult>(fixture, 'POST /v1/change-sets', { as: 'advisor', body: proposal })).json.change.id;
}

/** The same key for something else. */
async function expectConflict(line: string, as: string, body: unknown): Promise<void> {
  expect(refusalOf(await call(fixture, line, { as, body, headers: KEY }))).toBe('409 IDEMPOTENCY_CONFLICT');
}

describe('with an Idempotency-Key', () => {
  it('a batch names its events by it; an event with an id of its own keeps that', async () => {
    const [first, second] = await twice<BatchResult>('POST /v1/events', 'ledgerist', {
      events: [event, { ...event, eventId: 'mine' }, event],
    });
    expect(first.json.results.map(({ eventId }) => eventId)).toEqual(['k-1/0', 'mine', 'k-1/2']);
    expect(second.json.results.map(({ status }) => status)).toEqual(['duplicate', 'duplicate', 'duplicate']);
  });

  it('a single event has it as its id', async () => {
    const [first, second] = await twice('POST /v1/events', 'ledgerist', event);
    expect([first.status, second.status]).toEqual([201, 200]);
  });

  it('a proposal is made once', async () => {
    const [first, second] = await twice<ProposeResult>('POST /v1/change-sets', 'advisor', proposal);
    expect([first.status, second.status, second.json.change.id]).toEqual([201, 200, first.json.change.id]);
  });

  it('a revision is one revision, also when others came after it', async () => {
    const line = `POST /v1/change-sets/${await propose()}/revisions`;
    const [first, second] = await twice<ChangeView>(line, 'advisor', revision);
    expect([first.json.revision, second.json.revision]).toEqual([2, 2]);
    await call(fixture, line, { as: 'advisor', body: { ...revision, title: 'Third' } });
    const [again] = await twice<ChangeView>(line, 'advisor', revision);
    expect(again.json.revision).toBe(3);
    await expectConflict(line, 'advisor', { ...revision, title: 'Something else' });
    await expectConflict(`POST /v1/change-sets/${await propose()}/revisions`, 'advisor', revision);
    await expectConflict('POST /v1/change-sets', 'advisor', proposal);
  });

  it('what was withdrawn is answered as withdrawn, not refused', async () => {
    const line = `POST /v1/change-sets/${await propose()}/withdraw`;
    const [first, second] = await twice<ChangeView>(line, 'advisor', { reason: 'no longer wanted' });
    expect([first.json.state, second.json.state]).toEqual(['cancelled', 'cancelled']);
    await expectConflict(line, 'advisor', { reason: 'another' });
    await expectConflict(`POST /v1/change-sets/${await propose()}/withdraw`, 'advisor', { reason: 'no longer wanted' });
    expect(refusalOf(await call(fixture, line, { as: 'advisor' }))).toBe('409 CHANGE_STATE_CONFLICT');
  });

  it('a vote is lent once', async () => {
    const body = { to: 'olga', until: '2026-11-23T09:00:00.000Z', reason: 'on leave' };
    const [first, second] = await twice<Delegation>('POST /v1/delegations', 'ann', body);
    expect(second.json).toEqual(first.json);
    await expectConflict('POST /v1/delegations', 'ann', { ...body, reason: 'another' });
  });

  it('a subscription without an id is made once, for each of those who send the key', async () => {
    const body = { topics: ['transactions.*'] };
    const [first, second] = await twice<{ id: string }>('POST /v1/subscriptions', 'ledgerist', body);
    expect(second.json).toEqual(first.json);
    const other = await call(fixture, 'POST /v1/subscriptions', {
      ...{ as: 'ledgerist', headers: KEY },
      body: { topics: ['transactions.new'] },
    });
    expect(refusalOf(other)).toBe('409 SUBSCRIPTION_EXISTS');
    const named = await call(fixture, 'POST /v1/subscriptions', {
      as: 'ledgerist',
      headers: KEY,
      body: { ...body, id: 'own' },
    });
    expect(named.json).toMatchObject({ id: 'own' });
  });
});

describe('a key under attack', () => {
  const POSTS = [
    ['POST /v1/change-sets', 'advisor', proposal],
    ['POST /v1/change-sets/$id/revisions', 'advisor', revision],
    ['POST /v1/change-sets/$id/withdraw', 'advisor', { reason: 'no longer wanted' }],
    ['POST /v1/delegations', 'ann', { to: 'olga', until: '2026-11-23T09:00:00.000Z', reason: 'on leave' }],
    ['POST /v1/subscriptions', 'ledgerist', { topics: ['transactions.*'] }],
    ['POST /v1/events', 'ledgerist', { events: [event, event] }],
  ] as const;
  const lines = async (): Promise<readonly (readonly [string, string, unknown])[]> => {
    const id = await propose();
    return POSTS.map(([line, as, body]) => [line.replace('$id', id), as, body] as const);
  };

  it.each(POSTS.map(([line]) => line))('twenty at once are one: %s', async (name) => {
    const id = await propose();
    const [, as, body] = POSTS.find(([line]) => line === name) ?? [name, '', {}];
    const send = (): Promise<Answer> => call(fixture, name.replace('$id', id), { as, body, headers: KEY });
    const before = await fixture.store.size();
    const first = await send();
    const one = (await fixture.store.size()) - before;
    fixture = await createTestSystem();
    expect(await propose()).toBe(id);
    const answers = await Promise.all(Array.from({ length: 20 }, send));
    expect(await fixture.store.size(), 'entries').toBe(before + one);
    expect(answers.map(({ status }) => status >= 200 && status < 300)).not.toContain(false);
    expect(first.problem).toBeUndefined();
  });

  it.each(POSTS.map(([line]) => line))('an answer that was lost after its effect is told again: %s', async (name) => {
    let isCut = false;
    const cut = (): void => {
      if (isCut) throw new Error('the store answered, and nobody heard it');
    };
    fixture = await createTestSystem({ after: cut });
    const id = await propose();
    const [, as, body] = POSTS.find(([line]) => line === name) ?? [name, '', {}];
    const send = (): Promise<Answer> =>
      call(fixture, name.replace('$id', id), { as, body, headers: KEY, onError: () => undefined });
    isCut = true;
    await send();
    isCut = false;
    const size = await fixture.store.size();
    const again = await send();
    expect([again.status >= 200 && again.status < 300, refusalOf(again)]).toEqual([true, 'no problem']);
    expect(await fixture.store.size(), 'entries').toBe(size);
  });

  it('means nothing to another route: each refuses it for what it is not', async () => {
    const acts = (await lines()).filter(([line]) => /change-sets|delegations/.test(line));
    for (const [first, as, body] of acts) {
      fixture = await createTestSystem();
      await propose();
      expect((await call(fixture, first, { as, body, headers: KEY })).problem, first).toBeUndefined();
      for (const [line, by, other] of acts.filter(([line, by]) => line !== first && by === as))
        await expectConflict(line, by, other);
    }
  });

  it('of a revision stands for no proposal that says the same', async () => {
    const line = `POST /v1/change-sets/${await propose()}/revisions`;
    await call(fixture, line, { as: 'advisor', body: revision, headers: KEY });
    await expectConflict('POST /v1/change-sets', 'advisor', { ...revision, entityId: proposal.entityId });
  });

  it('is another key when another person sends it', async () => {
    const delegation = { to: 'olga', until: '2026-11-23T09:00:00.000Z', reason: 'on leave' };
    const [first] = await twice<Delegation>('POST /v1/delegations', 'ann', delegation);
    const [second] = await twice<Delegation>('POST /v1/delegations', 'rita', delegation);
    expect([first.json.from, second.json.from]).toEqual(['ann', 'rita']);
    const body = { topics: ['transactions.*'] };
    const [mine] = await twice<{ id: string }>('POST /v1/subscriptions', 'ledgerist', body);
    const [theirs] = await twice<{ id: string }>('POST /v1/subscriptions', 'ann', body);
    expect(mine.json.id).not.toBe(theirs.json.id);
    const [ofMine] = await twice<{ source: string }>('POST /v1/events', 'ledgerist', event);
    const [ofTheirs] = await twice<{ source: string }>('POST /v1/events', 'ann', event);
    expect([ofMine.status, ofTheirs.status]).toEqual([201, 201]);
  });

  it.each([
    ['of 300 characters', 'k'.repeat(300)],
    ['of 129 characters', 'k'.repeat(129)],
    ['of none', ''],
    ['with a blank in it', 'a b'],
    ['that is no ASCII', 'kľúč'],
  ])('%s is refused by every POST, and nothing is done', async (_what, key) => {
    const size = await fixture.store.size();
    for (const { method, path, operationId } of ROUTES.filter((route) => route.method === 'POST')) {
      const line = `${method} ${path.replace('{id}', 'any')}`;
      const answer = await call(fixture, line, { as: 'sec', body: {}, headers: { 'idempotency-key': key } });
      expect([operationId, refusalOf(answer)]).toEqual([operationId, '400 REQUEST_INVALID']);
    }
    expect(await fixture.store.size()).toBe(size);
  });

  it('of 128 characters names the events of a batch, too', async () => {
    const headers = { 'idempotency-key': 'k'.repeat(128) };
    const body = { events: [event, event] };
    const send = (): Promise<Answer<BatchResult>> =>
      call<BatchResult>(fixture, 'POST /v1/events', { as: 'ledgerist', body, headers });
    expect((await send()).json.results.map(({ status }) => status)).toEqual(['accepted', 'accepted']);
    expect((await send()).json.results.map(({ status }) => status)).toEqual(['duplicate', 'duplicate']);
  });

  it('never ends: after a year it stands for what it stood for', async () => {
    const line = `POST /v1/change-sets/${await propose()}/revisions`;
    await call(fixture, line, { as: 'advisor', body: revision, headers: KEY });
    await fixture.clock.advance(365 * 24 * 3_600_000);
    await expectConflict(line, 'advisor', { ...revision, title: 'Something else' });
    const again = await call<ChangeView>(fixture, line, { as: 'advisor', body: revision, headers: KEY });
    expect([again.status, again.json.revision]).toEqual([200, 2]);
  });
});

it('a vote that was lent and taken back stays taken back when the request that lent it comes again', async () => {
  const lab = await startTestSystem({ config: sample });
  const ana = lab.as('ana', (send) => (url, init) => {
    const headers = new Headers(init?.headers);
    if (headers.has('idempotency-key')) headers.set('idempotency-key', KEY['idempotency-key']);
    return send(url, { ...init, headers });
  });
  const terms = { to: 'boris', until: '2026-11-23T09:00:00.000Z', reason: 'on leave' };
  const first = await ana.delegate(terms);
  expect(await ana.delegate(terms)).toEqual(first);
  const ended = await ana.endDelegation(first.id);
  expect(await ana.delegate(terms)).toEqual(ended);
  expect((await ana.delegations()).given).toEqual([ended]);
});

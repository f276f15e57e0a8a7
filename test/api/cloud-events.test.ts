import { beforeEach, describe, expect, it } from 'vitest';
import type { BatchResult, FeedPage, PublishedEvent } from '../../api/index.ts';
import type { JsonObject } from '../../core/canonical/index.ts';
import { call, refusalOf, type Answer } from './call.ts';
import { createTestSystem, type TestSystem } from './test-system.ts';

const STRUCTURED = { 'content-type': 'application/cloudevents+json; charset=UTF-8' };
const BATCHED = { 'content-type': 'application/cloudevents-batch+json' };
const BINARY = {
  'ce-specversion': '1.0',
  'ce-id': 'ce-1',
  'ce-source': 'ledgerist',
  'ce-type': 'transactions.new',
  'ce-subject': 'account:1695',
  'ce-time': '2026-11-21T10:00:00Z',
};
const data = { amount: '10.00' };
const cloudEvent = {
  specversion: '1.0',
  id: 'ce-1',
  source: 'ledgerist',
  type: 'transactions.new',
  subject: 'account:1695',
  time: '2026-11-21T10:00:00Z',
  data,
};

let fixture: TestSystem;
beforeEach(async () => {
  fixture = await createTestSystem();
});

function publish<Body = unknown>(body: unknown, headers: Record<string, string>): Promise<Answer<Body>> {
  return call<Body>(fixture, 'POST /v1/events', { as: 'ledgerist', body, headers });
}

describe('CloudEvents that come in', () => {
  it('are the same event in every content mode', async () => {
    const structured = await publish<PublishedEvent>(cloudEvent, STRUCTURED);
    expect(structured.status).toBe(201);
    expect(structured.json).toMatchObject({ status: 'accepted', eventId: 'ce-1', entity: 'account:1695' });
    const binary = await publish<PublishedEvent>(data, BINARY);
    expect([binary.status, binary.json.status, binary.json.hash]).toEqual([200, 'duplicate', structured.json.hash]);
    const batched = await publish<BatchResult>([cloudEvent], BATCHED);
    expect(batched.json.results).toMatchObject([{ status: 'duplicate', hash: structured.json.hash }]);
  });

  it('are refused one by one in a batch', async () => {
    const { status, json } = await publish<BatchResult>(
      [{ ...cloudEvent, specversion: '0.3' }, cloudEvent, 7, { ...cloudEvent, id: 'ce-2', type: 'transactions.old' }],
      BATCHED,
    );
    expect(status).toBe(200);
    expect(json.results).toMatchObject([
      { status: 'rejected', problem: { code: 'EVENT_INVALID', errors: [{ pointer: '/specversion' }] } },
      { status: 'accepted', eventId: 'ce-1' },
      { status: 'rejected', problem: { code: 'EVENT_INVALID' } },
      { status: 'rejected', problem: { code: 'TOPIC_UNKNOWN' } },
    ]);
  });

  it('may be an empty batch, but neither a large one nor none', async () => {
    expect((await publish([], BATCHED)).json).toEqual({ results: [] });
    const many = Array.from({ length: 101 }, (_, i) => ({ ...cloudEvent, id: `ce-${i}` }));
    expect(refusalOf(await publish(many, BATCHED))).toBe('400 EVENT_INVALID');
    expect(refusalOf(await publish(cloudEvent, BATCHED))).toBe('400 REQUEST_INVALID');
    expect(refusalOf(await publish([cloudEvent], STRUCTURED))).toBe('400 EVENT_INVALID');
  });

  it('have their headers decoded as the HTTP binding says', async () => {
    const headers = {
      ...BINARY,
      'ce-id': '"ce-\\1"',
      'ce-euro': 'Euro%20%E2%82%AC%20%f0%9f%98%80',
      'ce-percent': '100%2525',
      'ce-plain': 'a b',
    };
    expect((await publish<PublishedEvent>(data, headers)).json.eventId).toBe('ce-1');
    const metadata = { euro: 'Euro € 😀', percent: '100%25', plain: 'a b' };
    const envelope = { topic: 'transactions.new', entityId: 'account:1695', timestamp: '2026-11-21T10:00:00Z' };
    const native = { ...envelope, eventId: 'ce-1', payload: data, metadata };
    const again = await call<PublishedEvent>(fixture, 'POST /v1/events', { as: 'ledgerist', body: native });
    expect(again.json.status).toBe('duplicate');
  });

  it.each<[string, Record<string, string>, string, string]>([
    ['an overlong encoding', { 'ce-tenant': '%C0%A0' }, '400 REQUEST_INVALID', '/ce-tenant'],
    ['half an escape', { 'ce-tenant': '100%' }, '400 REQUEST_INVALID', '/ce-tenant'],
    ['raw bytes', { 'ce-tenant': 'caf\u00e9' }, '400 REQUEST_INVALID', '/ce-tenant'],
    [
      'a content type twice',
      { 'ce-datacontenttype': 'application/json' },
      '400 REQUEST_INVALID',
      '/ce-datacontenttype',
    ],
    ['data in a header', { 'ce-data': '{}' }, '400 REQUEST_INVALID', '/ce-data'],
    ['a dash in a name', { 'ce-foo-bar': 'x' }, '400 EVENT_INVALID', '/foo-bar'],
    ['an encoded control character', { 'ce-tenant': '%00' }, '400 EVENT_INVALID', '/tenant'],
    ['another version', { 'ce-specversion': '2.0' }, '400 EVENT_INVALID', '/specversion'],
    ['an empty id', { 'ce-id': '' }, '400 EVENT_INVALID', '/id'],
  ])('are refused for %s', async (_, headers, refusal, pointer) => {
    const answer = await publish(data, { ...BINARY, ...headers });
    expect(refusalOf(answer)).toBe(refusal);
    expect(answer.problem?.errors.map((problem) => problem.pointer)).toContain(pointer);
  });

  it('speak for nobody else', async () => {
    expect((await publish({ ...cloudEvent, source: 'outsider' }, STRUCTURED)).problem?.status).toBeGreaterThan(399);
  });

  it('in another format are told which are taken', async () => {
    const answer = await publish(cloudEvent, { 'content-type': 'application/cloudevents+avro' });
    expect(refusalOf(answer)).toBe('415 MEDIA_TYPE_UNSUPPORTED');
    expect(answer.headers['accept-post']).toBe(
      'application/json, application/cloudevents+json, application/cloudevents-batch+json',
    );
    const other = await call(fixture, 'POST /v1/change-sets', { as: 'ann', body: cloudEvent, headers: STRUCTURED });
    expect(refusalOf(other)).toBe('415 MEDIA_TYPE_UNSUPPORTED');
  });
});

describe('CloudEvents that go out', () => {
  const wanted = { accept: 'application/cloudevents-batch+json, application/json;q=0.5' };

  beforeEach(async () => {
    await publish(cloudEvent, STRUCTURED);
  });

  it('are the messages of a subscription, with their receipts', async () => {
    await call(fixture, 'POST /v1/subscriptions', { as: 'ledgerist', body: { id: 's', topics: ['transactions.*'] } });
    const { json } = await call<FeedPage>(fixture, 'GET /v1/feed', { as: 'aud' });
    json.events.forEach((event, i) => fixture.queue.push({ receipt: `r-${i}`, attempt: 2, event }));
    const path = 'GET /v1/subscriptions/s/messages';
    const answer = await call<readonly JsonObject[]>(fixture, path, { as: 'ledgerist', headers: wanted });
    expect(answer.headers['content-type']).toBe('application/cloudevents-batch+json');
    expect(answer.json).toMatchObject([{ id: 'ce-1', receipt: 'r-0', attempt: 2, data }]);
    const plain = await call(fixture, path, { as: 'ledgerist' });
    expect(plain.headers['content-type']).toBe('application/json');
    // What was read may be sent on, back to where it came from: it is the same event.
    const back = await publish<BatchResult>(answer.json, BATCHED);
    expect(back.json.results).toMatchObject([{ status: 'duplicate', eventId: 'ce-1' }]);
  });

  it('are the feed, with the next page as a link', async () => {
    const answer = await call<readonly JsonObject[]>(
      fixture,
      'GET /v1/feed?topics=transactions.*,budget.updated&limit=7',
      {
        as: 'aud',
        headers: wanted,
      },
    );
    expect(answer.headers['content-type']).toBe('application/cloudevents-batch+json');
    expect(answer.json[0]).toMatchObject({
      specversion: '1.0',
      dataschema: expect.stringMatching(/^https:/) as string,
    });
    const link = /^<(.+)>; rel="next"$/.exec(answer.headers['link'] ?? '')?.[1] ?? '';
    const { pathname, searchParams } = new URL(link, 'http://localhost');
    expect(pathname).toBe('/v1/feed');
    expect(Object.fromEntries(searchParams)).toMatchObject({
      topics: 'transactions.*,budget.updated',
      limit: '7',
      wait: '0',
    });
    expect(searchParams.get('after')).toMatch(/./);
    expect((await call(fixture, `GET ${link}`, { as: 'aud', headers: wanted })).status).toBe(200);
  });
});

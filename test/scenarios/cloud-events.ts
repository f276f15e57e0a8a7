/** Item 6: the same event as CloudEvents 1.0, as other programs send and read it: structured, binary and batched in, batched out. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { BatchResult, ProblemDetails, PublishedEvent } from '../../api/index.ts';
import { freshAccount, until, type Scenario, type Fixture } from './fixture.ts';

const ONE = 'application/cloudevents+json';
const BATCH = 'application/cloudevents-batch+json';
const TOPIC = 'transactions.new';
const PUBLISHER = 'bank-feed';
const READER = 'budget-engine';

type CloudEvent = Readonly<Record<string, unknown>> & { readonly id: string };

const made = (subject: string, more: object = {}): CloudEvent => ({
  ...{ specversion: '1.0', id: randomUUID(), source: PUBLISHER, type: TOPIC, subject, time: '2026-11-21T10:00:00Z' },
  ...{ datacontenttype: 'application/json', comment: 'café, 5 €', data: { amount: '3200.00', kind: 'credit' } },
  ...more,
});

/** Attributes in headers, percent-encoded as the HTTP binding says; the data as body. */
function binary({ data, datacontenttype, ...attributes }: CloudEvent): {
  headers: Record<string, string>;
  body: string;
} {
  const headers = Object.entries(attributes).map(([name, value]) => [`ce-${name}`, encodeURIComponent(String(value))]);
  return {
    headers: { 'content-type': String(datacontenttype), ...(Object.fromEntries(headers) as Record<string, string>) },
    body: JSON.stringify(data),
  };
}

const send = (fixture: Fixture, mediaType: string, content: unknown): Promise<Response> =>
  fixture.request(PUBLISHER, '/v1/events', { headers: { 'content-type': mediaType }, body: JSON.stringify(content) });

async function batchFrom(fixture: Fixture, path: string): Promise<{ events: CloudEvent[]; headers: Headers }> {
  const response = await fixture.request(READER, path, { headers: { accept: BATCH } });
  if (response.status === 429) {
    // Whoever looks until something is there uses its budget up where that takes long, and comes again when it is told to.
    await sleep(Number(response.headers.get('retry-after')) * 1_000);
    return batchFrom(fixture, path);
  }
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(BATCH);
  return { events: (await response.json()) as CloudEvent[], headers: response.headers };
}

export const cloudEvents: readonly Scenario[] = [
  {
    name: 'item 6: a CloudEvent is taken structured, in binary mode and in a batch, and is one event however it comes',
    run: async (fixture) => {
      const account = freshAccount();
      const event = made(account);
      const structured = await send(fixture, ONE, event);
      expect(structured.status).toBe(201);
      const first = (await structured.json()) as PublishedEvent;
      expect(first).toMatchObject({ status: 'accepted', eventId: event.id, entity: account, seq: 0 });
      const asHeaders = await fixture.request(PUBLISHER, '/v1/events', binary(event));
      expect(asHeaders.status).toBe(200);
      expect(await asHeaders.json()).toEqual({ ...first, status: 'duplicate' });
      const second = await fixture.request(PUBLISHER, '/v1/events', binary(made(account)));
      expect(second.status).toBe(201);
      const wrong = made(account, { specversion: '0.3' });
      const batched = await send(fixture, BATCH, [event, wrong, made(account)]);
      expect(batched.status).toBe(200);
      const { results } = (await batched.json()) as BatchResult;
      expect(results).toMatchObject([
        { status: 'duplicate', seq: 0 },
        { status: 'rejected', problem: { code: 'EVENT_INVALID', errors: [{ pointer: '/specversion' }] } },
        { status: 'accepted', seq: 2 },
      ]);
      const { entries } = await fixture.as('eva').entries(account);
      expect(entries.map(({ body }) => (body.data['metadata'] as { comment: string }).comment)).toEqual(
        Array(3).fill('café, 5 €'),
      );
    },
  },
  {
    name: 'item 6: what breaks the specification of CloudEvents, or is somebody else’s, is refused and told where',
    run: async (fixture) => {
      const account = freshAccount();
      const refusal = async (response: Promise<Response>) => (await (await response).json()) as ProblemDetails;
      const old = { code: 'EVENT_INVALID', errors: [{ pointer: '/specversion' }] };
      expect(await refusal(send(fixture, ONE, made(account, { specversion: '0.3' })))).toMatchObject(old);
      const binaryOld = binary(made(account, { specversion: '0.3' }));
      expect(await refusal(fixture.request(PUBLISHER, '/v1/events', binaryOld))).toMatchObject(old);
      const foreign = await send(fixture, ONE, made(account, { source: READER }));
      expect(foreign.ok).toBe(false);
      expect((await send(fixture, 'application/cloudevents+avro', made(account))).status).toBe(415);
      await expect(fixture.as('eva').entity(account)).rejects.toMatchObject({ status: 404 });
    },
  },
  {
    name: 'item 6: feed and mailbox give CloudEvents to who asks for them, and one that was read may be sent in again',
    run: async (fixture) => {
      const account = freshAccount();
      const event = made(account);
      const published = (await (await send(fixture, ONE, event)).json()) as PublishedEvent;
      const page = `/v1/feed?entity=${encodeURIComponent(account)}&topics=${TOPIC}&limit=10`;
      const { read, headers } = await until('the event should be in the feed', async () => {
        const { events, headers } = await batchFrom(fixture, page);
        return events[0] === undefined ? undefined : { read: events[0], headers };
      });
      const { time: _, ...same } = event;
      expect(read).toMatchObject({ ...same, sequence: '0'.repeat(16), ledgerhash: published.hash });
      expect(headers.get('link')).toMatch(/^<\/v1\/feed\?after=.*>; rel="next"$/);
      const again = await send(fixture, ONE, read);
      expect(await again.json()).toEqual({ ...published, status: 'duplicate' });

      const id = `cloud-${randomUUID()}`;
      const filter = { detail: { entityId: [account] } };
      await fixture.as(READER).createSubscription({ id, topics: [TOPIC], startAt: 'earliest', filter });
      const at = `/v1/subscriptions/${id}`;
      const message = await until('the event should be in the mailbox', async () => {
        const { events } = await batchFrom(fixture, `${at}/messages?max=10&wait=5`);
        return events[0];
      });
      expect(message).toMatchObject({ ...same, attempt: 1, receipt: expect.any(String) as string });
      const headersOfJson = { 'content-type': 'application/json' };
      const receipts = { headers: headersOfJson, body: JSON.stringify({ receipts: [message['receipt']] }) };
      const settled = await fixture.request(READER, `${at}/ack`, receipts);
      expect(await settled.json()).toEqual({ stale: [] });
      await fixture.as(READER).unsubscribe(id);
    },
  },
];

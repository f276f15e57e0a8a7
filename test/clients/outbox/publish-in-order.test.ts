/** What waits is published in few requests, each entity's events in order, and every answer of the ledger has one consequence. */
import { describe, expect, it } from 'vitest';
import type { EventResult } from '../../../api/index.ts';
import { outboxEvent, type OutboxEvent } from '../../../clients/outbox/publishing/outbox-event.ts';
import { publishInOrder, type Waiting } from '../../../clients/outbox/publishing/publish-in-order.ts';
import { ApiProblem, Unreachable } from '../../../clients/sdk/index.ts';
import { config } from '../../../nervous.config.ts';
import { startTestSystem } from '../../../testing/index.ts';

type Answer = (event: OutboxEvent) => EventResult;

const accepted = { entity: 'e', seq: 0, hash: '' };
const done: Answer = ({ eventId }) => ({ status: 'accepted', eventId, ...accepted }) as EventResult;
const rejected =
  (status: number, code: string): Answer =>
  ({ eventId }) =>
    ({
      status: 'rejected',
      eventId,
      problem: { status, code, detail: 'why', errors: [{ pointer: '/payload', detail: 'is odd' }] },
    }) as unknown as EventResult;
const problem = (status: number, code: string): ApiProblem =>
  new ApiProblem({ status, code: code as ApiProblem['code'], detail: 'why', errors: [] });

const waiting = (eventId: string, entityId?: string): Waiting => ({
  event: {
    eventId,
    topic: 'transactions.new',
    version: 1,
    payload: {},
    ...(entityId === undefined ? {} : { entityId }),
  },
});

/** A service that answers as told; `sent` are the ids of each request. */
function service(answer: Answer) {
  const sent: string[][] = [];
  return {
    sent,
    publishBatch: async (events: readonly OutboxEvent[]): Promise<readonly EventResult[]> => {
      sent.push(events.map(({ eventId }) => eventId));
      return events.map(answer);
    },
  };
}

async function outcomes(answer: Answer, all: readonly Waiting[]) {
  const client = service(answer);
  const { outcomes: found, halted } = await publishInOrder(client, all);
  return { sent: client.sent, halted, kinds: all.map((one) => `${one.event.eventId} ${found.get(one)?.kind}`), found };
}

describe('order', () => {
  const events = [
    waiting('a1', 'a'),
    waiting('a2', 'a'),
    waiting('b1', 'b'),
    waiting('x'),
    waiting('y'),
    waiting('a3', 'a'),
  ];

  it('sends an event when the one before it of its entity was acknowledged; what is about no entity waits for nothing', async () => {
    const { sent, kinds } = await outcomes(done, events);
    expect(sent).toEqual([['a1', 'b1', 'x', 'y'], ['a2'], ['a3']]);
    expect(kinds.every((kind) => kind.endsWith('done'))).toBe(true);
  });

  it('holds back what is behind an event that comes later, and nothing else', async () => {
    const { sent, kinds } = await outcomes(
      (event) => (event.eventId === 'a2' ? rejected(409, 'TOPIC_STOPPED') : done)(event),
      events,
    );
    expect(sent).toEqual([['a1', 'b1', 'x', 'y'], ['a2']]);
    expect(kinds).toEqual(['a1 done', 'a2 later', 'b1 done', 'x done', 'y done', 'a3 unsent']);
  });

  it('goes on behind one that is refused for good', async () => {
    const { kinds, found } = await outcomes(
      (event) => (event.eventId === 'a2' ? rejected(422, 'PAYLOAD_INVALID') : done)(event),
      events,
    );
    expect(kinds).toEqual(['a1 done', 'a2 refused', 'b1 done', 'x done', 'y done', 'a3 done']);
    expect([...found.values()]).toContainEqual({ kind: 'refused', reason: 'PAYLOAD_INVALID: why; /payload is odd' });
  });
});

describe('a request', () => {
  it('has at most 100 events and 900 KiB', async () => {
    const many = await outcomes(
      done,
      Array.from({ length: 250 }, (_, i) => waiting(`e${i}`)),
    );
    expect(many.sent.map(({ length }) => length)).toEqual([100, 100, 50]);
    const large = Array.from({ length: 20 }, (_, i) => ({
      event: { ...waiting(`e${i}`).event, payload: { text: 'x'.repeat(100_000) } },
    }));
    expect((await outcomes(done, large)).sent.map(({ length }) => length)).toEqual([9, 9, 2]);
    const huge = { event: { ...waiting('e0').event, payload: { text: 'x'.repeat(2_000_000) } } };
    expect((await outcomes(done, [huge])).sent).toEqual([['e0']]);
  });

  it.each([
    ['nobody answers', new Unreachable('http://x', new Error('refused'))],
    ['the service says later', problem(503, 'STORE_UNAVAILABLE')],
    ['the token is not known', problem(401, 'UNAUTHENTICATED')],
    ['another server answers', problem(404, 'ANSWER_UNREADABLE')],
    ['a proxy says 400', problem(400, 'ANSWER_UNREADABLE')],
    ['the client throws what is no error of the service', new TypeError('fetch is not a function')],
  ])('halts when %s: no event is at fault', async (_, error) => {
    const all = [waiting('a'), waiting('b')];
    const result = await publishInOrder({ publishBatch: () => Promise.reject(error) }, all);
    expect(result.halted).toBe(error);
    expect(all.map((one) => result.outcomes.get(one))).toEqual([{ kind: 'unsent' }, { kind: 'unsent' }]);
  });

  it('that one event spoils is sent again event by event', async () => {
    const sent: string[][] = [];
    const client = {
      publishBatch: async (events: readonly OutboxEvent[]) => {
        sent.push(events.map(({ eventId }) => eventId));
        if (events.some(({ eventId }) => eventId === 'huge')) throw problem(413, 'BODY_TOO_LARGE');
        if (events.some(({ eventId }) => eventId === 'odd')) throw problem(500, 'INTERNAL');
        return events.map(done);
      },
    };
    const all = [waiting('a'), waiting('huge'), waiting('odd'), waiting('z')];
    const { outcomes: found } = await publishInOrder(client, all);
    expect(sent).toEqual([['a', 'huge', 'odd', 'z'], ['a'], ['huge'], ['odd'], ['z']]);
    expect(all.map((one) => found.get(one)?.kind)).toEqual(['done', 'refused', 'later', 'done']);
  });

  it('whose answer leaves an event out has said nothing about it', async () => {
    const all = [waiting('a'), waiting('b')];
    const { outcomes: found } = await publishInOrder({ publishBatch: async () => [done(waiting('a').event)] }, all);
    expect(all.map((one) => found.get(one)?.kind)).toEqual(['done', 'unsent']);
  });

  it.each([
    [429, 'RATE_LIMITED', false],
    [503, 'LEDGER_BUSY', false],
    [409, 'TOPIC_STOPPED', true],
    [500, 'INTERNAL', true],
  ])('%s %s comes again; counted as a try: %s', async (status, code, counts) => {
    const { found } = await outcomes(rejected(status, code), [waiting('a')]);
    expect([...found.values()]).toMatchObject([{ kind: 'later', counts }]);
  });
});

it('is idempotent at a real ledger: the same again is done, other content under the id is refused', async () => {
  const lab = await startTestSystem({ config });
  const client = lab.as('bank-feed');
  const event = outboxEvent({
    topic: 'transactions.new',
    version: 1,
    entityId: 'account:1',
    payload: { amount: '1.00', kind: 'credit' },
  });
  for (let i = 0; i < 3; i++) {
    const one = { event };
    expect((await publishInOrder(client, [one])).outcomes.get(one)).toEqual({ kind: 'done' });
  }
  expect((await lab.as('eva').entries('account:1')).entries.length).toBe(1);
  const other = { event: { ...event, payload: { amount: '2.00', kind: 'credit' } } };
  expect((await publishInOrder(client, [other])).outcomes.get(other)).toMatchObject({
    kind: 'refused',
    reason: expect.stringContaining('EVENT_ID_CONFLICT') as string,
  });
});

describe('an event that is written down', () => {
  it('must name its version, because the newest may be another when it is published', () => {
    const event = { topic: 'transactions.new', payload: {} };
    expect(() => outboxEvent(event as never)).toThrow('add version');
  });

  it('gets an id and a time; with an id of its own it stays what it is', () => {
    const event = { topic: 'transactions.new', version: 1, payload: {} };
    expect(outboxEvent(event)).toMatchObject({
      ...event,
      eventId: expect.any(String) as string,
      timestamp: expect.any(String) as string,
    });
    expect(outboxEvent({ ...event, eventId: 'mine' })).toEqual({ ...event, eventId: 'mine' });
  });
});

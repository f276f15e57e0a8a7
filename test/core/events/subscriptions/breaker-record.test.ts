import { expect, it } from 'vitest';
import type { EpochMs, IsoInstant } from '../../../../core/brands/index.ts';
import { CountingIds, MemoryStore } from '../../../../adapters/memory/index.ts';
import {
  createBreakerRecord,
  recordedEvent,
  SYSTEM_TOPICS,
  type BreakerChange,
  type DeliveredEvent,
  type Subscription,
} from '../../../../core/events/index.ts';
import type { Appender } from '../../../../core/ledger/index.ts';
import { appenderOn, turn } from '../../ledger/ledger-fixture.ts';
import { checked } from '../../../support/checked.ts';

const subscription = (id: string, topics: string[], status: 'active' | 'paused' = 'active'): Subscription => ({
  ...{ id, module: 'm', topics, status, order: 'none', startAt: 'latest', ackTimeoutMs: 1, from: 0 },
  ...{ retry: { maxAttempts: 5, baseMs: 1, maxMs: 1 }, createdAt: checked<IsoInstant>('2026-11-21T09:00:00.000Z') },
});
const all = [
  ...[subscription('a', ['money.*']), subscription('b', ['money.moved']), subscription('c', ['*'])],
  ...[subscription('d', ['user.seen']), subscription('off', ['money.*'], 'paused')],
];
const change = (id: string, from: BreakerChange['from'], to: BreakerChange['to']): BreakerChange => ({
  ...{ subscription: id, module: 'm', from, to, at: checked<EpochMs>(0) },
  ...(to === 'open' ? { reason: 'Error: down' } : {}),
});

function fixture(wrap: (appender: Appender) => Pick<Appender, 'append'> = (appender) => appender) {
  const store = new MemoryStore();
  const errors: unknown[] = [];
  const record = createBreakerRecord({
    ...{
      appender: wrap(appenderOn(store)),
      ids: new CountingIds(),
      topics: ['money.moved', 'money.counted', 'user.seen'],
    },
    subscriptions: { all: async () => all },
    onError: (error) => errors.push(error),
  });
  const told = async (): Promise<readonly DeliveredEvent[]> => {
    for (let i = 0; i < 20; i++) await turn();
    const log = await store.readLog(0, 100);
    return log.flatMap((entry) => recordedEvent(entry)?.event ?? []);
  };
  return { record, told, errors };
}
const short = (events: readonly DeliveredEvent[]): string[] =>
  events.map(
    ({ topic, payload }) =>
      `${topic.slice('system.'.length)} ${(payload['subscription'] ?? payload['topic']) as string}`,
  );

it('tells openings and closings, and not the probes between', async () => {
  const { record, told } = fixture();
  record(change('b', 'closed', 'open'));
  for (let i = 0; i < 3; i++) {
    record(change('b', 'open', 'half-open'));
    record(change('b', 'half-open', 'open'));
  }
  record(change('b', 'half-open', 'closed'));
  const events = await told();
  expect(short(events)).toEqual(['breaker_opened b', 'breaker_closed b']);
  expect(events[0]?.payload).toEqual({ subscription: 'b', module: 'm', reason: 'Error: down' });
});

it('tells once that half of a topic’s subscribers get nothing, and again after they were back', async () => {
  const { record, told } = fixture();
  record(change('b', 'closed', 'open')); // one of three of money.moved
  record(change('a', 'closed', 'open')); // two of three; and one of two of money.counted
  record(change('c', 'closed', 'open')); // one of two of user.seen
  record(change('a', 'half-open', 'closed'));
  record(change('b', 'half-open', 'closed')); // one of three again, and one of two of money.counted as before
  record(change('a', 'closed', 'open'));
  const events = await told();
  expect(short(events).filter((line) => line.startsWith('subscribers_failing'))).toEqual([
    ...['money.moved', 'money.counted', 'user.seen', 'money.moved'].map((topic) => `subscribers_failing ${topic}`),
  ]);
  expect(events.find(({ topic }) => topic === 'system.subscribers_failing')?.payload).toEqual({
    ...{ topic: 'money.moved', open: 2, subscribers: 3 },
  });
  for (const { topic, payload } of events)
    expect(SYSTEM_TOPICS[topic as keyof typeof SYSTEM_TOPICS].versions[1].safeParse(payload).success).toBe(true);
});

it('reports what the ledger did not take, and goes on', async () => {
  let isDown = true;
  const { record, told, errors } = fixture((appender) => ({
    append: (request) => (isDown ? Promise.reject(new Error('disk full')) : appender.append(request)),
  }));
  record(change('b', 'closed', 'open'));
  await told();
  isDown = false;
  record(change('d', 'closed', 'open'));
  expect(short(await told())).toContain('breaker_opened d');
  expect(errors).toHaveLength(1);
});

/** What several processes tell each other of what they counted, so that they limit together what they publish together. */
import { beforeEach, describe, expect, it } from 'vitest';
import { CountingIds, FakeClock } from '../../../../adapters/memory/index.ts';
import type { GuardError } from '../../../../core/events/catalog/errors.ts';
import type { SharedCounts } from '../../../../core/events/protection/guard.ts';
import type { TopicStop, TopicStops } from '../../../../core/events/protection/topic-stops.ts';
import { GuardEvaluator } from '../../../../core/events/protection/guard-evaluator.ts';
import { protectionSchema } from '../../../../core/guard/index.ts';
import type { Principal } from '../../../../core/policy/index.ts';

const ann = { kind: 'person', id: 'ann', personId: 'p-ann' } as unknown as Principal;
const feed = { kind: 'module', id: 'feed' } as Principal;
const nothingStopped = {
  find: () => undefined,
  freshen: () => Promise.resolve(),
  expire: () => Promise.resolve(),
  record: () => Promise.resolve(),
} as unknown as TopicStops;

/** What is told, in order; what the others are said to have counted. */
class Others implements SharedCounts {
  readonly told: unknown[] = [];
  counted = 0;
  fullAtMs = 0;
  add: SharedCounts['add'] = (key, window, events) => {
    this.told.push([key, window.startMs, window.lengthMs, events]);
    return Promise.resolve(this.counted);
  };
  owe: SharedCounts['owe'] = (publisher, rate, tokens, nowMs) => {
    this.told.push([publisher, rate.perMinute, tokens, nowMs]);
    return Promise.resolve(this.fullAtMs);
  };
}

let clock: FakeClock;
let others: Others;
let held: TopicStop[];
let counts: string[];
let serial = 0;
beforeEach(() => {
  [clock, others, held, counts, serial] = [new FakeClock(), new Others(), [], [], 0];
});
const watch = (protection: object): GuardEvaluator =>
  new GuardEvaluator(
    {
      ...{ clock, ids: new CountingIds(), shared: others, protection: protectionSchema.parse(protection) },
      onCount: (what) => counts.push(what),
      onError: (error) => {
        throw error;
      },
    },
    Object.assign(Object.create(nothingStopped) as TopicStops, { hold: (stop: TopicStop) => void held.push(stop) }),
  );
const events = (count: number, origin: object = {}, topic = 'money.moved'): Parameters<GuardEvaluator['admit']>[1] =>
  Array.from({ length: count }, () => ({ topic, chain: 'account:1', origin, eventId: `e-${(serial += 1)}` }));
const codes = (verdicts: readonly (GuardError | undefined)[]): string[] => verdicts.flatMap((one) => one?.code ?? []);
async function admit(
  one: GuardEvaluator,
  who: Principal,
  some: Parameters<GuardEvaluator['admit']>[1],
): Promise<readonly string[]> {
  const verdicts = await one.admit(who, some);
  await one.flush();
  return codes(verdicts);
}

describe('of a topic', () => {
  const storm = { rates: { sessions: 'unlimited' }, storm: { perSecond: 150 } };

  it('is told what is a fiftieth of the limit, and never an event twice', async () => {
    const one = watch(storm); // a fiftieth is 3
    const startMs = clock.now() - (clock.now() % 1_000);
    for (const count of [1, 1, 1, 2, 3, 1, 7]) await admit(one, feed, events(count));
    expect(others.told).toEqual([3, 5, 8].map((count) => ['money.moved', startMs, 1_000, count]));
  });

  it('is not told in one second what belongs to the second before', async () => {
    const one = watch(storm);
    await admit(one, feed, events(2));
    await clock.advance(1_000);
    await admit(one, feed, events(2));
    expect(others.told).toEqual([]);
    await admit(one, feed, events(1));
    expect(others.told).toMatchObject([['money.moved', expect.anything(), 1_000, 3]]);
  });

  it('counts what the others published: the next event that is too many is a storm', async () => {
    const one = watch(storm);
    others.counted = 149;
    expect(await admit(one, feed, events(3))).toEqual([]);
    expect(await admit(one, feed, events(2))).toEqual(['TOPIC_STOPPED']);
    expect(held).toMatchObject([
      { cause: 'storm', topic: 'money.moved', reason: 'more than 150 events in one second' },
    ]);
    expect(counts).toEqual(['stormsDetected', 'refused']);
  });

  it('tells every event of a correlation that may be a loop, where they are counted', async () => {
    const one = watch({ ...storm, loop: { reentries: 3, windowSeconds: 7, resetAfterSeconds: 90 } });
    const lengthMs = 7_000;
    const startMs = clock.now() - (clock.now() % lengthMs);
    await admit(one, feed, events(2, { hops: 1, correlationId: 'c' }));
    expect(others.told).toEqual([['money.moved\naccount:1\nc', startMs, lengthMs, 2]]);
    others.counted = 3;
    await admit(one, feed, events(1, { hops: 1, correlationId: 'c' }));
    expect(await admit(one, feed, events(1, { hops: 1, correlationId: 'c' }))).toEqual(['LOOP_DETECTED']);
    expect(Date.parse(held[0]?.resetAt ?? '') - clock.now()).toBe(90_000);
  });

  it('forgets the counts that moved least lately when there are ten thousand', async () => {
    const one = watch({ ...storm, storm: { perSecond: 1 } });
    const topics = Array.from({ length: 10_000 }, (_, n) => `t.${n}`);
    for (const topic of topics) expect(await admit(one, feed, events(1, {}, topic))).toEqual([]);
    others.told.length = 0;
    expect(await admit(one, feed, events(1, {}, 't.0'))).toEqual(['TOPIC_STOPPED']);
    expect(await admit(one, feed, events(1, {}, 't.new'))).toEqual([]);
    expect(await admit(one, feed, events(1, {}, 't.0'))).toEqual(['TOPIC_STOPPED']);
    expect(await admit(one, feed, events(1, {}, 't.1'))).toEqual([]);
  });
});

describe('of a publisher', () => {
  const rate = { rates: { sessions: { perMinute: 60, burst: 10 } }, storm: { perSecond: 'unlimited' } };

  it('is told the tokens that were taken, and none that were refused', async () => {
    const one = watch(rate);
    expect(await admit(one, ann, events(12))).toEqual(['RATE_LIMITED', 'RATE_LIMITED']);
    expect(await admit(one, ann, events(1))).toEqual(['RATE_LIMITED']);
    await clock.advance(2_000);
    await admit(one, ann, events(1));
    const now = clock.now();
    expect(others.told).toEqual([
      ['person/p-ann', 60, 10, now - 2_000],
      ['person/p-ann', 60, 1, now],
    ]);
    expect(counts).toEqual(['rateLimited', 'rateLimited', 'rateLimited']);
  });

  it('says nothing of a publisher without a limit', async () => {
    await admit(watch(rate), feed, events(5));
    expect(others.told).toEqual([]);
  });

  it('waits for what the others took too, and says in whole seconds for how long', async () => {
    const one = watch(rate);
    others.fullAtMs = clock.now() + 10_000 + 2_500;
    expect(await admit(one, ann, events(1))).toEqual([]);
    const [refused] = await one.admit(ann, events(1));
    expect(refused).toMatchObject({ code: 'RATE_LIMITED', retryAfterSeconds: 1 });
    others.fullAtMs = 0; // what is known is never forgotten for less
    await one.flush();
    expect(await admit(one, ann, events(1))).toEqual(['RATE_LIMITED']);
  });

  it.each([
    [60, 1],
    [20, 3],
    [24, 3],
  ])('of %i events a minute comes back after %i seconds', async (perMinute, seconds) => {
    const one = watch({ ...rate, rates: { sessions: { perMinute, burst: 1 } } });
    const [, refused] = await one.admit(ann, events(2));
    expect(refused).toMatchObject({ retryAfterSeconds: seconds });
  });
});

/** Subscriptions that are sent to on AWS, as their owners see them: made, changed, asked for redrive and reset, removed, found by the sweep. */
import { describe, expect, it, vi } from 'vitest';
import { functionRefusal } from '../../../../adapters/aws/pushed/function-refusal.ts';
import { PushedBus } from '../../../../adapters/aws/pushed/pushed-bus.ts';
import { sweepPushed } from '../../../../adapters/aws/pushed/sweep-pushed.ts';
import { SubscriptionReports } from '../../../../adapters/aws/subscriptions/subscription-reports.ts';
import type { SubscriptionQueues } from '../../../../adapters/aws/subscriptions/subscription-queues.ts';
import type { FunctionSubscription, SubscriptionInput } from '../../../../core/events/index.ts';
import { subscriptionFor } from '../../../lambdas/bus-fixture.ts';
import { createPushedFixture, threw } from './pushed-fixture.ts';

function createBus(lambda?: Parameters<typeof createPushedFixture>[0]) {
  const fixture = createPushedFixture(lambda);
  const { directory, letters, items, ids, deps, store, clock, log, positions, notes } = fixture;
  const queues = {
    ...{ idleSeconds: 90, attach: vi.fn(), pause: vi.fn(), detach: vi.fn(), redrive: vi.fn(), reset: vi.fn() },
    refusal: () => undefined,
    deadLetters: letters.list.bind(letters),
  };
  const bus = new PushedBus({
    ...{ directory, letters, items, ids, wake: deps.wake, functionNames: ['total', 'audit'], allowed: new Set() },
    queues: queues as unknown as SubscriptionQueues,
  });
  const reports = new SubscriptionReports({
    ...{ ledger: 'main', entries: log, items: store, clock, positions, notes },
    depthOf: async () => undefined, // they have no queue
  });
  return { ...fixture, bus, queues, reports };
}

const ONCE = { retry: { maxAttempts: 1 }, breaker: { failures: 1_000 } };

describe('a subscription to a function', () => {
  it.each<[string, Partial<SubscriptionInput>, string]>([
    ['a name that is not deployed', { target: { kind: 'function', name: 'nope' } }, '/target/name'],
    ['batches', { mode: 'buffered' }, '/mode'],
    ['a longer time than a run has', { ackTimeoutMs: 240_001 }, '/ackTimeoutMs'],
  ])('is refused with %s', (_, input, pointer) => {
    const subscription = subscriptionFor('s', {
      ...{ topics: ['*'], target: { kind: 'function', name: 'total' } },
      ...input,
    }) as FunctionSubscription;
    expect(createBus().bus.refusal(subscription)).toMatchObject({ pointer });
    const fine = subscriptionFor('s', { topics: ['*'], target: { kind: 'function', name: 'audit' }, order: 'entity' });
    expect(functionRefusal(fine as FunctionSubscription, ['audit'])).toBeUndefined();
  });

  it('names the functions that there are', () => {
    const subscription = subscriptionFor('s', { topics: ['*'], target: { kind: 'function', name: 'nope' } });
    expect(createBus().bus.refusal(subscription)?.detail).toMatch(/there are: audit, total.*addFunction/);
  });

  it('has no queue: nothing is asked of the reconciler, and it is woken when it is made', async () => {
    const { bus, queues, subscribe, woken } = createBus();
    const subscription = await subscribe();
    await bus.attach(subscription);
    await bus.pause('s');
    await bus.reset('s');
    await bus.detach('s');
    for (const call of [queues.attach, queues.pause, queues.reset, queues.detach]) expect(call).not.toHaveBeenCalled();
    expect(woken.map(({ ids }) => ids)).toEqual([['s'], ['s']]);
    await bus.attach(subscriptionFor('q', { topics: ['*'] }));
    expect(queues.attach).toHaveBeenCalledOnce();
  });

  it('is removed with all that was kept of it, and begins anew when it is made again', async () => {
    const fixture = createBus(async () => threw('no'));
    const subscription = await fixture.subscribe(ONCE);
    await fixture.publish();
    await fixture.serve();
    await fixture.bus.reset('s');
    await fixture.bus.detach('s');
    const left = fixture.dynamo.items('state').map(({ pk }) => pk?.S);
    expect(left.filter((pk) => /#(pushed|dispatch|asked|dead)/.test(String(pk)))).toEqual([]);
    await fixture.serve(); // a late wake-up
    expect(fixture.calls).toHaveLength(1);
    await fixture.bus.attach(subscription);
    await fixture.serve();
    expect(fixture.calls).toHaveLength(2);
  });

  it('redrives as many dead letters as there are, in transactions of fifty, while others redrive too', async () => {
    const fixture = createBus(async () => threw('no'));
    await fixture.subscribe(ONCE);
    for (let i = 0; i < 130; i++) await fixture.publish(`e${i}`);
    await fixture.serve();
    expect(await fixture.letters.count('s')).toBe(130);
    fixture.answering.lambda = async () => ({});
    const [first] = await fixture.letters.list('s', { limit: 1 });
    expect(await fixture.bus.redrive('s', [first?.position ?? 0, 4_711])).toBe(1);
    const [mine, theirs] = await Promise.all([fixture.bus.redrive('s'), fixture.bus.redrive('s')]);
    expect(mine + theirs).toBe(129);
    await fixture.serve();
    expect(new Set(fixture.calls.slice(130).map(({ event }) => event.eventId)).size).toBe(130);
    expect(fixture.calls).toHaveLength(260);
    await expect(fixture.subscribe(ONCE, { status: 'paused' }).then(() => fixture.bus.redrive('s'))).rejects.toThrow(
      /paused/,
    );
  });

  it('goes on at once when it is reset, or resumed', async () => {
    const fixture = createBus(async () => threw('down'));
    const settings = { breaker: { failures: 1, probeAfterMs: 3_600_000 }, retry: { maxAttempts: 9, baseMs: 1 } };
    const subscription = await fixture.subscribe(settings);
    await fixture.publish();
    await fixture.serve();
    fixture.answering.lambda = async () => ({});
    await fixture.clock.advance(60_000);
    await fixture.serve();
    expect(fixture.calls).toHaveLength(1);
    expect(await fixture.reports.stats()).toMatchObject([{ breaker: 'open', retrying: 1, backlog: 0 }]);
    await fixture.bus.attach({ ...subscription, resumedAt: subscription.createdAt });
    await fixture.serve();
    expect(fixture.calls).toHaveLength(2);
    expect(await fixture.reports.stats()).toMatchObject([{ breaker: 'closed', retrying: 0 }]);
  });

  it('shows in traces and counts where its events stand', async () => {
    const fixture = createBus(async () => threw('no'));
    await fixture.subscribe(ONCE);
    const dead = await fixture.publish('a');
    await fixture.serve();
    expect(await fixture.reports.trace(dead)).toMatchObject([
      { subscription: 's', state: 'dead-letter', reason: 'Error: no', history: [{ outcome: 'failed' }] },
    ]);
    const next = await fixture.publish('b');
    expect(await fixture.reports.trace(next)).toEqual([{ subscription: 's', state: 'pending' }]);
    expect(await fixture.reports.stats()).toMatchObject([{ subscription: 's', backlog: 1, deadLetters: 1 }]);
    fixture.answering.lambda = async () => ({});
    await fixture.serve();
    expect(await fixture.reports.trace(next)).toEqual([{ subscription: 's', state: 'settled' }]);
  });
});

describe('the sweep', () => {
  const sweep = (fixture: ReturnType<typeof createBus>) =>
    fixture.directory
      .all()
      .then((all) => sweepPushed({ ...fixture.deps, entries: fixture.log, wake: fixture.deps.wake }, all));

  it('wakes who is behind and nobody else, and makes up for whoever was killed while making one', async () => {
    const fixture = createBus();
    await fixture.subscribe();
    expect(await sweep(fixture)).toMatchObject({ woken: 0, oldestMs: 0 });
    await fixture.publish();
    expect(await sweep(fixture)).toMatchObject({ woken: 1 });
    await fixture.serve();
    expect(await sweep(fixture)).toMatchObject({ woken: 0 });
    const made = await fixture.subscribe({}, { id: 't' });
    await fixture.items.forget(made);
    expect(await sweep(fixture)).toMatchObject({ woken: 1, failed: [] });
    expect(await fixture.items.indexed('t')).toMatchObject({ topics: ['orders.*'] });
  });

  it('leaves alone what a run is at work on, and what is paused', async () => {
    const fixture = createBus();
    await fixture.subscribe();
    await fixture.subscribe({}, { id: 'paused', status: 'paused' });
    await fixture.publish();
    let report: unknown;
    fixture.answering.lambda = async () => {
      report = await sweep(fixture);
      return {};
    };
    await fixture.serve();
    expect(report).toMatchObject({ woken: 0 });
  });

  it('says how long the oldest event has waited to be tried, whose breaker is open, and what it could not look at', async () => {
    const fixture = createBus(async () => threw('down'));
    const target = { kind: 'function', name: 'total', concurrency: 1 } as const;
    await fixture.subscribe({ target, breaker: { failures: 1, probeAfterMs: 3_600_000 }, delayMs: 1_000 });
    await fixture.publish('a');
    await fixture.publish('b');
    await fixture.clock.advance(1_000);
    await fixture.subscribe({}, { id: 'other' });
    await fixture.serve({}, 's');
    await fixture.clock.advance(600_000);
    const report = await sweep(fixture);
    expect(report.oldestMs).toBeGreaterThanOrEqual(600_000);
    expect([...report.open]).toEqual(['s']);
    const load: typeof fixture.items.load = async () => Promise.reject(new Error('damaged'));
    const failing = await sweepPushed(
      { ...fixture.deps, entries: fixture.log, items: { begin: async () => undefined, load } },
      await fixture.directory.all(),
    );
    expect(failing.failed).toHaveLength(2);
  });
});

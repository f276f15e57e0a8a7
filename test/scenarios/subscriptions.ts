/** Ways to subscribe: who is meant, under which condition, in which batches, how late, from when on; and what stops it. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { NOT_READABLE, type DeliveryState } from '../../core/events/index.ts';
import { publish, whenDone, withSubscriber, type Subscriber } from './delivery.ts';
import { credit } from './publishing.ts';
import { freshAccount, power, until, type Scenario, type Fixture } from './fixture.ts';

const HOUR_MS = 3_600_000;
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const sorted = ({ done }: Subscriber): number[] => done.toSorted((a, b) => a - b);

/** How the subscription stands with an event, once it is what is looked for. */
function standing(fixture: Fixture, eventId: string, { id }: Subscriber, state: string): Promise<DeliveryState> {
  return until(`the trace of ${eventId} should show it ${state}`, async () => {
    const { deliveries } = await fixture.as('eva').trace(eventId);
    return deliveries.find((one) => one.subscription === id && one.state === state);
  });
}

const breakerOf = async (fixture: Fixture, { id }: Subscriber): Promise<string | undefined> =>
  (await fixture.as('budget-engine').state()).subscriptions.find(({ subscription }) => subscription === id)?.breaker;

export const subscriptions: readonly Scenario[] = [
  {
    name: 'a targeted subscription gets what names its module',
    run: async (fixture) => {
      const account = freshAccount();
      await withSubscriber(fixture, { account, mode: 'targeted' }, async (subscriber) => {
        for (const targets of [['reporting'], ['reporting', 'budget-engine'], undefined, ['budget-engine']])
          await fixture
            .as('bank-feed')
            .publish({ ...credit(account, '1.00'), ...(targets && { metadata: { targets } }) });
        await whenDone(subscriber, 2);
        expect(sorted(subscriber)).toEqual([1, 3]);
      });
    },
  },
  {
    name: 'item 9: a subscription is not given events of entities that its module may not read, and the trace says so',
    run: async (fixture) => {
      const vault = freshAccount().replace('account:', 'vault:'); // the module reads account:* alone
      await withSubscriber(fixture, { account: vault }, async (subscriber) => {
        const event = credit(vault, '1.00');
        await fixture.as('bank-feed').publish(event);
        const { history } = await standing(fixture, event.eventId ?? '', subscriber, 'skipped');
        expect(history).toMatchObject([{ outcome: 'skipped', reason: NOT_READABLE }]);
        expect([subscriber.done, subscriber.refused]).toEqual([[], []]);
      });
    },
  },
  {
    name: 'a conditional subscription skips events while a change-set of the entity is open, and its trace says so',
    run: async (fixture) => {
      const account = freshAccount();
      const when = { changeSets: [{ exists: false }] };
      await withSubscriber(fixture, { account, mode: 'conditional', when }, async (subscriber) => {
        await publish(fixture, account, 1);
        await whenDone(subscriber, 1);
        const change = await fixture.as('ana').propose({
          ...{ entityId: account, title: 'A limit', rationale: 'to have something open' },
          operations: [{ type: 'state.put', payload: { limit: '500.00' } }],
        });
        const skipped = credit(account, '2.00');
        await fixture.as('bank-feed').publish(skipped);
        await standing(fixture, skipped.eventId ?? '', subscriber, 'skipped');
        await fixture.as('ana').withdraw(change.change.id);
        const last = credit(account, '3.00');
        await fixture.as('bank-feed').publish(last);
        await whenDone(subscriber, 2);
        const { ledger } = (await fixture.as('bank-feed').trace(last.eventId ?? '')).event;
        expect(sorted(subscriber)).toEqual([0, ledger.seq]);
      });
    },
  },
  {
    name: 'a buffered subscription waits until a batch is full',
    needs: ['longBatches'],
    run: async (fixture) => {
      const account = freshAccount();
      const buffer = { maxSize: 3, maxDelayMs: HOUR_MS };
      await withSubscriber(fixture, { account, mode: 'buffered', buffer }, async (subscriber) => {
        await publish(fixture, account, 2);
        expect(subscriber.done).toEqual([]);
        await publish(fixture, account, 1);
        await whenDone(subscriber, 3);
      });
    },
  },
  {
    name: 'a buffered subscription waits no longer than it was told, and gets no more at a time',
    run: async (fixture) => {
      const account = freshAccount();
      await publish(fixture, account, 3);
      const settings = { account, startAt: 'earliest', mode: 'buffered' } as const;
      for (const buffer of [
        { maxSize: 100, maxDelayMs: 500 },
        { maxSize: 2, maxDelayMs: 500 },
      ])
        await withSubscriber(fixture, { ...settings, buffer }, (subscriber) =>
          whenDone(subscriber, 3).then(() => undefined),
        );
    },
  },
  {
    name: 'a subscription whose settings are changed while events come loses none and is given none twice',
    run: async (fixture) => {
      const account = freshAccount();
      await withSubscriber(fixture, { account }, async (subscriber) => {
        const client = fixture.as('budget-engine');
        for (const patch of [{ retry: { maxAttempts: 7 } }, { ackTimeoutMs: 20_000 }, { breaker: { failures: 9 } }]) {
          const publishing = publish(fixture, account, 2);
          const before = await client.subscription(subscriber.id);
          const changed = await client.changeSubscription(subscriber.id, patch, before);
          expect(changed).toMatchObject(patch);
          await expect(client.changeSubscription(subscriber.id, { delayMs: 1 }, before)).rejects.toMatchObject({
            code: 'SUBSCRIPTION_CHANGED',
          });
          await publishing;
        }
        await whenDone(subscriber, 6);
        expect(sorted(subscriber)).toEqual([0, 1, 2, 3, 4, 5]);
        await client.changeSubscription(subscriber.id, { filter: { detail: { payload: { amount: ['3.00'] } } } });
        await publish(fixture, account, 4);
        await whenDone(subscriber, 7);
        expect(sorted(subscriber)).toEqual([0, 1, 2, 3, 4, 5, 9]);
      });
    },
  },
  {
    name: 'a delayed subscription gets nothing before its time',
    run: async (fixture) => {
      const account = freshAccount();
      const delayMs = 1_500;
      let deliveredAt = 0;
      await withSubscriber(
        fixture,
        { account, delayMs, onDelivery: () => void (deliveredAt = performance.now()) },
        async (subscriber) => {
          const publishedAt = performance.now();
          await publish(fixture, account, 1);
          await whenDone(subscriber, 1);
          expect(deliveredAt - publishedAt).toBeGreaterThan(delayMs - 1); // times of the ledger are whole milliseconds
        },
      );
    },
  },
  {
    name: 'a subscription from a time on gets what was recorded since, and then what comes',
    run: async (fixture) => {
      const account = freshAccount();
      await publish(fixture, account, 2);
      await sleep(50); // so that the third has a time of its own
      const third = credit(account, '9.00');
      await fixture.as('bank-feed').publish(third);
      const { acceptedAt: startAt } = await fixture.as('bank-feed').trace(third.eventId ?? '');
      await withSubscriber(fixture, { account, startAt }, async (subscriber) => {
        await publish(fixture, account, 2);
        await whenDone(subscriber, 3);
        expect(sorted(subscriber)).toEqual([2, 3, 4]);
      });
    },
  },
  {
    name: 'of the dead letters, those that match a pattern are redriven',
    run: async (fixture) => {
      const account = freshAccount();
      let isBroken = true;
      const breaker = { failures: 100 };
      await withSubscriber(fixture, { account, refuses: () => isBroken, breaker }, async (subscriber) => {
        const module = fixture.as('budget-engine');
        await publish(fixture, account, 3); // of 0.00, 1.00, 2.00
        await until('all should be dead letters', async () =>
          (await module.deadLetters(subscriber.id)).deadLetters.length === 3 ? true : undefined,
        );
        isBroken = false;
        const pattern = { detail: { payload: { amount: [{ prefix: '1.' }] } } };
        expect(await module.redrive(subscriber.id, { pattern })).toBe(1);
        await whenDone(subscriber, 1);
        expect(subscriber.done).toEqual([1]);
        expect((await module.deadLetters(subscriber.id)).deadLetters).toHaveLength(2);
      });
    },
  },
  {
    name: 'a breaker holds events back after failures in a row, and lets them through when it is reset',
    run: async (fixture) => {
      const account = freshAccount();
      let isBroken = true;
      const settings = {
        breaker: { failures: 3, probeAfterMs: HOUR_MS },
        retry: { maxAttempts: 100, baseMs: 10, maxMs: 50 },
      };
      await withSubscriber(fixture, { account, refuses: () => isBroken, ...settings }, async (subscriber) => {
        await publish(fixture, account, 1);
        await until('the breaker should open', async () =>
          (await breakerOf(fixture, subscriber)) === 'open' ? true : undefined,
        );
        isBroken = false;
        await publish(fixture, account, 2);
        expect(subscriber.done).toEqual([]);
        await fixture.as('budget-engine').resetBreaker(subscriber.id);
        await whenDone(subscriber, 3);
        expect(sorted(subscriber)).toEqual([0, 1, 2]);
        expect(await breakerOf(fixture, subscriber)).toBe('closed');
      });
    },
  },
  {
    name: 'each delivery has a span in the trace of its event, and the event’s own trace shows each try',
    run: async (fixture) => {
      const account = freshAccount();
      const spans: string[] = [];
      const onDelivery = (_: number, { traceparent = 'none' }: { traceparent?: string }): void =>
        void spans.push(traceparent);
      const refuses = (_: number, attempt: number): boolean => attempt === 1;
      await withSubscriber(fixture, { account, refuses, onDelivery }, async (subscriber) => {
        const event = { ...credit(account, '1.00'), metadata: { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` } };
        await fixture.as('bank-feed').publish(event);
        await whenDone(subscriber, 1);
        expect(spans).toHaveLength(2);
        for (const span of spans) expect(span).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
        expect(new Set(spans).size).toBe(2);
        const { history } = await standing(fixture, event.eventId ?? '', subscriber, 'delivered');
        expect(history).toMatchObject([{ outcome: 'failed', reason: 'Error: no to 0' }, { outcome: 'delivered' }]);
      });
    },
  },
  {
    name: 'R10: why a delivery failed is told to its subscriber and to auditors, not to others who may read the event',
    run: async (fixture) => {
      const account = freshAccount();
      const settings = { retry: { maxAttempts: 1, baseMs: 1, maxMs: 1 }, breaker: { failures: 100 } };
      await withSubscriber(fixture, { account, refuses: () => true, ...settings }, async (subscriber) => {
        const event = credit(account, '1.00');
        await fixture.as('bank-feed').publish(event);
        const eventId = event.eventId ?? '';
        await standing(fixture, eventId, subscriber, 'dead-letter');
        const seenBy = async (who: string): Promise<DeliveryState | undefined> =>
          (await fixture.as(who).trace(eventId)).deliveries.find((one) => one.subscription === subscriber.id);
        for (const who of ['budget-engine', 'eva'])
          expect(await seenBy(who)).toMatchObject({
            state: 'dead-letter',
            reason: expect.stringContaining('no to') as string,
          });
        const told = await seenBy('reporting');
        expect(told).toMatchObject({ state: 'dead-letter', attempts: 1 });
        expect(JSON.stringify(told)).not.toContain('reason');
      });
    },
  },
  {
    name: 'U10: an operator sees everybody’s deliveries and sets them going, and takes, decides and publishes nothing',
    run: async (fixture) => {
      const account = freshAccount();
      let isBroken = true;
      const settings = { retry: { maxAttempts: 1, baseMs: 1, maxMs: 1 }, breaker: { failures: 100 } };
      const operator = fixture.as('olga');
      await withSubscriber(
        fixture,
        { account, refuses: () => isBroken, ...settings },
        async ({ id, ...subscriber }) => {
          await publish(fixture, account, 1);
          await until('it should be a dead letter', async () =>
            (await operator.deadLetters(id)).deadLetters.length === 1 ? true : undefined,
          );
          expect((await operator.subscriptions()).map((one) => one.id)).toContain(id);
          expect((await operator.state()).subscriptions.map((one) => one.subscription)).toContain(id);
          expect((await operator.guards()).map(({ topic }) => topic)).toContain('user.login');
          isBroken = false;
          expect((await operator.pause(id)).status).toBe('paused');
          expect((await operator.resume(id)).status).toBe('active');
          expect(await operator.redrive(id)).toBe(1);
          expect((await operator.resetBreaker(id)).id).toBe(id);
          await whenDone({ id, ...subscriber }, 1);
          const unknown = { code: 'SUBSCRIPTION_NOT_FOUND' };
          await expect(operator.unsubscribe(id)).rejects.toMatchObject(unknown);
          await expect(fixture.as('boris').redrive(id)).rejects.toMatchObject(unknown);
          await expect(fixture.as('eva').redrive(id)).rejects.toMatchObject(unknown); // auditors look
        },
      );
      const proposal = {
        ...{ entityId: account, title: 'A limit', rationale: 'to have something open' },
        operations: [{ type: 'state.put' as const, payload: { limit: '500.00' } }],
      };
      const { change } = await fixture.as('budget-bot').propose(proposal);
      expect(await operator.changeSet(change.id)).toMatchObject({ id: change.id });
      expect((await operator.changeSets({ entity: account })).changes).toHaveLength(1);
      await expect(operator.decide(change, 'approve')).rejects.toMatchObject({ code: 'NOT_ELIGIBLE' });
      for (const refused of [
        () => operator.propose(proposal),
        () => operator.publish(credit(account, '1.00')),
        () => operator.entity(account),
        () => operator.resetGuard('user.login'),
      ])
        await expect(refused()).rejects.toMatchObject({ code: 'FORBIDDEN' });
      await fixture.as('budget-bot').withdraw(change.id);
    },
  },
  {
    name: 'a function is given the events of its subscription; what it throws at becomes a dead letter',
    needs: ['functionCalls'],
    run: async (fixture) => {
      const account = freshAccount();
      const module = fixture.as('budget-engine');
      const settings = { topics: ['transactions.*'], filter: { detail: { entityId: [account] } } } as const;
      const target = (name: string): object => ({
        id: `scenario-${randomUUID()}`,
        ...settings,
        target: { kind: 'function', name },
      });
      const retry = { maxAttempts: 2, baseMs: 10, maxMs: 10 };
      const { id } = await module.createSubscription({ ...target('scenario'), ...settings, retry });
      try {
        const events = ['1.00', '0.00', '2.00'].map((amount) => credit(account, amount));
        for (const event of events) await fixture.as('bank-feed').publish(event);
        const [first, , third] = events.map(({ eventId }) => eventId ?? '');
        await until('the function should have done two', async () => {
          const done = await power(fixture, 'functionCalls')();
          return done.includes(first ?? '') && done.includes(third ?? '') ? true : undefined;
        });
        const [letter] = await until('the other should be a dead letter', async () => {
          const { deadLetters } = await module.deadLetters(id);
          return deadLetters.length === 0 ? undefined : deadLetters;
        });
        expect(letter).toMatchObject({
          attempts: 2,
          reason: 'Error: nothing was moved',
          event: { ledger: { seq: 1 } },
        });
      } finally {
        await module.unsubscribe(id);
      }
      const refused = module.createSubscription({ ...target('no-such-function'), ...settings });
      await expect(refused).rejects.toMatchObject({ status: 400, code: 'SUBSCRIPTION_INVALID' });
    },
  },
];

/** Subscriptions made while the system runs: delivery, retries, dead letters, order, pause. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Delivery, SubscribeOptions } from '../../clients/sdk/index.ts';
import { credit } from './publishing.ts';
import { freshAccount, until, type Scenario, type Fixture } from './fixture.ts';

/** Short waits, so that the dead die soon. */
const RETRY = { maxAttempts: 3, baseMs: 50, maxMs: 100 };
const RUN = { waitSeconds: 2 };

export interface Subscriber {
  readonly id: string;
  /** seqs the handler was done with, in its order */
  readonly done: number[];
  /** seqs the handler refused, in its order */
  readonly refused: number[];
  readonly stop: () => Promise<void>;
}

interface Wanted extends Partial<Omit<SubscribeOptions, 'id' | 'topics' | 'filter'>> {
  readonly account: string;
  readonly refuses?: (seq: number, attempt: number) => boolean;
  /** told of each delivery before it is decided on */
  readonly onDelivery?: (seq: number, delivery: Delivery) => void;
}

async function subscribe(
  fixture: Fixture,
  { account, refuses = () => false, onDelivery, ...options }: Wanted,
): Promise<Subscriber> {
  const [done, refused]: [number[], number[]] = [[], []];
  const filter = { detail: { entityId: [account] } };
  const running = await fixture.as('budget-engine').subscribe(
    { id: `scenario-${randomUUID()}`, topics: ['transactions.*'], filter, retry: RETRY, ...options },
    ({ ledger: { seq } }, delivery) => {
      onDelivery?.(seq, delivery);
      const attempt = refused.filter((one) => one === seq).length + 1;
      if (!refuses(seq, attempt)) return void done.push(seq);
      refused.push(seq);
      throw new Error(`no to ${seq}`);
    },
    RUN,
  );
  return { id: running.id, done, refused, stop: () => running.stop() };
}

export async function publish(fixture: Fixture, account: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await fixture.as('bank-feed').publish(credit(account, `${i}.00`));
}

/** Stops and removes it whatever happens: an engine has room for so many. */
export async function withSubscriber(
  fixture: Fixture,
  wanted: Wanted,
  story: (subscriber: Subscriber) => Promise<void>,
): Promise<void> {
  const subscriber = await subscribe(fixture, wanted);
  try {
    await story(subscriber);
  } finally {
    await subscriber.stop();
    await fixture.as('budget-engine').unsubscribe(subscriber.id);
  }
}

export const whenDone = ({ done }: Subscriber, count: number): Promise<true> =>
  until(`${count} events should be handled`, () => (done.length >= count ? true : undefined));

export const delivery: readonly Scenario[] = [
  {
    name: 'a subscription made at runtime gets what is published from then on, once',
    run: async (fixture) => {
      const account = freshAccount();
      await publish(fixture, account, 1);
      await withSubscriber(fixture, { account }, async (subscriber) => {
        await publish(fixture, account, 3);
        await whenDone(subscriber, 3);
        expect(subscriber.done.toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
      });
    },
  },
  {
    name: 'a subscription that starts at the beginning gets the history and then what comes, without gap or double',
    run: async (fixture) => {
      const account = freshAccount();
      await publish(fixture, account, 3);
      await withSubscriber(fixture, { account, startAt: 'earliest' }, async (subscriber) => {
        await whenDone(subscriber, 3);
        await publish(fixture, account, 2);
        await whenDone(subscriber, 5);
        expect(subscriber.done.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4]);
      });
    },
  },
  {
    name: 'a poisonous event becomes a dead letter with its reason, the others pass, and redriven it is delivered',
    run: async (fixture) => {
      const account = freshAccount();
      let poisonous = true;
      await withSubscriber(fixture, { account, refuses: (seq) => poisonous && seq === 1 }, async (subscriber) => {
        await publish(fixture, account, 3);
        const module = fixture.as('budget-engine');
        const [letter] = await until('the event should be a dead letter', async () => {
          const page = await module.deadLetters(subscriber.id);
          return page.deadLetters.length > 0 ? page.deadLetters : undefined;
        });
        expect(letter).toMatchObject({
          attempts: 3,
          reason: 'Error: no to 1',
          event: { entityId: account, ledger: { seq: 1 } },
        });
        await whenDone(subscriber, 2);
        expect(subscriber.done.toSorted((a, b) => a - b)).toEqual([0, 2]);
        poisonous = false;
        expect(await module.redrive(subscriber.id)).toBe(1);
        await whenDone(subscriber, 3);
        expect(subscriber.done.toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
        expect((await module.deadLetters(subscriber.id)).deadLetters).toEqual([]);
      });
    },
  },
  {
    name: 'an ordered subscription holds later events of an entity while an earlier one is retried',
    run: async (fixture) => {
      const account = freshAccount();
      const refuses = (seq: number, attempt: number): boolean => seq === 0 && attempt < 3;
      await withSubscriber(fixture, { account, order: 'entity', refuses }, async (subscriber) => {
        await publish(fixture, account, 4);
        await whenDone(subscriber, 4);
        expect(subscriber.done).toEqual([0, 1, 2, 3]);
        expect(subscriber.refused).toEqual([0, 0]);
      });
    },
  },
  {
    name: 'what is published while a subscription is paused is delivered when it is resumed',
    run: async (fixture) => {
      const account = freshAccount();
      await withSubscriber(fixture, { account }, async (subscriber) => {
        await publish(fixture, account, 1);
        await whenDone(subscriber, 1);
        const module = fixture.as('budget-engine');
        expect(await module.pause(subscriber.id)).toMatchObject({ status: 'paused' });
        await publish(fixture, account, 3);
        expect(subscriber.done).toEqual([0]);
        expect(await module.resume(subscriber.id)).toMatchObject({ status: 'active' });
        await whenDone(subscriber, 4);
        expect(subscriber.done.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3]);
      });
    },
  },
  {
    name: 'a handler that works longer than its time keeps the event by saying so',
    run: async (fixture) => {
      const account = freshAccount();
      const attempts: number[] = [];
      const kept: boolean[] = [];
      const module = fixture.as('budget-engine');
      const running = await module.subscribe(
        {
          ...{ id: `scenario-${randomUUID()}`, topics: ['transactions.*'], ackTimeoutMs: 20_000 },
          filter: { detail: { entityId: [account] } },
        },
        async (_event, delivery) => {
          attempts.push(delivery.attempt);
          for (let i = 0; i < 3; i++) {
            await sleep(8_000);
            kept.push(await delivery.extend());
          }
        },
        RUN,
      );
      try {
        await publish(fixture, account, 1);
        await until('the handler should be done', () => (kept.length === 3 ? true : undefined));
        await until('nothing should be left', async () => {
          const { backlog = 1, inFlight } =
            (await fixture.as('eva').state()).subscriptions.find(({ subscription }) => subscription === running.id) ??
            {};
          return backlog === 0 && inFlight === 0 ? true : undefined;
        });
        expect({ attempts, kept }).toEqual({ attempts: [1], kept: [true, true, true] });
      } finally {
        await running.stop();
        await module.unsubscribe(running.id);
      }
    },
  },
];

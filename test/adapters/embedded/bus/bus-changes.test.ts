/** Subscriptions that are changed while events are published, out, and being retried: none is lost by that, and none comes twice. */
import { describe, expect, it } from 'vitest';
import { changedBy } from '../../../../core/events/subscriptions/change-settings.ts';
import type { IsoInstant } from '../../../../core/brands/index.ts';
import { NOT_WANTED, type Subscription } from '../../../../core/events/index.ts';
import type { SendWebhook } from '../../../../adapters/machine/webhook-sender.ts';
import { checked } from '../../../support/checked.ts';
import { close, createFixture, ids, NOW, receipts, subscription, type Fixture } from './bus-fixture.ts';

const at = checked<IsoInstant>('2026-11-21T09:00:00.000Z');
const CHANGES = 200;
const NO_BREAKER = { breaker: { failures: 1_000 } };
/** Each takes what the others take: what is lost or doubled is so by the change. */
const PATCHES: readonly object[] = [
  { order: 'entity', ackTimeoutMs: 500_000 },
  { filter: { detail: { source: ['shop'] } }, breaker: { failures: 900 } },
  { order: 'none', retry: { maxAttempts: 50, baseMs: 1 } },
  { mode: 'buffered', buffer: { maxSize: 7, maxDelayMs: 0 }, ackTimeoutMs: 400_000 },
  { mode: null, buffer: null, filter: null, delayMs: 1 },
  { topics: ['orders.*', 'other.*'], delayMs: null },
  { topics: ['*'], breaker: { failures: 1_000 } },
];

/** As core and the bus do it, one after the other. */
async function change(fixture: Fixture, before: Subscription, patch: object): Promise<Subscription> {
  const after = changedBy(before, patch, { at, position: await fixture.store.size() });
  await fixture.bus.change(after);
  return after;
}

function differences(done: readonly string[], all: readonly string[]): object {
  const doubled = done.filter((id, i) => done.indexOf(id) !== i);
  return { lost: all.filter((id) => !done.includes(id)), doubled };
}

/** What was not acknowledged in time, after the wait for its retry. */
async function comeAgain(fixture: Fixture): Promise<string[]> {
  const early = await fixture.bus.receive('s', NOW);
  await fixture.clock.advance(1);
  return ids([...early, ...(await fixture.bus.receive('s', NOW))]);
}

const patchOf = (i: number): object => PATCHES[i % PATCHES.length] ?? {};

describe('200 changes while events are published', () => {
  it('lose and double nothing that is pulled, settled before or after a change, or refused', async () => {
    const fixture = await createFixture();
    let current = subscription('s', { ackTimeoutMs: 600_000, retry: { maxAttempts: 50, baseMs: 1 }, ...NO_BREAKER });
    await fixture.bus.attach(current);
    const done: string[] = [];
    const held: string[][] = [];
    for (let i = 0; i < CHANGES; i++) {
      const [changed] = await Promise.all([
        change(fixture, current, patchOf(i)),
        fixture.publish(`a${i % 3}`, `b${i % 5}`, 'c'),
      ]);
      current = changed;
      await fixture.clock.advance(5);
      const messages = await fixture.bus.receive('s', { max: 4, waitMs: 0 });
      if (i % 4 === 0) await fixture.bus.nack('s', receipts(messages), { reason: 'busy', delayMs: 1 });
      else held.push(receipts(messages)); // settled three changes later
      done.push(...(i % 4 === 0 ? [] : ids(messages)));
      if (held.length > 3) expect((await fixture.bus.ack('s', held.shift() ?? [])).stale).toEqual([]);
    }
    for (const out of held) expect((await fixture.bus.ack('s', out)).stale).toEqual([]);
    for (let empty = 0; empty < 3;) {
      await fixture.clock.advance(1_000);
      const messages = await fixture.bus.receive('s', NOW);
      empty = messages.length === 0 ? empty + 1 : 0;
      done.push(...ids(messages));
      expect((await fixture.bus.ack('s', receipts(messages))).stale).toEqual([]);
    }
    const all = Array.from({ length: 3 * CHANGES }, (_, i) => `e${i + 1}`);
    expect(differences(done, all)).toEqual({ lost: [], doubled: [] });
    await close(fixture);
  });

  it('lose and double nothing that a function is given', async () => {
    const done: string[] = [];
    const fixture = await createFixture({ functions: { total: ({ eventId }) => void done.push(eventId) } });
    let current = subscription('s', { target: { kind: 'function', name: 'total' } });
    await fixture.bus.attach(current);
    for (let i = 0; i < CHANGES; i++) {
      const patch = i % 2 === 0 ? { target: { concurrency: 1 + (i % 7) } } : patchOf(i);
      const changing = change(fixture, current, patch);
      await fixture.publish('a', `b${i % 5}`, 'c');
      await fixture.clock.advance(5);
      current = await changing;
    }
    for (let i = 0; i < 100; i++) await fixture.clock.advance(1_000);
    const all = Array.from({ length: 3 * CHANGES }, (_, i) => `e${i + 1}`);
    expect(differences(done, all)).toEqual({ lost: [], doubled: [] });
    await close(fixture);
  });

  it('lose and double nothing that a webhook is sent, and wait for the answers to what is on its way', async () => {
    const sent: number[] = [];
    const waiting: (() => void)[] = [];
    const send: SendWebhook = async ({ body }) => {
      sent.push((JSON.parse(body) as { ledger: { position: number } }).ledger.position);
      await new Promise<void>((resolve) => waiting.push(resolve));
      return { kind: 'answered', answer: { status: 200, headers: {} }, text: '', durationMs: 1 };
    };
    const secrets = {
      signingKeys: () => Promise.resolve({ secrets: [new Uint8Array(32)], pairs: [] }),
      forget: () => Promise.resolve(),
    };
    const webhooks = { send, secrets, allowed: new Set<never>(), origin: 'ledger.test/main' };
    const fixture = await createFixture({ webhooks });
    const target = { kind: 'webhook', url: 'https://s.test/' };
    let current: Subscription = { ...subscription('s', { target }), verifiedAt: at };
    await fixture.bus.attach(current);
    const answerAll = (): void => waiting.splice(0).forEach((answer) => answer());
    for (let i = 0; i < CHANGES; i++) {
      const patch = [{ target: { concurrency: 1 + (i % 9) } }, { target: { payload: i % 4 === 1 ? 'thin' : 'full' } }];
      const changing = change(fixture, current, patch[i % 2] ?? {});
      await fixture.publish('a', `b${i % 5}`, 'c');
      answerAll();
      await fixture.clock.advance(100);
      answerAll();
      await fixture.clock.advance(100);
      current = await changing;
    }
    for (let i = 0; i < 200; i++) {
      answerAll();
      await fixture.clock.advance(100);
    }
    const all = Array.from({ length: 3 * CHANGES }, (_, i) => i + 1); // position 0 is the certificate of the session key
    expect(sent.toSorted((a, b) => a - b)).toEqual(all);
    const closing = close(fixture);
    answerAll();
    await closing;
  });
});

describe('a change', () => {
  it('counts for what was read and failed before: what it no longer wants is skipped, and its trace says so', async () => {
    const fixture = await createFixture();
    const before = subscription('s', { retry: { maxAttempts: 9, baseMs: 1 } });
    await fixture.bus.attach(before);
    await fixture.publish('a', 'b');
    const [first] = await fixture.bus.receive('s', { max: 1, waitMs: 0 });
    if (first === undefined) throw new Error('nothing came');
    await fixture.bus.nack('s', [first.receipt], { reason: 'busy', delayMs: 1 });
    await change(fixture, before, { filter: { source: ['nobody'] } });
    await fixture.clock.advance(1_000);
    expect(await fixture.bus.receive('s', NOW)).toEqual([]);
    expect((await fixture.bus.stats())[0]).toMatchObject({ retrying: 0, backlog: 0, deadLetters: 0 });
    await change(fixture, before, { delayMs: 1 });
    const trace = await fixture.bus.trace(first.event);
    expect(trace[0]?.history?.at(-1)).toMatchObject({ outcome: 'skipped', reason: NOT_WANTED });
    await close(fixture);
  });

  it('to order of entities holds back later events of those that are out', async () => {
    const fixture = await createFixture();
    const before = subscription('s');
    await fixture.bus.attach(before);
    await fixture.publish('a', 'a', 'b');
    const [first] = await fixture.bus.receive('s', { max: 1, waitMs: 0 });
    await change(fixture, before, { order: 'entity' });
    expect(ids(await fixture.bus.receive('s', NOW))).toEqual(['e3']);
    await fixture.bus.ack('s', [first?.receipt ?? '']);
    expect(ids(await fixture.bus.receive('s', NOW))).toEqual(['e2']);
    await close(fixture);
  });

  it('to a shorter time to acknowledge counts for what is handed out from then on', async () => {
    const fixture = await createFixture();
    const before = subscription('s', { ackTimeoutMs: 60_000, retry: { baseMs: 1 } });
    await fixture.bus.attach(before);
    await fixture.publish('a', 'b');
    expect(ids(await fixture.bus.receive('s', { max: 1, waitMs: 0 }))).toEqual(['e1']);
    await change(fixture, before, { ackTimeoutMs: 1_000 });
    expect(ids(await fixture.bus.receive('s', { max: 1, waitMs: 0 }))).toEqual(['e2']);
    await fixture.clock.advance(1_001);
    expect(await comeAgain(fixture)).toEqual(['e2']);
    await fixture.clock.advance(60_000);
    expect(await comeAgain(fixture)).toContain('e1');
    await close(fixture);
  });

  it('of one that is paused counts when it is resumed', async () => {
    const fixture = await createFixture();
    const before = subscription('s');
    await fixture.bus.attach(before);
    await fixture.bus.pause('s');
    const after = await change(fixture, before, { topics: ['other.topic'] });
    await fixture.publish('a', 'a', 'a', 'a', 'a');
    expect(await fixture.bus.stats()).toEqual([]);
    await fixture.bus.attach(after);
    expect(ids(await fixture.bus.receive('s', NOW))).toEqual(['e5']);
    await close(fixture);
  });
});

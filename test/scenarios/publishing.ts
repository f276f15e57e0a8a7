/** Publishing and reading: what is acknowledged is there, once, and the feed has it. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { must } from '../../core/errors/index.ts';
import type { PublishInput, StreamItem } from '../../clients/sdk/index.ts';
import type { config } from '../../nervous.config.ts';
import { freshAccount, until as waitFor, type Scenario } from './fixture.ts';

const BATCH = 40;

export function credit(entityId: string, amount: string, eventId: string = randomUUID()): PublishInput<typeof config> {
  return { eventId, topic: 'transactions.new', entityId, payload: { amount, kind: 'credit' } };
}

export const publishing: readonly Scenario[] = [
  {
    name: 'an event is recorded, the same again is a duplicate, the id with other content a conflict',
    run: async (fixture) => {
      const feed = fixture.as('bank-feed');
      const account = freshAccount();
      const event = credit(account, '1.00');
      const first = await feed.publish(event);
      expect(first).toMatchObject({ status: 'accepted', eventId: event.eventId, entity: account, seq: 0 });
      expect(await feed.publish(event)).toEqual({ ...first, status: 'duplicate' });
      await expect(feed.publish(credit(account, '2.00', event.eventId))).rejects.toMatchObject({
        ...{ status: 409, code: 'EVENT_ID_CONFLICT' },
      });
      const { entries } = await fixture.as('eva').entries(account);
      expect(entries.map(({ seq, hash }) => ({ seq, hash }))).toEqual([{ seq: 0, hash: first.hash }]);
    },
  },
  {
    name: 'the feed and the stream begin and end at times',
    run: async (fixture) => {
      const account = freshAccount();
      const events = [credit(account, '1.00'), credit(account, '2.00'), credit(account, '3.00')];
      const times: string[] = [];
      const reader = fixture.as('eva');
      for (const [i, event] of events.entries()) {
        await fixture.as('bank-feed').publish(event);
        const { entries } = await reader.entries(account, { from: i });
        times.push(must(entries[0], 'the entry').body.at);
        await sleep(20); // so that no two have one time
      }
      const ids = events.map(({ eventId }) => eventId);
      const [, since = '', until = ''] = times;
      const read = async (from: AsyncIterable<{ readonly event: { readonly eventId: string } }>): Promise<string[]> => {
        const seen: string[] = [];
        for await (const { event } of from) seen.push(event.eventId);
        return seen;
      };
      await waitFor('all should be in the feed', async () => {
        const all = await read(reader.feed({ entity: account, live: false }));
        return all.length === events.length ? all : undefined;
      });
      expect(await read(reader.feed({ entity: account, since, live: false }))).toEqual(ids.slice(1));
      // In one process times ascend along the log. Where several write, the end stands behind the last of all entries that were recorded before `until`.
      const possible = [ids.slice(1, 2), ...(fixture.engine === 'embedded' ? [] : [ids.slice(1)])];
      expect(possible).toContainEqual(await read(reader.feed({ entity: account, since, until })));
      expect(possible).toContainEqual(await read(reader.stream({ entity: account, since, until })));
      expect(await read(reader.feed({ entity: account, since: '1h', until: '59m' }))).toEqual([]);
      for (const wrong of ['yesterday', '2026-02-30T00:00:00Z'])
        await expect(read(reader.feed({ since: wrong }))).rejects.toMatchObject({
          status: 400,
          code: 'REQUEST_INVALID',
        });
    },
  },
  {
    name: 'a batch answers for each event, in order, and one bad event sinks only an atomic batch',
    run: async (fixture) => {
      const feed = fixture.as('bank-feed');
      const [account, other] = [freshAccount(), freshAccount()];
      const events = Array.from({ length: BATCH }, (_, i) => credit(i % 2 === 0 ? account : other, `${i}.00`));
      const results = await feed.publishBatch(events);
      const seqs = Array.from({ length: BATCH }, (_, i) => Math.floor(i / 2));
      expect(results.map((result) => ('seq' in result ? result.seq : result))).toEqual(seqs);
      const [good, bad] = [credit(account, '1.00'), credit(account, 'much')];
      expect((await feed.publishBatch([good, bad])).map(({ status }) => status)).toEqual(['accepted', 'rejected']);
      const [second, worse] = [credit(account, '1.00'), credit(account, 'much')];
      const atomic = await feed.publishBatch([second, worse], { atomic: true });
      expect(atomic.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
      expect((await fixture.as('eva').entity(account)).head.seq).toBe(BATCH / 2);
    },
  },
  {
    name: 'an atomic batch over several entities is recorded together',
    run: async (fixture) => {
      const events = Array.from({ length: 10 }, () => credit(freshAccount(), '1.00'));
      const results = await fixture.as('bank-feed').publishBatch(events, { atomic: true });
      expect(results.map(({ status }) => status)).toEqual(events.map(() => 'accepted'));
    },
  },
  {
    name: 'many publishers of one entity build one chain without gap or fork',
    run: async (fixture) => {
      const account = freshAccount();
      const events = Array.from({ length: 12 }, () => credit(account, '1.00'));
      const published = await Promise.all(events.map((event) => fixture.as('bank-feed').publish(event)));
      expect(published.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(events.map((_, i) => i));
      expect(await fixture.as('eva').verifyEntity(account)).toMatchObject({ verdict: 'OK', entries: events.length });
    },
  },
  {
    name: 'who has no right, no token or a wrong payload is refused with the reason',
    run: async (fixture) => {
      const account = freshAccount();
      const refused = (principal: string, amount = '1.00') => fixture.as(principal).publish(credit(account, amount));
      await expect(refused('reporting')).rejects.toMatchObject({ status: 403, code: 'FORBIDDEN' });
      await expect(refused('nobody')).rejects.toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
      const faulty = { status: 422, code: 'PAYLOAD_INVALID', errors: [{ pointer: '/payload/amount' }] };
      await expect(refused('bank-feed', 'much')).rejects.toMatchObject(faulty);
      await expect(fixture.as('eva').entity(account)).rejects.toMatchObject({ status: 404, code: 'ENTITY_NOT_FOUND' });
    },
  },
  {
    name: 'a stream goes from history to what comes, and another one goes on behind any event of it',
    run: async (fixture) => {
      const account = freshAccount();
      const publish = async (amount: string): Promise<string> =>
        (await fixture.as('bank-feed').publish(credit(account, amount))).eventId;
      const ids = [await publish('1.00'), await publish('2.00')];
      const items: StreamItem<{ readonly eventId: string }>[] = [];
      for await (const item of fixture.as('reporting').stream({ entity: account })) {
        items.push(item);
        if (items.length === 2) ids.push(await publish('3.00'));
        if (items.length === 3) break;
      }
      expect(items.map(({ event }) => event.eventId)).toEqual(ids);
      for (const [i, { cursor: after }] of items.slice(0, -1).entries()) {
        for await (const item of fixture.as('reporting').stream({ entity: account, after })) {
          expect(item).toEqual(items[i + 1]);
          break;
        }
      }
    },
  },
  {
    name: 'a reader who waits at the end of the feed gets what is published then',
    run: async (fixture) => {
      const account = freshAccount();
      const stop = new AbortController();
      const feed = fixture.as('reporting').feed({ entity: account, topics: ['transactions.*'], signal: stop.signal });
      const waiting = feed.next();
      const first = await fixture.as('bank-feed').publish(credit(account, '1.00'));
      const item = (await waiting).value;
      expect(item?.event).toMatchObject({ entityId: account, ledger: { seq: 0, hash: first.hash } });
      const next = feed.next();
      await fixture.as('bank-feed').publish(credit(account, '2.00'));
      expect((await next).value?.event).toMatchObject({ entityId: account, ledger: { seq: 1 } });
      stop.abort();
    },
  },
  {
    name: 'events without an entity go on the chain of their source, whose id holds a slash',
    run: async (fixture) => {
      const eventId = randomUUID();
      const payload = { module: 'bank-feed', version: '1.0.0' };
      const { entity, seq } = await fixture.as('bank-feed').publish({ eventId, topic: 'module.activated', payload });
      expect(entity).toBe('module/bank-feed');
      const { entries } = await fixture.as('eva').entries(entity, { from: seq, limit: 1 });
      expect(entries[0]?.body).toMatchObject({ idem: eventId, actor: { kind: 'module', id: 'bank-feed' } });
      expect((await fixture.as('eva').trace(eventId)).event).toMatchObject({ eventId, payload });
    },
  },
];

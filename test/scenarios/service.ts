/** Item 6: what protects the service and what it says of itself, the same on every engine: loops, full batches, map, `/state`, erasure. */
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { credit } from './publishing.ts';
import { freshAccount, inState, until, type Scenario } from './fixture.ts';

const FULL_BATCH = 100;
/** More than docs/protection.md allows by default. */
const TOO_MANY_HOPS = 17;

export const service: readonly Scenario[] = [
  {
    name: 'item 6: a full batch is recorded, all or nothing too, and its subscriber gets each event once',
    run: async (fixture) => {
      const feed = fixture.as('bank-feed');
      const account = freshAccount();
      const events = Array.from({ length: FULL_BATCH }, (_, i) => credit(account, `${i}.00`));
      const results = await feed.publishBatch(events);
      expect(results.map((result) => ('seq' in result ? result.seq : result))).toEqual(events.map((_, i) => i));
      const many = Array.from({ length: FULL_BATCH / 2 }, () => credit(freshAccount(), '1.00'));
      const atomic = await feed.publishBatch(many, { atomic: true });
      expect(atomic.map(({ status }) => status)).toEqual(many.map(() => 'accepted'));
      const got: string[] = [];
      const running = await fixture
        .as('budget-engine')
        .subscribe(
          { topics: ['transactions.new'], startAt: 'earliest', filter: { detail: { entityId: [account] } } },
          (event) => {
            got.push(event.eventId);
          },
        );
      await until('every event of the batch should arrive', () => (got.length >= FULL_BATCH ? got : undefined));
      await running.stop();
      await fixture.as('budget-engine').unsubscribe(running.id);
      expect(got).toEqual(events.map(({ eventId }) => eventId));
    },
  },
  {
    name: 'item 6: a loop of events is broken where it has gone on too long, and no other',
    run: async (fixture) => {
      const feed = fixture.as('bank-feed');
      const account = freshAccount();
      const caused = (hops: number) => ({
        ...credit(account, '1.00'),
        metadata: { correlationId: randomUUID(), causationId: randomUUID(), hops },
      });
      expect(await feed.publish(caused(1))).toMatchObject({ status: 'accepted' });
      const looping = caused(TOO_MANY_HOPS);
      await expect(feed.publish(looping)).rejects.toMatchObject({ status: 409, code: 'LOOP_DETECTED' });
      expect(await feed.publish(caused(2))).toMatchObject({ status: 'accepted' });
      expect((await fixture.as('eva').entries(account)).entries).toHaveLength(2);
    },
  },
  {
    name: 'item 6: the map shows who publishes what, as wired and as seen',
    run: async (fixture) => {
      const { eventId } = await fixture.as('bank-feed').publish(credit(freshAccount(), '1.00'));
      await until('the event should be in the feed', async () => {
        for await (const { event } of fixture.as('eva').feed({ topics: ['transactions.new'] }))
          if (event.eventId === eventId) return true;
        return undefined;
      });
      const map = await fixture.as('eva').map({ observe: 10_000 });
      const edge = map.publishes.find(({ party, topic }) => party === 'bank-feed' && topic === 'transactions.new');
      expect(edge?.events).toBeGreaterThan(0);
      expect(map.topics.map(({ topic }) => topic)).toContain('transactions.new');
      expect(map.hash).toMatch(/^[0-9a-f]{64}$/);
    },
  },
  {
    name: 'item 6: /state says how many change-sets wait, at which level, and since when',
    run: async (fixture) => {
      const operations = [{ type: 'state.put', payload: { currency: 'CZK', limit: '20000.00' } }];
      const proposal = { entityId: freshAccount(), title: 'A limit', rationale: 'Asked', operations };
      const { change } = await fixture.as('budget-bot').propose(proposal);
      const { approvalQueue, ledger, entries } = await fixture.as('eva').state();
      expect(ledger).toBe('main');
      expect(entries).toBeGreaterThan(0);
      expect(approvalQueue.byLevel['L2']?.length).toBeGreaterThan(0);
      expect(approvalQueue.oldestAgeMs).toBeGreaterThanOrEqual(approvalQueue.byLevel['L2']?.oldestAgeMs ?? Infinity);
      await fixture.as('boris').decide(change, 'reject', { reason: 'no' });
    },
  },
  {
    name: 'item 6: a confidential field is revealed to an auditor alone, and its erasure waits for people and its time lock',
    run: async (fixture) => {
      const account = freshAccount();
      const login = { topic: 'user.login', entityId: account, payload: { method: 'sso', ip: '192.0.2.7' } } as const;
      const { seq } = await fixture.as('agent-layer').publish(login);
      const eva = fixture.as('eva');
      const path = '/payload/ip';
      expect((await eva.reveal(account, seq)).fields).toEqual([{ path, kind: 'value', value: '192.0.2.7' }]);
      await expect(fixture.as('boris').reveal(account, seq)).rejects.toMatchObject({ status: 403 });
      const { change } = await eva.propose({
        ...{ entityId: account, title: 'Erase the address', rationale: 'The customer asked for it' },
        operations: [{ type: 'field.erase', payload: { seq, fields: [path], basis: 'GDPR article 17' } }],
      });
      for (const approver of ['ana', 'dan'])
        await fixture.as(approver).decide(await fixture.as(approver).changeSet(change.id), 'approve');
      expect(await inState(fixture, change.id, 'approved')).toMatchObject({
        risk: { level: 'L3', matched: ['irreversible'] },
      });
      expect((await eva.reveal(account, seq)).fields[0]).toMatchObject({ kind: 'value' }); // for an hour
      expect(await eva.withdraw(change.id)).toMatchObject({ state: 'cancelled' });
      expect(await eva.verifyEntity(account)).toMatchObject({ verdict: 'OK' });
    },
  },
];

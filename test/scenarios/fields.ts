/** Item 6: confidential fields: an erasure that people approved, carried out. */
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { FORGETFUL } from '../support/executor-config.ts';
import { inState, until, type Scenario } from './fixture.ts';

const PATH = '/payload/ip';
const BASIS = 'GDPR article 17, request 2026-118';

export const fields: readonly Scenario[] = [
  {
    name: 'item 6: a field is erased by an approved change-set: nobody reads it any more, everything else stays, and verification says OK',
    run: async (fixture) => {
      const account = `${FORGETFUL}${randomUUID()}`;
      const eva = fixture.as('eva');
      const login = (ip: string) =>
        ({ eventId: randomUUID(), topic: 'user.login', entityId: account, payload: { method: 'sso', ip } }) as const;
      const secret = `192.0.2.7-${randomUUID()}`;
      const [first, second] = [login(secret), login('198.51.100.9')];
      const { seq, hash } = await fixture.as('agent-layer').publish(first);
      const { seq: kept } = await fixture.as('agent-layer').publish(second);
      expect((await eva.reveal(account, seq)).fields).toEqual([{ path: PATH, kind: 'value', value: secret }]);

      const { change } = await eva.propose({
        ...{ entityId: account, title: 'Erase the address', rationale: 'The customer asked for it' },
        operations: [{ type: 'field.erase', payload: { seq, fields: [PATH], basis: BASIS } }],
      });
      expect(change).toMatchObject({ state: 'pending', risk: { level: 'L3', matched: ['erasure'] } });
      await fixture.as('ana').decide(change, 'approve');
      expect((await eva.reveal(account, seq)).fields).toMatchObject([{ kind: 'value' }]); // one of two has approved
      await fixture.as('dan').decide(change, 'approve');
      await inState(fixture, change.id, 'executed');

      expect((await eva.reveal(account, seq)).fields).toEqual([{ path: PATH, kind: 'erased' }]);
      expect((await eva.reveal(account, kept)).fields).toEqual([{ path: PATH, kind: 'value', value: '198.51.100.9' }]);
      const { entries } = await eva.entries(account, { limit: 100 });
      // What remains: the entry with its commitment, who saw the value, and who had it erased and why.
      expect(entries[seq]).toMatchObject({
        hash,
        body: { data: { payload: { method: 'sso' } }, commits: [{ path: PATH, hash: expect.any(String) as string }] },
      });
      expect(entries.filter(({ body }) => body.type === 'revealed')).toHaveLength(4);
      expect(entries.find(({ body }) => body.type === 'redacted')?.body.data).toMatchObject({
        ...{ seq, fields: [PATH], basis: BASIS, approvers: ['ana', 'dan'] },
      });
      expect(JSON.stringify(entries)).not.toContain(secret);
      // Delivered and shown as before, never with the value; and the publisher may send it again.
      const fed = await until('the event should be in the feed', async () => {
        for await (const { event } of eva.feed({ entity: account, topics: ['user.login'], live: false }))
          if (event.eventId === first.eventId) return event;
        return undefined;
      });
      expect(fed.payload).toEqual({ method: 'sso' });
      expect(await fixture.as('agent-layer').publish(first)).toMatchObject({ status: 'duplicate', seq, hash });
      expect(await eva.verifyEntity(account)).toMatchObject({ verdict: 'OK' });
    },
  },
];

/** Claims of work, the same on every engine: one holder, effects only under a claim that stands, and a ledger that tells all of it. */
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { freshAccount, until, type Fixture, type Scenario } from './fixture.ts';

const TTL_MS = 60_000;
const CLAIMERS = 12;

const activated = (work: { readonly workId: string; readonly fence: number }, entityId: string) => ({
  ...({ topic: 'module.activated', entityId, payload: { module: 'agent-layer', version: '1' } } as const),
  ...{ eventId: randomUUID(), work },
});

async function toldOf(fixture: Fixture, workId: string): Promise<unknown[]> {
  const { entries } = await fixture.as('eva').entries(`work:${workId}`, { limit: 100 });
  return entries.map(({ body }) => body.data['topic']);
}

export const work: readonly Scenario[] = [
  {
    name: 'of many who claim a piece of work at once one gets it, and the others hear who',
    run: async (fixture) => {
      const workId = `scenario/${randomUUID()}`;
      const claims = await Promise.allSettled(
        Array.from({ length: CLAIMERS }, (_, i) =>
          fixture.as('agent-layer').work.claim({ workId, ttlMs: TTL_MS, session: `s${i}` }),
        ),
      );
      expect(claims.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      const refused = claims.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
      for (const problem of refused)
        expect(problem).toMatchObject({ status: 409, code: 'WORK_CLAIMED', claim: { by: 'module:agent-layer' } });
      expect(await toldOf(fixture, workId)).toEqual(['work.claimed']);
      expect(await fixture.as('budget-bot').work.get(workId)).toMatchObject({ state: 'claimed', fence: 0 });
    },
  },
  {
    name: 'what is published under a claim is refused once it has ended, and another finishes the work',
    run: async (fixture) => {
      const [workId, account] = [`scenario/${randomUUID()}`, freshAccount()];
      const layer = fixture.as('agent-layer');
      const { fence } = await layer.work.claim({ workId, ttlMs: TTL_MS });
      const before = activated({ workId, fence }, account);
      expect(await layer.publish(before)).toMatchObject({ status: 'accepted', seq: 0 });
      await expect(fixture.as('bank-feed').publish(activated({ workId, fence }, account))).rejects.toMatchObject({
        code: 'FENCE_STALE',
      });
      const taken = await fixture.as('eva').work.steal({ workId, ttlMs: TTL_MS, reason: 'its session hangs' });
      expect(taken.fence).toBeGreaterThan(fence);
      await expect(layer.publish(activated({ workId, fence }, account))).rejects.toMatchObject({ code: 'FENCE_STALE' });
      await expect(layer.work.complete({ workId, fence })).rejects.toMatchObject({ code: 'FENCE_STALE' });
      expect(await layer.publish(before)).toMatchObject({ status: 'duplicate', seq: 0 });
      const done = { workId, fence: taken.fence, result: 'by hand' };
      expect(await fixture.as('eva').work.complete(done)).toMatchObject({ state: 'completed', by: 'person:eva' });
      await expect(layer.work.claim({ workId, ttlMs: TTL_MS })).rejects.toMatchObject({ code: 'WORK_COMPLETED' });
      expect(await toldOf(fixture, workId)).toEqual([
        'work.claimed',
        'work.released',
        'work.claimed',
        'work.completed',
      ]);
      expect(await fixture.as('eva').verifyEntity(`work:${workId}`)).toMatchObject({ entries: 4 });
    },
  },
  {
    name: 'a change is proposed and revised under a claim, and neither once it has ended',
    run: async (fixture) => {
      const [workId, entityId] = [`scenario/${randomUUID()}`, freshAccount()];
      const bot = fixture.as('budget-bot');
      const { fence } = await bot.work.claim({ workId, ttlMs: TTL_MS });
      const work = { workId, fence };
      const content = {
        ...{ title: 'Close it', rationale: 'Nobody uses it any more.', work },
        operations: [
          { type: 'state.patch' as const, payload: [{ op: 'add' as const, path: '/note', value: 'closed' }] },
        ],
      };
      const sent = () => bot.propose({ entityId, ...content }, { idempotencyKey: workId });
      const { change } = await sent();
      expect(change.work).toEqual({ ...work, by: 'agent:budget-bot' });
      await bot.work.release(work);
      await expect(bot.propose({ entityId, ...content })).rejects.toMatchObject({ status: 409, code: 'FENCE_STALE' });
      await expect(bot.revise(change.id, content)).rejects.toMatchObject({ status: 409, code: 'FENCE_STALE' });
      expect(await sent()).toMatchObject({ kind: 'existing', change: { id: change.id, revision: 1 } });
      const again = await bot.work.claim({ workId, ttlMs: TTL_MS });
      const revised = await bot.revise(change.id, { ...content, work: { workId, fence: again.fence } });
      expect(revised).toMatchObject({ revision: 2, work: { fence: again.fence } });
      await bot.work.complete({ workId, fence: again.fence });
      expect(await fixture.as('eva').verifyEntity(entityId)).toMatchObject({ entries: expect.any(Number) as number });
    },
  },
  {
    name: 'a claim that nobody renews ends by itself, without anybody who wants the work, and all who listen hear of it',
    run: async (fixture) => {
      const workId = `scenario/${randomUUID()}`;
      const layer = fixture.as('agent-layer');
      const { fence } = await layer.work.claim({ workId, ttlMs: 1_000 });
      await until(`the claim of "${workId}" should end`, async () => {
        const told = await toldOf(fixture, workId);
        return told.includes('work.released') ? told : undefined;
      });
      const { entries } = await fixture.as('eva').entries(`work:${workId}`, { limit: 100 });
      expect(entries.map(({ body }) => [body.actor, body.data['payload']])).toEqual([
        [{ kind: 'module', id: 'agent-layer' }, expect.objectContaining({ workId, ttlMs: 1_000 })],
        [
          { kind: 'service', id: 'nervous-system' },
          { workId, by: 'module:agent-layer', fence, reason: 'expired' },
        ],
      ]);
      expect(await layer.work.get(workId)).toMatchObject({ state: 'released', reason: 'expired' });
      await expect(layer.publish(activated({ workId, fence }, freshAccount()))).rejects.toMatchObject({
        code: 'FENCE_STALE',
      });
      expect(await fixture.as('eva').verifyEntity(`work:${workId}`)).toMatchObject({ entries: 2 });
    },
  },
];

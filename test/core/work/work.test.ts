/** Claims, one after the other: who holds the work, what each refusal says, and what the ledger tells of it. */
import { describe, expect, it } from 'vitest';
import { LEASE_GRACE_MS } from '../../../core/work/index.ts';
import { as, told, workFixture, type WorkFixture } from './fixture.ts';

const TTL = 60_000;
const claim = (fixture: WorkFixture, id: string, more: object = {}) =>
  fixture.work.claim(as(id), { workId: 'w', ttlMs: TTL, ...more });
const step = (fence: number, eventId?: string) => ({
  ...{ topic: 'step.done', entityId: 'order:1', payload: { n: 1 }, work: { workId: 'w', fence } },
  ...(eventId === undefined ? {} : { eventId }),
});
const statuses = async (results: ReturnType<WorkFixture['publish']>): Promise<string[]> =>
  (await results).map((one) => (one.status === 'rejected' ? one.problem.code : one.status));

describe('a claim', () => {
  it('has one holder: who asks again gets the same answer, others hear who holds it', async () => {
    const fixture = workFixture();
    const first = await claim(fixture, 'one', { description: 'Deploy it' });
    expect(first).toMatchObject({ status: 'claimed', workId: 'w', fence: 0 });
    await fixture.clock.advance(5_000);
    expect(await claim(fixture, 'one')).toEqual({ ...first, status: 'held' });
    const { since, until } = first;
    await expect(claim(fixture, 'two')).rejects.toMatchObject({
      ...{ code: 'WORK_CLAIMED', claim: { by: 'module:one', since, until }, retryAfterSeconds: 65 },
    });
    expect(await fixture.work.get(as('two'), 'w')).toMatchObject({
      state: 'claimed',
      by: 'module:one',
      fence: 0,
      until,
    });
    expect((await told(fixture.store, 'w')).fences).toEqual([0]);
  });

  it('tells sessions of one principal apart', async () => {
    const fixture = workFixture();
    await claim(fixture, 'one', { session: 'a' });
    expect(await claim(fixture, 'one', { session: 'a' })).toMatchObject({ status: 'held' });
    await expect(claim(fixture, 'one', { session: 'b' })).rejects.toMatchObject({ code: 'WORK_CLAIMED' });
    await expect(claim(fixture, 'one')).rejects.toMatchObject({ code: 'WORK_CLAIMED' });
  });

  it('takes a right, and stealing takes another one and a reason', async () => {
    const fixture = workFixture();
    await expect(claim(fixture, 'stranger')).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await claim(fixture, 'one');
    const steal = (id: string, more: object) => fixture.work.steal(as(id), { workId: 'w', ttlMs: TTL, ...more });
    expect(() => steal('two', { reason: 'mine' })).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }));
    expect(() => steal('chief', {})).toThrow(expect.objectContaining({ code: 'WORK_INVALID' }));
    expect(await steal('chief', { reason: 'it hangs' })).toMatchObject({ status: 'claimed', fence: 2 });
    expect(await steal('chief', { reason: 'it hangs' })).toMatchObject({ status: 'held', fence: 2 });
    await expect(fixture.work.complete(as('one'), { workId: 'w', fence: 0 })).rejects.toMatchObject({
      code: 'FENCE_STALE',
    });
    expect(await fixture.work.get(as('one'), 'w')).toMatchObject({ by: 'module:chief', fence: 2 });
    expect((await told(fixture.store, 'w')).state).toMatchObject({ by: 'module:chief' });
  });

  it('ends once: released, it is free; completed, it never is again; each answers a second time', async () => {
    const fixture = workFixture();
    const { fence } = await claim(fixture, 'one');
    const ref = { workId: 'w', fence };
    await expect(fixture.work.release(as('two'), ref)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const released = await fixture.work.release(as('one'), { ...ref, reason: 'too hard' });
    expect(released).toMatchObject({ state: 'released', reason: 'released', why: 'too hard' });
    expect(await fixture.work.release(as('one'), ref)).toEqual(released);
    await expect(fixture.work.complete(as('one'), ref)).rejects.toMatchObject({ code: 'FENCE_STALE' });
    await expect(fixture.work.renew(as('one'), ref)).rejects.toMatchObject({ code: 'FENCE_STALE' });
    const second = await claim(fixture, 'two');
    expect(second.fence).toBeGreaterThan(fence);
    const done = await fixture.work.complete(as('two'), { workId: 'w', fence: second.fence, result: 'done' });
    expect(done).toMatchObject({ state: 'completed', result: 'done' });
    expect(await fixture.work.complete(as('two'), { workId: 'w', fence: second.fence })).toEqual(done);
    await expect(claim(fixture, 'one')).rejects.toMatchObject({ code: 'WORK_COMPLETED' });
    await expect(fixture.work.renew(as('one'), { workId: 'x', fence: 0 })).rejects.toMatchObject({
      code: 'WORK_NOT_FOUND',
    });
  });

  it.each([
    ['no id', { workId: '', ttlMs: TTL }],
    ['an id that is too long', { workId: 'x'.repeat(121), ttlMs: TTL }],
    ['an id with a space', { workId: 'a b', ttlMs: TTL }],
    ['a term of nothing', { workId: 'w', ttlMs: 999 }],
    ['a term of more than a day', { workId: 'w', ttlMs: 86_400_001 }],
    ['a fraction of a term', { workId: 'w', ttlMs: 1000.5 }],
    ['a description that is too long', { workId: 'w', ttlMs: TTL, description: 'x'.repeat(501) }],
    ['something unknown', { workId: 'w', ttlMs: TTL, force: true }],
    ['nothing', null],
  ])('refuses %s', async (_, input) => {
    const { work } = workFixture();
    expect(() => work.claim(as('one'), input)).toThrow(expect.objectContaining({ code: 'WORK_INVALID' }));
  });
});

describe('a lease', () => {
  it('that is over makes no fence stale until its end is recorded', async () => {
    const fixture = workFixture();
    const { fence } = await claim(fixture, 'one');
    await fixture.clock.advance(TTL + LEASE_GRACE_MS - 1);
    expect(await fixture.work.releaseOverdue()).toBe(0);
    await fixture.clock.advance(TTL);
    expect(await statuses(fixture.publish(as('one'), [step(fence)]))).toEqual(['accepted']);
    expect(await fixture.work.releaseOverdue()).toBe(1);
    expect(await statuses(fixture.publish(as('one'), [step(fence)]))).toEqual(['FENCE_STALE']);
    expect(await fixture.work.get(as('one'), 'w')).toMatchObject({ state: 'released', reason: 'expired' });
    expect(await fixture.work.releaseOverdue()).toBe(0);
  });

  it('goes on by renewals, each for its own term', async () => {
    const fixture = workFixture();
    const { fence } = await claim(fixture, 'one');
    for (let i = 0; i < 5; i++) {
      await fixture.clock.advance(TTL);
      await fixture.work.renew(as('one'), { workId: 'w', fence });
      expect(await fixture.work.releaseOverdue()).toBe(0);
    }
    await fixture.work.renew(as('one'), { workId: 'w', fence, ttlMs: 1_000 });
    await fixture.work.releaseOverdue();
    await fixture.clock.advance(1_000 + LEASE_GRACE_MS);
    expect(await fixture.work.releaseOverdue()).toBe(1);
    expect((await told(fixture.store, 'w')).fences).toEqual([fence]);
  });

  it('that is over ends with the next claim, in one commit', async () => {
    const fixture = workFixture();
    await claim(fixture, 'one');
    await fixture.work.releaseOverdue();
    await fixture.clock.advance(TTL + LEASE_GRACE_MS);
    expect(await claim(fixture, 'two')).toMatchObject({ status: 'claimed', fence: 2 });
    expect(await statuses(fixture.publish(as('one'), [step(0)]))).toEqual(['FENCE_STALE']);
    expect((await told(fixture.store, 'w')).fences).toEqual([0, 2]);
  });

  it('gets a full term after a start, however long nobody was there', async () => {
    const before = workFixture();
    await claim(before, 'one');
    await before.clock.advance(10 * TTL);
    const after = before.other();
    expect(await after.work.releaseOverdue()).toBe(0);
    await expect(claim(after, 'two')).rejects.toMatchObject({ code: 'WORK_CLAIMED' });
    await after.clock.advance(TTL + LEASE_GRACE_MS - 1);
    expect(await after.work.releaseOverdue()).toBe(0);
    await after.clock.advance(1);
    expect(await after.work.releaseOverdue()).toBe(1);
  });

  it('does not end when somebody sets the clock', async () => {
    const fixture = workFixture();
    await claim(fixture, 'one');
    await fixture.work.releaseOverdue();
    fixture.clock.setBack(-10 * TTL);
    expect(await fixture.work.releaseOverdue()).toBe(0);
    await expect(claim(fixture, 'two')).rejects.toMatchObject({ code: 'WORK_CLAIMED' });
  });
});

describe('an effect', () => {
  it('needs the claim of whoever publishes it', async () => {
    const fixture = workFixture();
    const { fence } = await claim(fixture, 'one');
    expect(await statuses(fixture.publish(as('one'), [step(fence), step(fence)]))).toEqual(['accepted', 'accepted']);
    expect(await statuses(fixture.publish(as('two'), [step(fence)]))).toEqual(['FENCE_STALE']);
    expect(await statuses(fixture.publish(as('one'), [step(fence + 1)]))).toEqual(['FENCE_STALE']);
    expect(await statuses(fixture.publish(as('one'), [{ ...step(fence), work: { workId: 'x', fence } }]))).toEqual([
      'FENCE_STALE',
    ]);
  });

  it('that was recorded before the end is a duplicate afterwards, alone and in an atomic batch', async () => {
    const fixture = workFixture();
    const { fence } = await claim(fixture, 'one');
    await fixture.publish(as('one'), [step(fence, 'e1')]);
    await fixture.work.release(as('one'), { workId: 'w', fence });
    expect(await statuses(fixture.publish(as('one'), [step(fence, 'e1')]))).toEqual(['duplicate']);
    const both = [step(fence, 'e1'), step(fence, 'e2')];
    expect(await statuses(fixture.publish(as('one'), both, { atomic: true }))).toEqual(['duplicate', 'FENCE_STALE']);
  });

  it('of an atomic batch refuses all of it', async () => {
    const fixture = workFixture();
    const free = { topic: 'step.done', entityId: 'order:1', payload: { n: 2 } };
    const results = fixture.publish(as('one'), [free, step(0)], { atomic: true });
    expect((await statuses(results)).includes('accepted')).toBe(false);
    expect(await fixture.store.head('order:1')).toBeUndefined();
  });
});

describe('what the system tells of claims', () => {
  it('nobody else tells, whatever their rights', async () => {
    const { publish } = workFixture();
    const payload = { workId: 'w', by: 'module:one', ttlMs: TTL };
    const forged = [
      ...[
        { topic: 'work.claimed', payload },
        { topic: 'work.claimed', entityId: 'work:w', payload },
      ],
      ...[
        { topic: 'work.completed', payload: { ...payload, fence: 0 } },
        { topic: 'work.released', payload },
      ],
      ...[
        { topic: 'work.claimed', source: 'system/work', payload },
        { topic: 'step.done', entityId: 'work:w', payload: { n: 1 } },
      ],
    ];
    expect(await statuses(publish(as('chief'), forged))).toEqual(forged.map(() => 'FORBIDDEN'));
  });
});

it('lists what somebody may see, page by page, and what is claimed now', async () => {
  const { work } = workFixture();
  for (let i = 0; i < 5; i++) await work.claim(as('one'), { workId: `w${i}`, ttlMs: TTL });
  await work.complete(as('one'), { workId: 'w1', fence: 0 });
  await work.release(as('one'), { workId: 'w2', fence: 0 });
  const ids = async (query: Parameters<typeof work.list>[1], id = 'two'): Promise<string[]> => {
    const page = await work.list(as(id), query);
    const more = page.next === undefined ? [] : await ids({ ...query, after: page.next }, id);
    return [...page.work.map(({ workId }) => workId), ...more];
  };
  expect(await ids({ limit: 2 })).toEqual(['w0', 'w1', 'w2', 'w3', 'w4']);
  expect(await ids({ limit: 2, state: 'claimed' })).toEqual(['w0', 'w3', 'w4']);
  expect(await ids({ limit: 2, state: 'completed' })).toEqual(['w1']);
  expect(await ids({ limit: 2 }, 'stranger')).toEqual([]);
  await expect(work.get(as('stranger'), 'w0')).rejects.toMatchObject({ code: 'WORK_NOT_FOUND' });
});

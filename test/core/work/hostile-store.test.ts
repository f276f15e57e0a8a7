/** Claims while somebody else writes to their store, or asks for what is not theirs. */
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../core/canonical/index.ts';
import type { ItemStore } from '../../../core/ledger/index.ts';
import { LEASE_GRACE_MS } from '../../../core/work/index.ts';
import { as, told, workFixture, type WorkFixture } from './fixture.ts';

const TTL = 60_000;
const LEASES = 'main#work-lease';
const claim = ({ work }: WorkFixture, workId: string, more: object = {}) =>
  work.claim(as('one'), { workId, ttlMs: TTL, ...more });

async function overwrite(store: ItemStore, pk: string, sk: string, more: object): Promise<void> {
  const item = await store.get({ pk, sk });
  const value = { ...(item?.value as JsonObject), ...more };
  await store.write([{ kind: 'put', key: { pk, sk }, value, expect: 'any' }]);
}

async function overdue(fixture: WorkFixture): Promise<void> {
  await fixture.work.releaseOverdue().catch(() => undefined);
  await fixture.clock.advance(TTL + LEASE_GRACE_MS);
}

describe('a store that somebody else writes to', () => {
  it.each([
    ['a lease of no form', LEASES, { ttlMs: 'long' }],
    ['the lease of other work', LEASES, { workId: 'z' }],
    ['a holder that no entry names', 'main#work', { by: 'module:two' }],
    ['a session that no entry names', 'main#work', { session: 's2' }],
    ['a fence that no entry has', 'main#work', { fence: 7 }],
  ])('keeps no other claim from ending by %s, and is told', async (_, pk, more) => {
    const fixture = workFixture();
    for (const workId of ['a', 'b', 'c']) await claim(fixture, workId);
    await overwrite(fixture.store, pk, 'b', more);
    await overdue(fixture);
    await expect(fixture.work.releaseOverdue()).rejects.toMatchObject({
      code: expect.stringMatching(/LEDGER_TAMPERED|ENTRY_UNREADABLE/) as string,
    });
    for (const workId of ['a', 'c'])
      expect((await told(fixture.store, workId)).state).toMatchObject({ state: 'released', reason: 'expired' });
    expect((await told(fixture.store, 'b')).state).toMatchObject({ state: 'claimed' });
    await expect(claim(fixture, 'b')).rejects.toThrow();
  });

  it('hands nobody a claim of theirs by another session in its item', async () => {
    const fixture = workFixture();
    await claim(fixture, 'w', { session: 's1' });
    await overwrite(fixture.store, 'main#work', 'w', { session: 's2' });
    await expect(claim(fixture, 'w', { session: 's2' })).rejects.toMatchObject({ code: 'LEDGER_TAMPERED' });
  });

  it('ends its sweep, whatever its leases say is next', async () => {
    const fixture = workFixture();
    const ids = Array.from({ length: 100 }, (_, i) => `w${String(i).padStart(3, '0')}`);
    for (const workId of ids) await claim(fixture, workId);
    await overwrite(fixture.store, LEASES, 'w099', { workId: 'a' });
    await expect(fixture.work.releaseOverdue()).rejects.toMatchObject({ code: 'LEDGER_TAMPERED' });
  });
});

describe('somebody without a right', () => {
  it('learns nothing of work: who holds it, whether it is there', async () => {
    const fixture = workFixture();
    const { fence } = await claim(fixture, 'w');
    for (const workId of ['w', 'nothing'])
      for (const end of ['release', 'complete'] as const)
        await expect(fixture.work[end](as('stranger'), { workId, fence })).rejects.toMatchObject({
          code: 'WORK_NOT_FOUND',
        });
    await expect(fixture.work.renew(as('stranger'), { workId: 'w', fence })).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: expect.not.stringContaining('module:one') as string,
    });
    expect(await fixture.work.release(as('one'), { workId: 'w', fence })).toMatchObject({ state: 'released' });
  });
});

describe('hostile words', () => {
  it.each([
    ['half a character', '\ud800'],
    ['a null character', 'a\u0000b'],
    ['an object that has a prototype', '__proto__'],
  ])('%s in a description or a result is told as it is, or refused', async (_, text) => {
    const fixture = workFixture();
    const outcome = await claim(fixture, 'w', { description: text }).catch((error: unknown) => error);
    const code = (outcome as { readonly code?: string }).code;
    expect([undefined, 'NOT_I_JSON']).toContain(code);
  });
});

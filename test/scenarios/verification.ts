/** The whole ledger verifies; one byte changed in the store does not, and is named. */
import { expect } from 'vitest';
import { credit } from './publishing.ts';
import { freshAccount, power, until, type Scenario, type Fixture } from './fixture.ts';

/** Waits until the log has what was acknowledged: a shared store's sequencer comes a moment later. */
async function published(fixture: Fixture, count: number): Promise<string> {
  const account = freshAccount();
  const feed = fixture.as('reporting').feed({ entity: account });
  for (let i = 0; i < count; i++) await fixture.as('bank-feed').publish(credit(account, `${i}.00`));
  for (let i = 0; i < count; i++) await feed.next();
  await feed.return();
  return account;
}

export const verification: readonly Scenario[] = [
  {
    name: 'an untouched ledger verifies, and the report says what was checked',
    alone: true,
    run: async (fixture) => {
      const account = await published(fixture, 3);
      expect(await fixture.as('eva').verifyEntity(account)).toMatchObject({ verdict: 'OK', entries: 3 });
      const report = await fixture.as('eva').verifyAll();
      expect(report.firstBad).toBeUndefined();
      expect(report.verdict).toBe('OK');
      expect(report.checked.length).toBeGreaterThan(0);
      expect(report.notChecked.length).toBeGreaterThan(0);
      await expect(fixture.as('bank-feed').verifyAll()).rejects.toMatchObject({ status: 403, code: 'FORBIDDEN' });
    },
  },
  {
    name: 'one changed byte of one stored entry is found and named',
    needs: ['tamper'],
    alone: true,
    run: async (fixture) => {
      const account = await published(fixture, 3);
      const eva = fixture.as('eva');
      const restore = await power(fixture, 'tamper')(account, 1);
      try {
        const named = { verdict: 'CONTENT_MISMATCH', entity: account, seq: 1 };
        expect(await eva.verifyEntity(account)).toMatchObject({ verdict: named.verdict, firstBad: named });
        const report = await until('verification should answer', () => eva.verifyAll());
        expect(report).toMatchObject({ verdict: named.verdict, firstBad: named });
      } finally {
        await restore();
      }
      expect(await eva.verifyEntity(account)).toMatchObject({ verdict: 'OK' });
    },
  },
];

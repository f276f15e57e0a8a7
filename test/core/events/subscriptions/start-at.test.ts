import { describe, expect, it } from 'vitest';
import {
  CountingIds,
  FakeClock,
  localSealer,
  memoryRootSigner,
  MemoryStore,
} from '../../../../adapters/memory/index.ts';
import { createAppender, type LoggedEntry } from '../../../../core/ledger/index.ts';
import { firstPosition } from '../../../../core/events/subscriptions/start-at.ts';

/** A log with an entry each `stepMs`, the session key's certificate first. */
async function logOf(count: number, stepMs: number): Promise<{ store: MemoryStore; clock: FakeClock; start: number }> {
  const [store, clock, ids] = [new MemoryStore(), new FakeClock(), new CountingIds()];
  const rootSigner = memoryRootSigner('ledger.test/main');
  const appender = createAppender({
    ...{ ledger: 'main', origin: 'ledger.test/main', store, sealer: localSealer, rootSigner, clock, ids },
  });
  const start = clock.now();
  for (let n = 0; n < count; n++) {
    const draft = { type: 'event', actor: { kind: 'module', id: 'm' }, idem: `e${n}`, data: { n } } as const;
    await appender.append({ entries: [{ chain: 'a', draft }] });
    await clock.advance(stepMs);
  }
  return { store, clock, start };
}
const iso = (ms: number): string => new Date(ms).toISOString();

describe('where a subscription begins', () => {
  it('is the first entry recorded at the time or later, wherever that is', async () => {
    const { store, clock, start } = await logOf(40, 2_000);
    const now = clock.now();
    const at = (ms: number): Promise<number> => firstPosition(store, iso(start + ms), now);
    expect(await at(0)).toBe(0);
    for (let n = 1; n < 40; n++) {
      expect(await at(2_000 * n)).toBe(n + 1);
      expect(await at(2_000 * n - 1)).toBe(n + 1);
      expect(await at(2_000 * n + 1)).toBe(n + 2);
    }
    expect(await firstPosition(store, '1970-01-01T00:00:00Z', now)).toBe(0);
    expect(await firstPosition(store, iso(now), now)).toBe(41);
    const other = iso(start + 4_000)
      .replace('Z', '')
      .replace('T09', 'T11');
    expect(await firstPosition(store, `${other}+02:00`, now)).toBe(3);
  });

  it('passes no entry over because a clock ran a little ahead', async () => {
    const { store, clock, start } = await logOf(6, 1_000);
    const [ahead] = store.log.splice(6, 1); // recorded third by a clock that says +5 s, before those of +1 s to +4 s
    store.log.splice(2, 0, ahead as (typeof store.log)[number]);
    store.log.forEach((entry, position) => (store.log[position] = { ...entry, position }));
    expect(await firstPosition(store, iso(start + 4_500), clock.now())).toBe(2);
  });

  it('passes no entry over where two clocks are as far apart as they may be', async () => {
    const { store, clock, start } = await logOf(2, 5_000); // the certificate and the first event at once, the second 5 s later
    const [certificate, first, second] = store.log as [LoggedEntry, LoggedEntry, LoggedEntry];
    store.log.splice(0, 3, ...[second, certificate, first].map((entry, position) => ({ ...entry, position })));
    expect(await firstPosition(store, iso(start + 5_000), clock.now())).toBe(0);
  });

  it('is the end, the beginning, or a position, when it says so', async () => {
    const { store, clock } = await logOf(2, 1);
    expect(await firstPosition(store, 'latest', clock.now())).toBe(3);
    expect(await firstPosition(store, 'earliest', clock.now())).toBe(0);
    expect(await firstPosition(store, 1, clock.now())).toBe(1);
    expect(await firstPosition(store, 3, clock.now())).toBe(3);
  });

  it('is not in the future', async () => {
    const { store, clock } = await logOf(1, 1);
    for (const startAt of [iso(clock.now() + 1), 3]) {
      const future = firstPosition(store, startAt, clock.now());
      await expect(future).rejects.toMatchObject({ code: 'SUBSCRIPTION_INVALID', problems: [{ pointer: '/startAt' }] });
    }
  });

  it('takes a damaged entry for one of any time', async () => {
    const { store, clock, start } = await logOf(6, 10_000);
    store.log[4] = { ...(store.log[4] as (typeof store.log)[number]), note: Buffer.from('damaged') };
    expect(await firstPosition(store, iso(start + 40_000), clock.now())).toBeLessThanOrEqual(5);
  });
});

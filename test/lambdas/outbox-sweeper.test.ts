/** One run of the sweeper stays within the function's time and reports what it found. */
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { mockClient } from 'aws-sdk-client-mock';
import { expect, it } from 'vitest';
import type { SweepReport } from '../../adapters/aws/relay/sweep-outbox.ts';
import { createTopicIndexer, STORE_VERSION, type StoreUpgrade } from '../../core/system/index.ts';
import { createSweeper } from '../../lambdas/outbox-sweeper/sweep.ts';
import { createBusFixture } from './bus-fixture.ts';

it('stops in time, tells how far it came, and goes on there', async () => {
  const fixture = createBusFixture();
  for (let i = 0; i < 250; i++) await fixture.publish();
  await fixture.clock.advance(120_000);
  const client = new EventBridgeClient({ region: 'us-east-1' });
  mockClient(client)
    .on(PutEventsCommand)
    .callsFake(({ Entries }: { Entries: unknown[] }) => ({ Entries: Entries.map(() => ({ EventId: 'x' })) }));
  const reports: SweepReport[] = [];
  const upgrades: StoreUpgrade[] = [];
  let rebuilds = 0;
  const sweep = createSweeper({
    ...{ client, busPrefix: 'n', ledger: 'main', clock: fixture.clock, ids: fixture.ids },
    ...{ items: fixture.store, entries: fixture.store },
    topics: createTopicIndexer({ ledger: 'main', entries: fixture.store, items: fixture.store }),
    marks: { write: async () => fixture.clock.advance(15_000), read: async () => new Set() },
    upgrade: async (goOn) => ({ from: 1, to: goOn() ? STORE_VERSION : 1, done: [] }),
    rebuild: async () => void (rebuilds += 1),
    onUpgraded: (upgrade) => upgrades.push(upgrade),
    onError: () => undefined,
    onSwept: (report) => reports.push(report),
  });
  const context = { getRemainingTimeInMillis: () => 45_000 }; // two steps of 15 s fit before the reserve
  for (let run = 0; run < 3; run++) await sweep({}, context);
  expect(reports.map(({ relayed, reachedEnd }) => [relayed, reachedEnd])).toEqual([
    [199, false], // and the certificate of the session key, which is no event
    [51, true],
    [0, true],
  ]);
  // What brings the store up to date has the time that is left.
  expect(upgrades.map(({ to }) => to)).toEqual([1, STORE_VERSION, STORE_VERSION]);
  await sweep({ rebuild: 'everything' }, context);
  expect(rebuilds).toBe(0);
  await sweep({ rebuild: 'indices' }, context);
  expect(rebuilds).toBe(1);
  expect(reports[0]?.lagSeconds).toBeGreaterThanOrEqual(120);
});

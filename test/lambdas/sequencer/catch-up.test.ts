/** W7: looking for what the stream lost goes on where it stopped, begins once a day, and says what it found and how it stands. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { EpochMs } from '../../../core/brands/index.ts';
import type { DynamoStore } from '../../../adapters/aws/dynamo/dynamo-store.ts';
import { createSequencer } from '../../../adapters/aws/dynamo/sequencer.ts';
import { catchUp, type CatchUpReport } from '../../../lambdas/sequencer/catch-up.ts';
import type { FakeDynamo } from '../../adapters/aws/dynamo/fake-dynamo.ts';
import { fakeStore } from '../../adapters/aws/fake-store.ts';
import { ImpatientClock } from '../../../adapters/memory/test-doubles.ts';
import { appenderOn, note } from '../../core/ledger/ledger-fixture.ts';
import { checked } from '../../support/checked.ts';

const HOUR_MS = 3_600_000;
const CHAINS = 40;
/** of the fake table */
const PAGE = 7;

let store: DynamoStore;
let dynamo: FakeDynamo;
let now: number;
/** milliseconds that each look at the clock takes */
let slow: number;

beforeEach(async () => {
  ({ store, dynamo } = fakeStore());
  now = new ImpatientClock().now(); // when the entries say they were recorded
  slow = 0;
  const appender = appenderOn(store);
  for (let i = 0; i < CHAINS; i++) await appender.append({ entries: [note(`chain-${i}`, `e-${i}`)] });
});

function run(how = { now: false }): Promise<CatchUpReport> {
  const sequencer = createSequencer({ store });
  const time = (): EpochMs => checked<EpochMs>((now += slow));
  const clock = { now: time, monotonic: time, sleep: () => Promise.resolve() };
  return catchUp({ ledger: 'main', sequencer, items: store, entries: store, clock }, how);
}
const scans = (): number => dynamo.requests.filter(({ operation }) => operation === 'Scan').length;

describe('W7: catching up', () => {
  it('W7: stops when its time is up and goes on there, until all of the table was looked through', async () => {
    slow = 11_000; // two looks at the clock are more than a run may take
    const reports: CatchUpReport[] = [];
    do reports.push(await run());
    while (reports.at(-1)?.finished === false);
    expect(reports.length).toBeGreaterThan(2);
    expect(await store.size()).toBe(dynamo.items('entries').length);
    const total = reports.reduce((sum, { sequenced }) => sum + sequenced, 0);
    expect(total).toBe(dynamo.items('entries').length);
    expect(scans()).toBe(Math.ceil(total / PAGE)); // no page twice
    expect(reports.at(0)?.passAgeSeconds).toBeGreaterThan(0);
    expect(reports.at(-1)?.passAgeSeconds).toBe(0);
  });

  it('W7: begins a pass once a day, or when somebody says so', async () => {
    await run();
    const first = scans();
    now += HOUR_MS;
    expect(await run()).toMatchObject({ finished: true, sequenced: 0 });
    expect(scans()).toBe(first);
    await run({ now: true });
    expect(scans()).toBe(2 * first);
    now += 24 * HOUR_MS;
    await run();
    expect(scans()).toBe(3 * first);
  });

  it('W7: tells what the stream lost from what is on its way', async () => {
    expect(await run()).toMatchObject({ overdue: 0 });
    await appenderOn(store).append({ entries: [note('late', 'l')] });
    now += 24 * HOUR_MS;
    expect((await run()).overdue).toBeGreaterThan(0);
  });
});

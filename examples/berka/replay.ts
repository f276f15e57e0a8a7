/**
 * Replays a transactions file through the HTTP API and lets a subscriber sum what it receives, per account and exactly.
 *   npm run replay:berka -- <trans.csv> [--limit <rows>] [--json] [--data <dir> | --url <url> --token <tokens>]
 * `--data` is the folder of an engine that runs; `--token` takes a JSON object of tokens by principal; without either an
 * engine is started in a temporary folder. Delivery time runs from the entry's recorded time (whole ms, the engine's clock) to the handler's call.
 */
import { parseArgs } from 'node:util';
import { SingleBar } from 'cli-progress';
import { createClient, type Client, type TypedEvent } from '../../clients/sdk/index.ts';
import type { config } from '../../nervous.config.ts';
import { publishAll } from './publish-all.ts';
import { decimal, EVENT_PREFIX, readTransactions, signedCents } from './transactions.ts';
import { openTarget } from './target.ts';

/** ms without any delivery after which the rest counts as lost */
const PATIENCE_MS = 120_000;

const USAGE = `npm run replay:berka -- <trans.csv> [options]
  --limit <rows>     only the first ones
  --data <dir>       to the engine that runs on this data folder, with its tokens
  --url <url> --token '{"bank-feed":"…","reporting":"…","eva":"…"}'   to an engine elsewhere
  --json             one JSON object
Without --data and --url an engine is started in a temporary folder.
Example: npm run replay:berka -- trans.csv --limit 1000`;

/** The command line cannot be understood. */
class UsageError extends Error {}

try {
  const { values, path } = parsed();
  if (values.help) console.log(USAGE);
  else await run(values, path);
} catch (error) {
  console.error(`replay failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

function parsed() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        ...{ json: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
        ...{ limit: { type: 'string' }, data: { type: 'string' }, url: { type: 'string' }, token: { type: 'string' } },
      },
    });
    if (positionals.length > 1) throw new Error(`one file, not ${positionals.length}`);
    return { values, path: positionals[0] };
  } catch (cause) {
    throw new UsageError(`${(cause as Error).message.split('. To specify')[0] ?? ''}\n${USAGE}`, { cause });
  }
}

async function run(values: ReturnType<typeof parsed>['values'], path: string | undefined): Promise<void> {
  if (path === undefined || path === '') throw new UsageError(`name the file\n${USAGE}`);
  const limit = Number(values.limit ?? Infinity);
  if (!(limit > 0)) throw new UsageError(`--limit is "${values.limit ?? ''}", expected a positive number of rows`);
  const target = await openTarget(values);
  try {
    const as = (id: string): Client<typeof config> =>
      createClient<typeof config>({ url: target.url, token: target.token(id) });
    const result = await replay(readTransactions(path, limit), as);
    console.log(values.json ? JSON.stringify(result) : readable(result));
    if (result.verified !== 'OK' || result.delivered !== result.events) process.exitCode = 1;
  } finally {
    await target.close();
  }
}

interface Result {
  readonly events: number;
  readonly entities: number;
  readonly delivered: number;
  readonly signedTotal: string;
  readonly verified: string;
  readonly eventsPerSecond: number;
  readonly deliveryMsP50: number;
  readonly deliveryMsP95: number;
}

async function replay(
  transactions: ReturnType<typeof readTransactions>,
  as: (id: string) => Client<typeof config>,
): Promise<Result> {
  const totals = new Map<string, bigint>();
  const delays: number[] = [];
  const bar = process.stdout.isTTY ? new SingleBar({ format: '{bar} {value}/{total} received' }) : undefined;
  const receive = (event: TypedEvent<typeof config, 'transactions.new'>): void => {
    delays.push(Date.now() - Date.parse(event.timestamp));
    totals.set(event.entityId, (totals.get(event.entityId) ?? 0n) + signedCents(event.payload));
    bar?.update(delays.length);
  };
  const run = { batchSize: 1000 };
  const filter = { detail: { source: ['bank-feed'], eventId: [{ prefix: EVENT_PREFIX }] } };
  const subscription = await as('reporting').subscribe({ topics: ['transactions.new'], filter }, receive, run);
  try {
    const start = performance.now();
    bar?.start(0, 0);
    const events = await publishAll(as('bank-feed'), transactions, (count) => bar?.setTotal(count));
    const seconds = (performance.now() - start) / 1000;
    await allDelivered(() => delays.length, events);
    bar?.stop();
    const report = await as('eva').verifyAll();
    const sorted = delays.toSorted((a, b) => a - b);
    return {
      events,
      entities: totals.size,
      delivered: delays.length,
      signedTotal: decimal([...totals.values()].reduce((sum, cents) => sum + cents, 0n)),
      verified: report.verdict,
      eventsPerSecond: Math.round(events / seconds),
      deliveryMsP50: sorted[Math.floor(sorted.length * 0.5)] ?? 0,
      deliveryMsP95: sorted[Math.floor(sorted.length * 0.95)] ?? 0,
    };
  } finally {
    bar?.stop();
    await subscription.stop();
    await as('reporting').unsubscribe(subscription.id);
  }
}

async function allDelivered(received: () => number, wanted: number): Promise<void> {
  let [last, since] = [received(), performance.now()];
  while (received() < wanted) {
    if (received() !== last) [last, since] = [received(), performance.now()];
    if (performance.now() - since > PATIENCE_MS) throw new Error(`only ${last} of ${wanted} events were delivered`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function readable(result: Result): string {
  return [
    `${result.events} events of ${result.entities} accounts published at ${result.eventsPerSecond}/s`,
    `${result.delivered} delivered (p50 ${result.deliveryMsP50} ms, p95 ${result.deliveryMsP95} ms); they sum to ${result.signedTotal}`,
    `ledger verified: ${result.verified}`,
  ].join('\n');
}

/**
 * What an event costs as a ledger grows: entries and entities from 1,000 to a million (`--entries 10000000` for ten), and
 * subscriptions from 1 to 1,000 of which one wants each event. Processor time and statements of SQLite are counted, because wall time on a
 * shared machine says little. `--plot <file>` draws it. What is there already is put into the file past the engine, unsigned.
 */
import { writeFileSync } from 'node:fs';
import { StatementSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEngine, type Engine } from '../../adapters/embedded/index.ts';
import { openForWriting } from '../../adapters/embedded/store/sqlite-schema.ts';
import { SqliteStore } from '../../adapters/embedded/store/sqlite-store.ts';
import { craftedEntry, craftedLog } from '../../test/support/crafted-log.ts';
import { config } from '../support/bench-config.ts';
import { plotOf, type Line } from './growth-plot.ts';
import { round, withTempDir } from '../support/measure.ts';
import { principal } from '../support/publishing.ts';

const STEPS = [1_000, 30_000, 1_000_000];
const SUBSCRIPTIONS = [1, 10, 100, 1_000];
const FEW_ENTITIES = 1_000;
/** Of a topic, and of an entity, that have no others. */
const RARE_EVENTS = 10;
const WARM_UP = 4_000;
const MEASURED = 10_000;
const BATCH = 100;
const PREFILLED_AT_ONCE = 1_000;
/** Processor time of this part of a look: what was begun at the start is done. */
const IDLE = 0.08;
const LOOK_MS = 250;

interface Point {
  readonly at: number;
  readonly cpuUs: number;
  readonly statements: number;
}

export async function benchGrowth(scale: number): Promise<Record<string, number>> {
  const [most, plot] = [Number(optionOf('--entries')) || STEPS.at(-1), optionOf('--plot')];
  const steps = [...STEPS.filter((step) => step < Number(most)), Number(most)];
  const measured = MEASURED * scale;
  const lines: Record<string, Point[]> = { entities: [], entries: [], subscriptions: [] };
  for (const at of steps) lines['entities']?.push({ at, ...(await ledgerOf(at, at, measured)) });
  for (const at of steps) lines['entries']?.push({ at, ...(await ledgerOf(at, FEW_ENTITIES, measured)) });
  for (const at of SUBSCRIPTIONS) lines['subscriptions']?.push({ at, ...(await subscribed(at, measured)) });
  if (plot !== undefined)
    writeFileSync(plot, plotOf(Object.entries(lines).map(([name, points]): Line => ({ name, points }))));
  return Object.fromEntries(
    Object.entries(lines).flatMap(([name, points]) => [
      ...points.flatMap(({ at, cpuUs, statements }) => [
        [`${name} ${at}: µs`, round(cpuUs)],
        [`${name} ${at}: statements`, round(statements)],
      ]),
      [`${name}: last to first`, round((points.at(-1)?.cpuUs ?? NaN) / (points[0]?.cpuUs ?? NaN))],
    ]),
  ) as Record<string, number>;
}

function optionOf(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}

function ledgerOf(entries: number, entities: number, measured: number): Promise<Omit<Point, 'at'>> {
  return withTempDir(async (dataDir) => {
    await prefill(dataDir, entries, entities);
    const engine = await startEngine({ config, dataDir, http: false, auditMinutes: 0 });
    await settled(); // by then the index of topics is there
    const pages = [
      await firstPage(engine, { topics: ['rare.seen'] }),
      await firstPage(engine, { entityId: 'account:rare' }),
    ];
    console.error(`${entries} entries: first page by topic and by entity`, ...pages);
    const point = await costOf(engine, entities, measured);
    await engine.close();
    return point;
  });
}

/** In milliseconds of wall time, and statements. */
async function firstPage(
  engine: Engine,
  filter: object,
): Promise<{ readonly ms: number; readonly statements: number }> {
  const [begin, before] = [performance.now(), statements()];
  const { items } = await engine.system.feed.read(principal(engine, 'eva'), {
    ...filter,
    limit: RARE_EVENTS,
    waitMs: 0,
  });
  if (items.length !== RARE_EVENTS) throw new Error(`a page has ${items.length} of ${RARE_EVENTS} events`);
  return { ms: round(performance.now() - begin), statements: statements() - before };
}

async function prefill(dataDir: string, entries: number, entities: number): Promise<void> {
  const store = new SqliteStore(openForWriting(dataDir, config));
  const page: ReturnType<typeof craftedEntry>[] = [];
  const write = (): Promise<unknown> => store.commit(page.splice(0).map((entry) => ({ entries: [entry], writes: [] })));
  for (const event of craftedLog(entries, { entities, everyNth: entries / RARE_EVENTS }))
    if (page.push(craftedEntry(event)) >= PREFILLED_AT_ONCE) await write();
  await write();
  store.close();
}

function subscribed(count: number, measured: number): Promise<Omit<Point, 'at'>> {
  return withTempDir(async (dataDir) => {
    const engine = await startEngine({ config, dataDir, http: false, auditMinutes: 0 });
    const reporting = principal(engine, 'reporting');
    for (let i = 0; i < count; i++) {
      const kind = i === 0 ? 'credit' : `none-${i}`;
      const filter = { detail: { payload: { kind: [kind] } } };
      await engine.system.subscriptions.create(reporting, { id: `growth-${i}`, topics: ['transactions.*'], filter });
      engine.consume(reporting, `growth-${i}`, () => {});
    }
    const point = await costOf(engine, FEW_ENTITIES, measured);
    await engine.close();
    return point;
  });
}

let serial = 0;

async function publish(engine: Engine, entities: number, count: number): Promise<void> {
  const feed = principal(engine, 'bank-feed');
  for (let sent = 0; sent < count; sent += BATCH) {
    const events = Array.from({ length: BATCH }, () => {
      serial += 1;
      // Large steps, so that no entity is met twice and memory does not hold them all.
      return {
        ...{
          eventId: `growth-${serial}`,
          topic: 'transactions.new',
          entityId: `account:${(serial * 7_919) % entities}`,
        },
        payload: { amount: '1234.50', kind: 'credit', operation: 'VKLAD', date: '1993-01-01', balance: '5678.00' },
      };
    });
    const results = await engine.system.publish(feed, events);
    if (results.some(({ status }) => status !== 'accepted')) throw new Error('an event was not accepted');
  }
}

async function costOf(engine: Engine, entities: number, measured: number): Promise<Omit<Point, 'at'>> {
  await settled();
  await publish(engine, entities, WARM_UP);
  await settled();
  const [begin, before] = [process.cpuUsage(), statements()];
  await publish(engine, entities, measured);
  await settled();
  const { user, system } = process.cpuUsage(begin);
  return { cpuUs: (user + system) / measured, statements: (statements() - before) / measured };
}

/** Tiles, index and deliveries are part of the cost: it is measured when nothing is left to do. */
async function settled(): Promise<void> {
  for (let quiet = 0; quiet < 4;) {
    const begin = process.cpuUsage();
    await sleep(LOOK_MS);
    const { user, system } = process.cpuUsage(begin);
    quiet = (user + system) / 1_000 < LOOK_MS * IDLE ? quiet + 1 : 0;
  }
}

let count = 0;
for (const name of ['run', 'get', 'all']) {
  const original: unknown = Reflect.get(StatementSync.prototype, name);
  if (typeof original !== 'function') throw new TypeError(`a statement has no "${name}"`);
  Object.defineProperty(StatementSync.prototype, name, {
    value(this: StatementSync, ...args: unknown[]): unknown {
      count += 1;
      return Reflect.apply(original, this, args);
    },
  });
}

/** That this process has run. */
function statements(): number {
  return count;
}

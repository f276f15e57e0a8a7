/**
 * Durable, signed publishing in process: 1 and 64 publishers one event at a time, and batches of 100; with a subscriber. Processor time an
 * event is steadier than the clock where others use the machine: of the whole process, and of the thread that serves.
 */
import { startEngine, type Engine } from '../../adapters/embedded/index.ts';
import { openForReading } from '../../adapters/embedded/store/sqlite-schema.ts';
import { config } from '../support/bench-config.ts';
import { round, withTempDir } from '../support/measure.ts';
import { principal, transaction } from '../support/publishing.ts';

export interface PublishFigures {
  readonly onePublisherPerSecond: number;
  readonly onePublisherCpuUs: number;
  readonly publishers64PerSecond: number;
  readonly publishers64CpuUs: number;
  readonly publishers64MainThreadUs: number;
  readonly publishers64PerCommit: number;
  readonly batches100PerSecond: number;
  readonly batches100CpuUs: number;
  readonly rssMb: number;
}

/** What an event of a load took, and how many shared a commit. */
interface Taken {
  readonly perSecond: number;
  readonly cpuUs: number;
  readonly mainThreadUs: number;
  readonly perCommit: number;
}

export function benchPublish(scale: number): Promise<PublishFigures> {
  return withTempDir(async (dataDir) => {
    const engine = await startEngine({ config, dataDir, http: false });
    const delivered = await countDeliveries(engine);
    await publishAll(engine, { publishers: 64, events: 2_000, perCall: 1 }); // warm up
    const load = (publishers: number, events: number, perCall: number): Promise<Taken> =>
      take(dataDir, events, () => publishAll(engine, { publishers, events, perCall }));
    const one = await load(1, 3_000 * scale, 1);
    const many = await load(64, 40_000 * scale, 1);
    const batches = await load(4, 40_000 * scale, 100);
    const expected = 2_000 + 83_000 * scale;
    while (delivered() < expected) await new Promise((resolve) => setTimeout(resolve, 10));
    const rssMb = Math.round(process.memoryUsage().rss / 1e6);
    await engine.close();
    return {
      ...{ onePublisherPerSecond: one.perSecond, onePublisherCpuUs: one.cpuUs },
      ...{ publishers64PerSecond: many.perSecond, publishers64CpuUs: many.cpuUs },
      ...{ publishers64MainThreadUs: many.mainThreadUs, publishers64PerCommit: many.perCommit },
      ...{ batches100PerSecond: batches.perSecond, batches100CpuUs: batches.cpuUs, rssMb },
    };
  });
}

async function take(dataDir: string, events: number, work: () => Promise<number>): Promise<Taken> {
  const [before, process0, thread0] = [commitsOf(dataDir), process.cpuUsage(), process.threadCpuUsage()];
  const perSecond = await work();
  const [all, main] = [process.cpuUsage(process0), process.threadCpuUsage(thread0)];
  return {
    perSecond,
    cpuUs: round((all.user + all.system) / events),
    mainThreadUs: round((main.user + main.system) / events),
    perCommit: round(events / (commitsOf(dataDir) - before)),
  };
}

function commitsOf(dataDir: string): number {
  const db = openForReading(dataDir);
  const row = db.prepare('SELECT count(*) AS commits FROM batches').get();
  db.close();
  return Number(row?.['commits']);
}

async function countDeliveries(engine: Engine): Promise<() => number> {
  const reporting = principal(engine, 'reporting');
  await engine.system.subscriptions.create(reporting, { id: 'bench', topics: ['transactions.*'] });
  let count = 0;
  engine.consume(reporting, 'bench', () => {
    count += 1;
  });
  return () => count;
}

async function publishAll(
  engine: Engine,
  load: { publishers: number; events: number; perCall: number },
): Promise<number> {
  const feed = principal(engine, 'bank-feed');
  let left = load.events;
  const start = performance.now();
  const publisher = async (): Promise<void> => {
    while (left > 0) {
      left -= load.perCall;
      const results = await engine.system.publish(feed, Array.from({ length: load.perCall }, transaction));
      if (results.some(({ status }) => status !== 'accepted')) throw new Error('an event was not accepted');
    }
  };
  await Promise.all(Array.from({ length: load.publishers }, publisher));
  return Math.round(load.events / ((performance.now() - start) / 1_000));
}

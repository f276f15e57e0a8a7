/** What each further subscription costs: from the call of publish to the handler, and how much can be delivered at most. */
import { startEngine, type Engine } from '../../adapters/embedded/index.ts';
import { config } from '../support/bench-config.ts';
import { percentile, round, withTempDir } from '../support/measure.ts';
import { principal, publishAt } from '../support/publishing.ts';

const COUNTS = [1, 10, 100];
const SECONDS = 3;
/** A steady pace: as many events a second, but no more deliveries than leave this machine time. */
const PACE = { events: 1_000, deliveries: 10_000 };
const BURST_DELIVERIES = 50_000;

export async function benchSubscriptions(scale: number): Promise<Record<string, number>> {
  const figures: Record<string, number> = {};
  for (const count of COUNTS)
    for (const [name, value] of Object.entries(await measure(count, scale))) figures[`${name}${count}`] = value;
  return figures;
}

function measure(count: number, scale: number): Promise<Record<string, number>> {
  return withTempDir(async (dataDir) => {
    const engine = await startEngine({ config, dataDir, http: false, auditMinutes: 0 });
    const started = new Map<string, number>();
    const times: number[] = [];
    let delivered = 0;
    await subscribeAll(engine, count, (eventId) => {
      delivered += 1;
      const at = started.get(eventId);
      if (at !== undefined) times.push(performance.now() - at);
    });
    const perSecond = Math.min(PACE.events, PACE.deliveries / count);
    const steady = perSecond * SECONDS * scale;
    await publishAt(engine, { total: steady, perSecond, onPublish: (id) => started.set(id, performance.now()) });
    await until(() => delivered === steady * count);
    const burst = Math.ceil(BURST_DELIVERIES / count);
    const begin = performance.now();
    await publishAt(engine, { total: burst, perSecond: Infinity });
    await until(() => delivered === (steady + burst) * count);
    const seconds = (performance.now() - begin) / 1_000;
    await engine.close();
    times.sort((a, b) => a - b);
    return {
      eventsPerSecond: perSecond,
      p50Ms: round(percentile(times, 0.5)),
      p95Ms: round(percentile(times, 0.95)),
      p99Ms: round(percentile(times, 0.99)),
      burstDeliveriesPerSecond: round((burst * count) / seconds),
    };
  });
}

/** As one module's processes would: each subscription with a consumer of its own. */
export async function subscribeAll(engine: Engine, count: number, onEvent: (eventId: string) => void): Promise<void> {
  const reporting = principal(engine, 'reporting');
  for (let i = 0; i < count; i++) {
    await engine.system.subscriptions.create(reporting, { id: `bench-${i}`, topics: ['transactions.*'] });
    engine.consume(reporting, `bench-${i}`, ({ eventId }) => onEvent(eventId));
  }
}

export async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 1));
}

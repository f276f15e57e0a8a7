/** `npm run bench -- soak [minutes]`: 1,000 events a second to ten subscriptions, and what memory does meanwhile. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startEngine } from '../../adapters/embedded/index.ts';
import { config } from '../support/bench-config.ts';
import { percentile, round, withTempDir } from '../support/measure.ts';
import { publishAt } from '../support/publishing.ts';
import { subscribeAll, until } from '../delivery/subscriptions.ts';

const EVENTS_PER_SECOND = 1_000;
const SUBSCRIPTIONS = 10;
const SAMPLE_MS = 5_000;
/** Latencies kept: memory that grows with the run must be the engine's. */
const KEPT = 100_000;
const MEBIBYTE = 1024 * 1024;

interface Sample {
  readonly heap: number;
  readonly rss: number;
}

export function benchSoak(minutes: number): Promise<Record<string, number>> {
  return withTempDir(async (dataDir) => {
    const engine = await startEngine({ config, dataDir, http: false });
    const started = new Map<string, number>();
    const times = new Float64Array(KEPT);
    let delivered = 0;
    await subscribeAll(engine, SUBSCRIPTIONS, (eventId) => {
      times[delivered % KEPT] = performance.now() - (started.get(eventId) ?? NaN);
      delivered += 1;
    });
    const total = EVENTS_PER_SECOND * 60 * minutes;
    const samples: Sample[] = [];
    const sampling = setInterval(() => {
      samples.push(sample());
      for (const [id, at] of started) if (performance.now() - at > SAMPLE_MS) started.delete(id);
    }, SAMPLE_MS);
    const onPublish = (id: string): unknown => started.set(id, performance.now());
    await publishAt(engine, { total, perSecond: EVENTS_PER_SECOND, onPublish });
    await until(() => delivered === total * SUBSCRIPTIONS);
    clearInterval(sampling);
    await engine.close();
    return report({ samples, minutes, delivered, times: [...times.subarray(0, Math.min(delivered, KEPT))] });
  });
}

function report(measured: {
  readonly samples: readonly Sample[];
  readonly minutes: number;
  readonly delivered: number;
  readonly times: number[];
}): Record<string, number> {
  const { samples, minutes, delivered } = measured;
  const times = measured.times.toSorted((a, b) => a - b);
  const steady = samples.slice(Math.floor(samples.length / 4)); // the first quarter fills caches
  const [first, last] = [steady[0], steady.at(-1)];
  const grown = steady.length < 2 ? NaN : ((last?.heap ?? NaN) - (first?.heap ?? NaN)) / (steady.length - 1);
  return {
    ...{ minutes, delivered },
    p50Ms: round(percentile(times, 0.5)),
    p99Ms: round(percentile(times, 0.99)),
    heapMbFirst: round((samples[0]?.heap ?? NaN) / MEBIBYTE),
    heapMbLast: round((samples.at(-1)?.heap ?? NaN) / MEBIBYTE),
    heapKbPerMinute: round((grown / 1024) * (60_000 / SAMPLE_MS)),
    rssMbMax: round(Math.max(...samples.map(({ rss }) => rss)) / MEBIBYTE),
  };
}

/** What is left after collecting garbage: anything else would measure the collector's mood. */
function sample(): Sample {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed: heap, rss } = process.memoryUsage();
  return { heap, rss };
}

/** From the call of publish to the handler, at a steady 1,000 events a second. */
import { startEngine } from '../../adapters/embedded/index.ts';
import { config } from '../support/bench-config.ts';
import { percentile, round, withTempDir } from '../support/measure.ts';
import { principal, publishAt } from '../support/publishing.ts';

const EVENTS_PER_SECOND = 1_000;

export function benchDelivery(scale: number): Promise<{ p50Ms: number; p95Ms: number; p99Ms: number }> {
  return withTempDir(async (dataDir) => {
    const engine = await startEngine({ config, dataDir, http: false });
    const reporting = principal(engine, 'reporting');
    await engine.system.subscriptions.create(reporting, { id: 'bench', topics: ['transactions.*'] });
    const started = new Map<string, number>();
    const times: number[] = [];
    engine.consume(reporting, 'bench', ({ eventId }) => {
      times.push(performance.now() - (started.get(eventId) ?? NaN));
    });
    const total = 5 * EVENTS_PER_SECOND * scale;
    const onPublish = (eventId: string): unknown => started.set(eventId, performance.now());
    await publishAt(engine, { total, perSecond: EVENTS_PER_SECOND, onPublish });
    while (times.length < total) await new Promise((resolve) => setTimeout(resolve, 5));
    await engine.close();
    times.sort((a, b) => a - b);
    const at = (p: number): number => round(percentile(times, p));
    return { p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99) };
  });
}

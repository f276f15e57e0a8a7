/**
 * Protection on the embedded engine, with everything switched on: how long it takes to refuse an event, and from the call
 * that decides a storm to the answer, when the stop is on the ledger.
 */
import { startEngine, type Engine } from '../../adapters/embedded/index.ts';
import { defineConfig } from '../../core/system/index.ts';
import { config } from '../support/bench-config.ts';
import { percentile, round, withTempDir } from '../support/measure.ts';
import { principal, transaction } from '../support/publishing.ts';

const TOPIC = 'transactions.new';
const PER_SECOND = 50;
const REFUSALS = 20_000;
const STORMS = 20;

export function benchGuard(scale: number): Promise<Record<string, number>> {
  return withTempDir(async (dataDir) => {
    const protection = {
      rates: { modules: { 'bank-feed': { perMinute: 60_000_000 } } },
      storm: { perSecond: PER_SECOND },
      loop: { reentries: 1_000 },
    };
    const engine = await startEngine({ config: defineConfig({ ...config, protection }), dataDir, http: false });
    const stops: number[] = [];
    for (let i = 0; i < STORMS * scale; i++) stops.push(await storm(engine));
    const refusals: number[] = [];
    for (let i = 0; i < REFUSALS * scale; i++) refusals.push(await publish(engine, 1));
    await engine.close();
    const figures = (name: string, times: number[]): Record<string, number> => {
      times.sort((a, b) => a - b);
      return Object.fromEntries([50, 95, 99].map((p) => [`${name}P${p}Ms`, round(percentile(times, p / 100))]));
    };
    return { ...figures('stop', stops), ...figures('refuse', refusals) };
  });
}

/** @returns ms from the call with the deciding event to its answer */
async function storm(engine: Engine): Promise<number> {
  await engine.system.guards.reset(principal(engine, 'eva'), TOPIC, 'the bench goes on');
  await new Promise((resolve) => setTimeout(resolve, 1_000 - (Date.now() % 1_000)));
  await publish(engine, PER_SECOND);
  return publish(engine, 1);
}

async function publish(engine: Engine, count: number): Promise<number> {
  const events = Array.from({ length: count }, () => transaction());
  const begin = performance.now();
  await engine.system.publish(principal(engine, 'bank-feed'), events);
  return performance.now() - begin;
}

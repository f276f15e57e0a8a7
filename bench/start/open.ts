/**
 * With many change-sets open: how long a start takes, `/state`, `/metrics`, and an inbox that is empty. `--entries n` change-sets
 * (default 100,000) are proposed by the engine itself, which takes minutes; `--dir` keeps the folder and measures it again.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { startEngine, type Engine } from '../../adapters/embedded/index.ts';
import { defineConfig } from '../../core/system/index.ts';
import { config as sample } from '../../nervous.config.ts';
import { percentile, round, withTempDir } from '../support/measure.ts';

const DEFAULT_OPEN = 100_000;
/** So many open change-sets of one proposer, so that none meets the bound on them. */
const OPEN_EACH = 200;
const AT_ONCE = 64;
const REQUESTS = 100;

const args = process.argv.slice(2);
const option = (name: string): string | undefined => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);

export async function benchOpen(): Promise<Record<string, number>> {
  const open = Number(option('--entries') ?? DEFAULT_OPEN);
  const dir = option('--dir');
  return dir === undefined ? withTempDir((made) => measure(made, open)) : measure(dir, open);
}

function configFor(open: number) {
  const modules = Object.fromEntries(
    Array.from({ length: Math.ceil(open / OPEN_EACH) }, (_, i) => [
      `proposer-${i}`,
      { description: 'Proposes', proposes: ['account:*'], reads: ['account:*'] },
    ]),
  );
  const rules = sample.risk.rules.filter(({ name }) => name === 'small');
  return defineConfig({ ...sample, modules: { ...sample.modules, ...modules }, risk: { ...sample.risk, rules } });
}

async function measure(dataDir: string, open: number): Promise<Record<string, number>> {
  const config = configFor(open);
  const options = { config, dataDir, auditMinutes: 0 };
  const isMade = existsSync(join(dataDir, 'ledger.db'));
  const made = await startEngine({ ...options, http: false });
  const proposing = performance.now();
  if (!isMade) await proposeAll(made, open);
  const proposed = performance.now() - proposing;
  await made.close();

  const starting = performance.now();
  const engine = await startEngine(options);
  const startMs = performance.now() - starting;
  const queue = (await engine.system.monitor()).approvalQueue.length;
  const figures = {
    open: queue,
    ...(isMade ? {} : { proposedPerSecond: round((open * 1_000) / proposed) }),
    startMs: round(startMs),
    // The first request of a process loads client and server: it would stand in for the first `/state`.
    ...(await timed('health', () => ask(engine, 'eva', '/health'))),
    ...(await timed('state', () => ask(engine, 'eva', '/state'))),
    ...(await timed('metrics', () => ask(engine, 'eva', '/metrics'))),
    ...(await timed('emptyTray', () => ask(engine, 'dan', '/v1/change-sets?for=me'))),
    ...(await timed('fullTray', () => ask(engine, 'ana', '/v1/change-sets?for=me&limit=20'))),
    rssMb: round(process.memoryUsage().rss / 2 ** 20),
  };
  await engine.close();
  return figures;
}

async function proposeAll({ system }: Engine, open: number): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let i = next++; i < open; i = next++) {
      const principal = system.policy.principal(`proposer-${i % Math.ceil(open / OPEN_EACH)}`);
      if (principal === undefined) throw new Error('the proposers are not in the configuration');
      await system.changes.propose(principal, {
        ...{ entityId: `account:${i}`, title: `Raise the limit of ${i}`, rationale: 'Asked for.' },
        operations: [{ type: 'state.put', payload: { limit: 500 } }],
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function ask({ url, tokens }: Engine, who: string, path: string): Promise<void> {
  const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${tokens[who] ?? ''}` } });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  await response.arrayBuffer();
}

async function timed(name: string, work: () => Promise<void>): Promise<Record<string, number>> {
  const times: number[] = [];
  for (let i = 0; i < REQUESTS; i++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  const first = times[0] ?? 0;
  times.sort((a, b) => a - b);
  return {
    [`${name}FirstMs`]: round(first),
    [`${name}P50Ms`]: round(percentile(times, 0.5)),
    [`${name}P99Ms`]: round(percentile(times, 0.99)),
  };
}

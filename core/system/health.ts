/** How the system is: what it rests on works or not, and what it has done since it started. */
import { approvalQueue } from '../changes/index.ts';
import { parseEntry } from '../ledger/index.ts';
import type { Ports } from './ports.ts';
import type { NervousConfig } from './config.ts';
import type { Metrics } from './metrics.ts';
import type { MonitorReport, ValidationReport } from './nervous-system.ts';

/** Changes nothing. */
export async function validate(
  { entries, rootSigner, clock, checks: more }: Pick<Ports, 'entries' | 'rootSigner' | 'clock' | 'checks'>,
  { origin }: NervousConfig,
): Promise<ValidationReport> {
  const check = async (name: string, work: () => Promise<string>): Promise<ValidationReport['checks'][number]> => {
    try {
      return { name, ok: true, detail: await work() };
    } catch (error) {
      return { name, ok: false, detail: error instanceof Error ? error.message : String(error) };
    }
  };
  const found = await Promise.all([
    check('store', async () => `${await entries.size()} entries`),
    check('root key', async () => {
      await rootSigner.sign(Buffer.from('nervous-system.self-test.v1\n'));
      if (rootSigner.name !== origin)
        throw new Error(`the root key is named "${rootSigner.name}", the configuration says "${origin}"`);
      return `signs as ${rootSigner.name}`;
    }),
    check('clock', async () => {
      const [last] = await entries.readLog(Math.max(0, (await entries.size()) - 1), 1);
      const parsed = last === undefined ? undefined : parseEntry(last.note);
      const at = parsed?.kind === 'entry' ? parsed.body.at : undefined;
      const now = new Date(clock.now()).toISOString();
      if (at !== undefined && at > now) throw new Error(`it is ${now}, but the newest entry says ${at}: set the clock`);
      return now;
    }),
  ]);
  const checks = [...found, ...(more?.() ?? [])];
  return { ok: checks.every(({ ok }) => ok), checks };
}

export async function monitor(
  { entries, items, bus, clock }: Pick<Ports, 'entries' | 'items' | 'bus' | 'clock'>,
  { ledger, origin }: NervousConfig,
  metrics: Metrics,
): Promise<MonitorReport> {
  const { total, failed, successRate, p50, p95 } = metrics.read();
  const { length, oldestAt } = await approvalQueue(ledger, items);
  const oldestAgeMs = oldestAt === undefined ? 0 : Math.max(0, clock.now() - Date.parse(oldestAt));
  return {
    ledger,
    origin,
    entries: await entries.size(),
    operations: { total, failed, successRate },
    responseTimeMs: { p50, p95 },
    subscriptions: await bus.stats(),
    approvalQueue: { length, oldestAgeMs },
  };
}

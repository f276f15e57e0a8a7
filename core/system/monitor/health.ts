/** How the system is: what it rests on works or not, and what it has done since it started. */
import { isoOf, msOf, type EpochMs, type IsoInstant } from '../../brands/index.ts';
import { changeQueues, deadEnds, policyHash, type Governance } from '../../changes/index.ts';
import type { DeliveryReports, Guards } from '../../events/index.ts';
import { MAX_AHEAD_MS, parseEntry } from '../../ledger/index.ts';
import { defined, orBlank } from '../../values/index.ts';
import type { GroundPorts, Ports } from '../contract/ports.ts';
import type { NervousConfig } from '../config/config.ts';
import type { OperationMetrics } from '../operations/metrics.ts';
import { alarmsOf, messageLatencyOf } from '../operations/performance.ts';
import type { MonitorReport, ValidationReport } from '../contract/nervous-system.ts';

/** Changes nothing. */
export async function validate(
  {
    entries,
    rootSigner,
    clock,
    checks: more,
  }: Pick<GroundPorts, 'entries' | 'rootSigner' | 'clock'> & Pick<Ports, 'checks'>,
  {
    origin,
    governance,
    figures,
  }: Pick<NervousConfig, 'origin'> & {
    readonly governance: Governance;
    readonly figures: () => Promise<OperationMetrics>;
  },
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
      if (rootSigner.probe === undefined) await rootSigner.sign(Buffer.from('nervous-system.self-test.v1\n'));
      else await rootSigner.probe();
      if (rootSigner.name !== origin)
        throw new Error(`the root key is named "${rootSigner.name}", the configuration says "${origin}"`);
      return `signs as ${rootSigner.name}`;
    }),
    check('policy', () => policyCheck(governance)),
    check('clock', async () => {
      const [last] = await entries.readLog(Math.max(0, (await entries.size()) - 1), 1);
      const parsed = last === undefined ? undefined : parseEntry(last.note);
      const at = parsed?.kind === 'entry' ? parsed.body.at : undefined;
      return clockCheck(clock.now(), at);
    }),
  ]);
  const checks = [...found, ...(more?.() ?? [])];
  const { ok, detail } = await check('performance', async () => {
    const { raised, detail: description } = alarmsOf(await figures()).performance_degraded;
    if (raised) throw new Error(description);
    return description;
  });
  return { ok: checks.every((one) => one.ok), performanceCheck: { ok, detail }, checks };
}

/** Entries run ahead of the clock by little, and not for long: more of it says that the clock was or is wrong. */
function clockCheck(now: EpochMs, newest: IsoInstant | undefined): string {
  const is = isoOf(now);
  const aheadMs = newest === undefined ? 0 : msOf(newest) - now;
  if (aheadMs <= MAX_AHEAD_MS) return `${is}; entries run ahead of it by ${MAX_AHEAD_MS} ms at most`;
  throw new Error(
    `it is ${is}, but the newest entry says ${orBlank(newest)}, which is ${aheadMs} ms later: if the time is wrong now, set the clock; if it was wrong then, nothing is left to do, the next entry has the right time again`,
  );
}

/** A configuration that says otherwise is no fault: it changes nothing, and that is what it is told. */
async function policyCheck(governance: Governance): Promise<string> {
  await governance.refresh();
  const { source, version, document } = governance.inForce();
  const [deadEnd] = deadEnds(document, governance.modules);
  const also = deadEnd === undefined ? '' : `; ${deadEnd.message}`;
  if (source === 'configuration') return `as configured: the first proposal will record it${also}`;
  return policyHash(document) === policyHash(governance.configured)
    ? `version ${version}, as configured${also}`
    : `version ${version}; the configuration's roster or risk differs from it, which changes nothing: nervous policy propose${also}`;
}

export async function monitor(
  {
    entries,
    items,
    bus,
    clock,
    connections,
  }: Pick<GroundPorts, 'entries' | 'items' | 'clock'> & Pick<Ports, 'connections'> & { readonly bus: DeliveryReports },
  { ledger, origin }: NervousConfig,
  {
    figures,
    guards,
  }: { readonly figures: () => Promise<OperationMetrics>; readonly guards: Pick<Guards, 'stats'> | undefined },
): Promise<MonitorReport> {
  const [counted, subscriptions] = await Promise.all([figures(), bus.stats()]);
  const { since, p50, p95, published, throughput, recent: _, ...operations } = counted;
  const messageLatencyMs = messageLatencyOf(subscriptions);
  return {
    ledger,
    origin,
    entries: await entries.size(),
    countedSince: isoOf(since),
    operations,
    responseTimeMs: { p50, p95 },
    published,
    ...defined({ messageLatencyMs }),
    systemThroughput: throughput,
    connectionHealth: connectionHealth(subscriptions, connections?.()),
    alarms: alarmsOf(counted),
    subscriptions,
    ...(await changeQueues(ledger, items, clock.now())),
    ...(guards === undefined ? {} : { guard: guards.stats() }),
  };
}

function connectionHealth(
  subscriptions: MonitorReport['subscriptions'],
  connections: MonitorReport['connectionHealth']['connections'],
): MonitorReport['connectionHealth'] {
  const openBreakers = subscriptions.filter(({ breaker }) => breaker === 'open').length;
  const isFree = connections === undefined || connections.open < connections.limit;
  return { ok: openBreakers === 0 && isFree, openBreakers, ...defined({ connections }) };
}

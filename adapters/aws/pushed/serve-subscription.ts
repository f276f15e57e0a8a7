/**
 * Serves one wake-up: has the subscription to itself for a run, and looks again when somebody came meanwhile. Who finds it taken
 * leaves a mark and looks whether it still is: either sees the other, so that no wake-up is lost. One that is, the minute's sweep
 * makes up for.
 */
import { later } from '../../../core/brands/index.ts';
import { DeliveryRun, LEASE_MS, RunLost } from './delivery-run.ts';
import type { RunDependencies } from './run-dependencies.ts';
import type { WakeSubscription } from './wake-up.ts';

/** What is due later is the sweep's to wake. */
const SOON_MS = 60_000;

export interface ServeDependencies extends RunDependencies {
  readonly wake: WakeSubscription;
  /** Told of a run that another one took over from. Must not throw. */
  readonly onLost: (error: RunLost) => void;
}

/** @param endsAt ms since the Unix epoch: what is not done by then is left to another run, which is woken */
export async function serveSubscription(deps: ServeDependencies, id: string, endsAt: number): Promise<void> {
  const { items, clock, wake } = deps;
  for (;;) {
    const ran = await runOnce(deps, id, endsAt);
    if (ran === 'nothing') return;
    if (ran === 'taken') {
      await items.ask(id);
      if (await isTaken(deps, id)) return;
      continue;
    }
    const now = clock.now();
    const isAsked = await items.takeAsked(id);
    if (isAsked && now < endsAt) continue;
    if (isAsked || ran.dueAt - now <= SOON_MS) await wake([id], isAsked ? 0 : Math.max(0, ran.dueAt - now));
    return;
  }
}

async function runOnce(
  deps: ServeDependencies,
  id: string,
  endsAt: number,
): Promise<'nothing' | 'taken' | { readonly dueAt: number }> {
  const { items, served, clock, ids, onLost } = deps;
  const subscription = await served(id);
  if (subscription === undefined) return 'nothing';
  const runId = ids.next();
  const now = clock.now();
  const claimed = await items.claim(subscription, { id: runId, until: later(now, LEASE_MS) }, now);
  if (claimed === undefined) return 'nothing';
  if (claimed === 'taken') return 'taken';
  await items.takeAsked(id); // before the log is read: who asks from now on is heard at the end
  try {
    return { dueAt: await new DeliveryRun(deps, runId, subscription, claimed).work(endsAt) };
  } catch (error) {
    if (!(error instanceof RunLost)) throw error;
    onLost(error);
    return 'nothing';
  }
}

async function isTaken({ items, served, clock }: ServeDependencies, id: string): Promise<boolean> {
  const subscription = await served(id);
  const kept = subscription && (await items.load(subscription));
  if (kept === undefined) return true; // gone: nobody has anything to do
  return kept.state.run !== undefined && kept.state.run.until > clock.now();
}

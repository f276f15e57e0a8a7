/**
 * When a webhook that only fails is disabled: by time, not by count, so that a short outage under load disables nothing. On the
 * way its owner is told at 50, 70, 90 and 100 % of the time, once each.
 */
import type { EpochMs } from '../../brands/index.ts';
import { MS_PER_DAY } from '../../values/index.ts';

/** Of nothing but failure. */
export const DISABLED_AFTER_MS = 5 * MS_PER_DAY;
/** Two failures further apart say nothing of what was between them. The longest wait between attempts is 12 h. */
const FORGOTTEN_AFTER_MS = MS_PER_DAY;
/** Per cent of the time at which somebody is told; at the last one it is disabled. */
const ALERTS = [50, 70, 90, 100] as const;
export type FailingAlert = (typeof ALERTS)[number];

/** Plain data, so that it can be kept. Undefined instead of it: the newest attempt succeeded, or there was none. */
export interface Failing {
  readonly since: EpochMs;
  readonly lastAt: EpochMs;
  /** the last alert that was told; 0: none */
  readonly told: number;
}

/** @returns how it stands after a failure, and what is to be told now */
export function afterWebhookFailure(
  failing: Failing | undefined,
  nowMs: EpochMs,
): { readonly failing: Failing; readonly alerts: readonly FailingAlert[] } {
  if (failing === undefined || nowMs - failing.lastAt > FORGOTTEN_AFTER_MS)
    return { failing: { since: nowMs, lastAt: nowMs, told: 0 }, alerts: [] };
  const share = ((nowMs - failing.since) / DISABLED_AFTER_MS) * 100;
  const alerts = ALERTS.filter((alert) => alert > failing.told && share >= alert);
  return { failing: { ...failing, lastAt: nowMs, told: alerts.at(-1) ?? failing.told }, alerts };
}

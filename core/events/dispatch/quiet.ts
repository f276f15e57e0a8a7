/** How long a receiver that says it is busy is left alone. */
import { later, type EpochMs } from '../../brands/index.ts';
import { MS_PER_MINUTE, MS_PER_SECOND } from '../../values/index.ts';
import { MAX_RETRY_AFTER_MS } from '../webhooks/webhook-schedule.ts';

/** @param attempts of the event that it refused: the longer it goes on, the longer the pause */
export function quietAfter(
  nowMs: EpochMs,
  { attempts, retryAfterMs }: { readonly attempts: number; readonly retryAfterMs?: number },
): EpochMs {
  const backoffMs = Math.min(MS_PER_MINUTE, MS_PER_SECOND * 2 ** Math.min(attempts, 10));
  return later(nowMs, Math.min(retryAfterMs ?? backoffMs, MAX_RETRY_AFTER_MS));
}

/**
 * What happens to a delivery that failed: when it is tried again and when it becomes a dead letter. Pure arithmetic; the
 * engine keeps the time and the mailbox.
 */
import type { RetryPolicy } from './subscription.ts';

export type AfterFailure = { readonly kind: 'retry'; readonly afterMs: number } | { readonly kind: 'dead-letter' };

/**
 * Exponential backoff with full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter").
 * @param attempts deliveries so far, at least 1
 * @param random uniform in [0, 1)
 */
export function afterFailure(policy: RetryPolicy, attempts: number, random: number): AfterFailure {
  if (attempts >= policy.maxAttempts) return { kind: 'dead-letter' };
  const ceilingMs = Math.min(policy.maxMs, policy.baseMs * 2 ** Math.min(attempts - 1, 40));
  return { kind: 'retry', afterMs: Math.floor(random * ceilingMs) };
}

/** Longest reason kept with a failed delivery, in characters. */
const MAX_REASON_CHARS = 500;

/** A failure as text fit to be stored and shown: bounded, one line, no stack. */
export function failureReason(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.replaceAll(/\s+/g, ' ').slice(0, MAX_REASON_CHARS);
}

/**
 * What a receiver's answer means: delivered, to be tried again, given up, or the end of the webhook. Only 2xx is delivered, and a
 * redirect is a failure: the place it names was not verified, and need not be the receiver's.
 */
import type { EpochMs } from '../../brands/index.ts';
import { defined } from '../../values/index.ts';
import { retryAfterMs } from './webhook-schedule.ts';

export interface WebhookAnswer {
  readonly status: number;
  /** names in lower case */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export type AnswerVerdict =
  | { readonly kind: 'delivered' }
  /** `slow`: nothing else goes to the endpoint meanwhile either */
  | { readonly kind: 'retry'; readonly reason: string; readonly retryAfterMs?: number; readonly slow: boolean }
  /** this event is not wanted: it becomes a dead letter at once */
  | { readonly kind: 'dead-letter'; readonly reason: string }
  /** nothing is wanted any more: the webhook is disabled, the event waits with the others */
  | { readonly kind: 'gone'; readonly reason: string };

/** The receiver says that it is busy, or what stands before it does. */
const SLOW: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const GONE = 410;
/** Svix: a header by which a receiver says that it does not want a message again. */
const DELIVERY = 'webhook-delivery';
const ABORT = 'abort-message';

export function judgeAnswer({ status, headers }: WebhookAnswer, nowMs: EpochMs): AnswerVerdict {
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  const reason = `the receiver answered ${status}`;
  if (status === GONE) return { kind: 'gone', reason };
  if (textOf(headers[DELIVERY])?.trim() === ABORT) return { kind: 'dead-letter', reason: `${reason}, ${ABORT}` };
  if (status >= 300 && status < 400)
    return { kind: 'retry', reason: `${reason}: redirects are not followed`, slow: false };
  const asked = retryAfterMs(textOf(headers['retry-after']), nowMs);
  return { kind: 'retry', reason, slow: SLOW.has(status), ...defined({ retryAfterMs: asked }) };
}

function textOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0];
}

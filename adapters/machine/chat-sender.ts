/**
 * Posts JSON to the incoming webhook of a chat, through the sender of webhooks: the address is judged at each attempt, redirects
 * are not followed, and of the answer little is read. Says what the answer means for the next message.
 */
import { judgeAnswer } from '../../core/events/index.ts';
import type { PostJson, SendOutcome } from '../../core/system/index.ts';
import { defined } from '../../core/values/index.ts';
import type { Clock } from '../../core/ledger/index.ts';
import type { SendWebhook } from './webhook-sender.ts';

/** Of the client's own making, and no better the next time; these say "later" all the same. */
const NEVER = { from: 400, to: 499 };
const LATER: ReadonlySet<number> = new Set([408, 425, 429]);

/** Never rejects: what fails is an answer, too. */
export function createChatSender(send: SendWebhook, clock: Pick<Clock, 'now'>): PostJson {
  return async (url, message) => {
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    const sent = await send({ url, method: 'POST', headers, body: JSON.stringify(message) });
    if (sent.kind === 'failed') return { kind: 'later', reason: sent.reason };
    return outcomeOf(sent.answer.status, judgeAnswer(sent.answer, clock.now()));
  };
}

function outcomeOf(status: number, verdict: ReturnType<typeof judgeAnswer>): SendOutcome {
  if (verdict.kind === 'delivered') return { kind: 'sent' };
  const { reason } = verdict;
  const isNever = status >= NEVER.from && status <= NEVER.to && !LATER.has(status);
  if (isNever || verdict.kind !== 'retry') return { kind: 'refused', reason };
  return { kind: 'later', reason, ...defined({ retryAfterMs: verdict.retryAfterMs }) };
}

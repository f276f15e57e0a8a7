/** What a function on AWS cannot be sent. It is refused when the subscription is made, because a setting that is taken and not kept would be found out in production. */
import { type FunctionSubscription } from '../../../core/events/index.ts';
import type { Problem } from '../../../core/errors/index.ts';

/** Node gives up an answer that has not begun after 300 s; the run that waits for it ends after ten minutes. */
export const MAX_ACK_TIMEOUT_MS = 240_000;

/** Why such a subscription cannot be delivered to; undefined: it can. */
export function functionRefusal(
  { mode, target, ackTimeoutMs }: FunctionSubscription,
  names: readonly string[],
): Problem | undefined {
  if (!names.includes(target.name)) {
    const known = names.length === 0 ? 'none' : [...names].sort().join(', ');
    const detail = `no function "${target.name}" is deployed (there are: ${known}): add one with NervousSystem.addFunction`;
    return { pointer: '/target/name', detail };
  }
  if (mode === 'buffered')
    return { pointer: '/mode', detail: 'a function on AWS is called with one event: pull the events to have batches' };
  if (ackTimeoutMs > MAX_ACK_TIMEOUT_MS)
    return {
      pointer: '/ackTimeoutMs',
      detail: `a function on AWS is waited for at most ${MAX_ACK_TIMEOUT_MS} ms: choose a shorter time, or pull the events`,
    };
  return undefined;
}

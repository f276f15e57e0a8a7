/** How many streams each principal holds open, and the refusal of one too many. */
import { countOf } from '../../values/index.ts';
import { SystemError } from '../config/errors.ts';

/** A reader whose connection broke may have its old stream counted until that is noticed. */
const RETRY_AFTER_SECONDS = 5;

export interface OpenStreams {
  /**
   * Takes a place, which is given back when the signal is aborted or it is left, whichever comes first.
   * @throws SystemError STREAMS_EXHAUSTED
   */
  take(principal: string, signal: AbortSignal): () => void;
  count(): number;
}

export function createOpenStreams(perPrincipal: number): OpenStreams {
  const open = new Map<string, number>();
  const take: OpenStreams['take'] = (principal, signal) => {
    const held = countOf(open, principal);
    if (held >= perPrincipal)
      throw new SystemError({
        code: 'STREAMS_EXHAUSTED',
        retryAfterSeconds: RETRY_AFTER_SECONDS,
        message: `"${principal}" has ${held} streams open and may have no more: close one, or raise streams.perPrincipal in nervous.config.ts`,
      });
    open.set(principal, held + 1);
    let isOpen = true;
    const leave = (): void => {
      if (!isOpen) return;
      isOpen = false;
      signal.removeEventListener('abort', leave);
      const left = (open.get(principal) ?? 1) - 1;
      if (left === 0) open.delete(principal);
      else open.set(principal, left);
    };
    signal.addEventListener('abort', leave);
    if (signal.aborted) leave();
    return leave;
  };
  return { take, count: () => open.values().reduce((sum, held) => sum + held, 0) };
}

/**
 * Has a segment verified by another invocation of the function that verifies. A throttled or failed one is asked again a few
 * times; it reads only, so asking twice does no harm. What it answers is taken only if it parses as that segment's outcome.
 */
import type { Clock, Ids, Window } from '../../../core/ledger/index.ts';
import { AwsError } from '../request/errors.ts';
import type { InvokeFunction } from '../request/invoke-function.ts';
import { parseSegment } from './segment-json.ts';
import type { SegmentWorker } from './verify-in-segments.ts';

const ATTEMPTS = 4;
/** Before the second try; doubled for each after it, with jitter. */
const FIRST_WAIT_MS = 500;
/** Asking again will not help: the role or the function's name is wrong. */
const HOPELESS = new Set(['AccessDeniedException', 'ResourceNotFoundException', 'InvalidRequestContentException']);

/** What the function is sent for a segment. */
export interface SegmentRequest extends Window {
  readonly mode: 'stretch';
  readonly signatures: boolean;
}

export interface InvokeVerifierOptions {
  readonly invoke: InvokeFunction;
  readonly functionName: string;
  readonly signatures: boolean;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly ids: Pick<Ids, 'random'>;
}

/** Rejects with AwsError ANSWER_INVALID, or why it was not run, once it has given up. */
export function invokeVerifier(options: InvokeVerifierOptions): SegmentWorker {
  return async (window, signal) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await ask(options, window, signal);
      } catch (error) {
        const isHopeless = error instanceof Error && HOPELESS.has(error.name);
        if (isHopeless || attempt === ATTEMPTS || signal.aborted) throw error;
        await options.clock.sleep(FIRST_WAIT_MS * 2 ** (attempt - 1) * (0.5 + options.ids.random()), signal);
      }
    }
  };
}

async function ask(
  { invoke, functionName, signatures }: InvokeVerifierOptions,
  window: Window,
  signal: AbortSignal,
): ReturnType<SegmentWorker> {
  const request: SegmentRequest = { mode: 'stretch', ...window, signatures };
  const { text, error } = await invoke(functionName, JSON.stringify(request), signal);
  if (error !== undefined) throw invalid(window, `failed (${error}): see its log`);
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    throw invalid(window, 'did not answer JSON');
  }
  return parseSegment(answer, window);
}

function invalid({ from, to }: Window, why: string): AwsError {
  return new AwsError({
    code: 'ANSWER_INVALID',
    message: `verifying log indices ${from} to ${to - 1}: the worker ${why}`,
  });
}

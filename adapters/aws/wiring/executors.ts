/**
 * Executors as Lambda functions: a request is the function's event, its result the answer, one call each time. Nothing is
 * asked again here: what a lost answer means is decided by who asked, with the executor's status.
 */
import type { Executors } from '../../../core/changes/index.ts';
import { AwsError } from '../request/errors.ts';
import type { InvokeFunction } from '../request/invoke-function.ts';

/** Far above every answer that could be accepted. */
const MAX_ANSWER_LENGTH = 65_536;

/** Executor → name or ARN of its function, as whoever deployed said it; it comes before the declaration. */
export type ExecutorFunctions = Readonly<Record<string, string>>;

export function createLambdaExecutors(invoke: InvokeFunction, functions: ExecutorFunctions = {}): Executors {
  return {
    call: async ({ name, function: declared }, request, signal) => {
      const functionName = functions[name] ?? declared;
      if (functionName === undefined)
        throw invalid(name, 'has no function: deploy one with NervousSystem, or declare it');
      const { text, error } = await invoke(functionName, JSON.stringify(request), signal);
      // Its own words may hold anything: they are in its log, and people who need them may read that.
      if (error !== undefined) throw invalid(name, `failed (${error}): see its log`);
      if (text.length > MAX_ANSWER_LENGTH) throw invalid(name, `answered with ${text.length} characters`);
      try {
        return JSON.parse(text) as unknown;
      } catch {
        throw invalid(name, 'did not answer JSON');
      }
    },
  };
}

function invalid(name: string, why: string): AwsError {
  return new AwsError({ code: 'ANSWER_INVALID', message: `the executor "${name}" ${why}` });
}

/** Executors as a port of a function's system: those that plan (proposals) and those that carry out (the workflow). */
import type { Executors } from '../../../core/changes/index.ts';
import { createLambdaExecutors, type ExecutorFunctions } from './executors.ts';
import { invokeFunction } from '../request/invoke-function.ts';

/** Region and credentials are those that Lambda gives the function. */
export function createExecutors(env: NodeJS.ProcessEnv, functions: ExecutorFunctions): Executors {
  return createLambdaExecutors(invokeFunction(env), functions);
}

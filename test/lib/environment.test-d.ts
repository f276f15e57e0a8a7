/** Checked by the compiler alone: an environment that lacks a variable of its `env.ts` does not compile. */
import type { LambdaEnvironment } from '../../lib/functions/lambdas.ts';

export const complete: LambdaEnvironment<'waker'> = { STATE_TABLE: 'state', STATE_MACHINE_ARN: 'arn:aws:states:::x' };

// @ts-expect-error STATE_MACHINE_ARN is missing
export const missing: LambdaEnvironment<'waker'> = { STATE_TABLE: 'state' };

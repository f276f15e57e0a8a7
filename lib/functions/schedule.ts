/** Runs a function at an interval. A run that fails is not tried again, unless the next one would be long in coming. */
import type { Duration } from 'aws-cdk-lib';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { NervousFunction } from './nervous-function.ts';

export function runEvery(
  runner: NervousFunction,
  interval: Duration,
  { event, retries = 0 }: { readonly event?: object; readonly retries?: number } = {},
): Rule {
  runner.function.configureAsyncInvoke({ retryAttempts: retries });
  return schedule(runner, interval, { id: 'Schedule', event, retries });
}

/** A second schedule of a function that has one, with an event of its own. */
export function alsoRunEvery(runner: NervousFunction, interval: Duration, event: object): Rule {
  return schedule(runner, interval, { id: 'SecondSchedule', event, retries: 0 });
}

function schedule(
  runner: NervousFunction,
  interval: Duration,
  { id, event, retries }: { readonly id: string; readonly event: object | undefined; readonly retries: number },
): Rule {
  return new Rule(runner, id, {
    description: `runs ${runner.lambda} every ${interval.toHumanString()}`,
    schedule: Schedule.rate(interval),
    targets: [
      new LambdaFunction(runner.function, {
        retryAttempts: retries,
        ...(event === undefined ? {} : { event: RuleTargetInput.fromObject(event) }),
      }),
    ],
  });
}

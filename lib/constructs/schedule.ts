/** Runs a function at an interval. A run that fails is not tried again: the next one does the same work. */
import type { Duration } from 'aws-cdk-lib';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { NervousFunction } from './nervous-function.ts';

export function runEvery(runner: NervousFunction, interval: Duration, event?: object): void {
  runner.function.configureAsyncInvoke({ retryAttempts: 0 });
  new Rule(runner, 'Schedule', {
    description: `runs ${runner.lambda} every ${interval.toHumanString()}`,
    schedule: Schedule.rate(interval),
    targets: [
      new LambdaFunction(runner.function, {
        retryAttempts: 0,
        ...(event === undefined ? {} : { event: RuleTargetInput.fromObject(event) }),
      }),
    ],
  });
}

/** The metrics that alarms and dashboards look at, by the physical names of what they are about. */
import { Aws, Duration } from 'aws-cdk-lib';
import { MathExpression, Metric, Stats, type IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { topicDomains } from '../../core/events/index.ts';
import { namesOf, type Deployment } from '../deployment.ts';
import type { LambdaName } from '../functions/lambdas.ts';

/** The namespace of what the functions themselves measure. */
const OWN_NAMESPACE = 'nervous-system';
export const THROTTLED_BY_AWS = { namespace: OWN_NAMESPACE, metricName: 'ThrottledByAws' } as const;
const MINUTE = Duration.minutes(1);

export interface Metrics {
  /** of the system as a whole, by whichever function, under its name (lambdas/_middleware/telemetry.ts) */
  readonly system: (metricName: string, statistic: string) => Metric;
  /** what the function of that name measures itself */
  readonly own: (lambda: LambdaName, metricName: string, statistic: string) => Metric;
  readonly lambda: (lambda: LambdaName, metricName: string, statistic: string) => Metric;
  readonly queue: (queueName: string, metricName: string, statistic: string) => Metric;
  readonly api: (apiId: string, metricName: string, statistic: string) => Metric;
  /** of a rule on the account's default bus */
  readonly rule: (ruleName: string, metricName: string, statistic: string) => Metric;
  readonly workflow: (metricName: string, statistic: string) => Metric;
}

export function metricsOf(deployment: Deployment): Metrics {
  const names = namesOf(deployment);
  const metric =
    (namespace: string, dimensionsMap: Record<string, string>) => (metricName: string, statistic: string) =>
      new Metric({ namespace, dimensionsMap, metricName, statistic, period: MINUTE });
  const stateMachineArn = `arn:${Aws.PARTITION}:states:${Aws.REGION}:${Aws.ACCOUNT_ID}:stateMachine:${names.stateMachine}`;
  return {
    system: metric(OWN_NAMESPACE, { service: deployment.name }),
    own: (lambda, ...which) => metric(OWN_NAMESPACE, { service: lambda })(...which),
    lambda: (lambda, ...which) => metric('AWS/Lambda', { FunctionName: names.lambda(lambda) })(...which),
    queue: (QueueName, ...which) => metric('AWS/SQS', { QueueName })(...which),
    api: (ApiId, ...which) => metric('AWS/ApiGateway', { ApiId })(...which),
    rule: (RuleName, ...which) => metric('AWS/Events', { RuleName })(...which),
    workflow: metric('AWS/States', { StateMachineArn: stateMachineArn }),
  };
}

/** Of all functions together: made from their logs (nervous-function.ts), because the SDK's own retries hide the rest. */
export function throttledByAws(): Metric {
  return new Metric({ ...THROTTLED_BY_AWS, statistic: Stats.SUM, period: MINUTE });
}

/**
 * Of the rules made at runtime, whose names nobody knows now: a question to all rules of the domains' buses. EventBridge measures
 * nothing while nothing fails, so it costs nothing until then.
 */
export function failedDeliveries(deployment: Deployment): IMetric {
  const { bus } = namesOf(deployment);
  const buses = topicDomains(Object.keys(deployment.config.topics)).map((domain) => `EventBusName = '${bus(domain)}'`);
  return new MathExpression({
    expression: `SELECT SUM(FailedInvocations) FROM SCHEMA("AWS/Events", EventBusName, RuleName) WHERE ${buses.join(' OR ')}`,
    usingMetrics: {},
    period: MINUTE,
    label: 'FailedInvocations',
  });
}

/**
 * One folder of `lambdas/` as a deployed function: the environment that its `env.ts` asks for (a missing variable does not
 * compile) and a role that may do exactly what its `permissions.ts` says, write its own log and send its traces.
 */
import { Duration } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement, Role, ServicePrincipal, type Conditions } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  EventSourceMapping,
  type EventSourceMappingOptions,
  FilterCriteria,
  FilterRule,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  StartingPosition,
  SystemLogLevel,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { SqsDlq, SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { FilterPattern, LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { namesOf, type Deployment } from '../deployment.ts';
import {
  ALONE,
  BEHIND,
  LAMBDAS,
  type LambdaEnvironment,
  type LambdaContract,
  type LambdaName,
  type Permission,
} from './lambdas.ts';
import type { LedgerResources } from '../ledger-resources.ts';
import { THROTTLED_BY_AWS } from '../alarms/metrics.ts';
import { acknowledgeWildcard } from '../constructs/acknowledge.ts';
import { lambdaCode } from './lambda-code.ts';
import { SIGNING_CONDITIONS } from '../constructs/ledger-keys.ts';
import { removalPolicyOf } from '../constructs/removal-policy.ts';
import { resourceArns, WILDCARD_REASONS } from '../constructs/resource-arns.ts';
import { chainsOf, itemsOf, secretsOf } from '../constructs/writable-chains.ts';

/** CPU comes with memory: at 1 GiB a cold start takes about half of what it takes at 512 MiB. */
const MEMORY_MIB = 1_024;
/** Nobody waits for these, and they wait for others most of their time. */
const MEMORY_BEHIND_MIB = 512;
/** API Gateway waits 30 s. */
const DEFAULT_TIMEOUT = Duration.seconds(29);
const INSERTS = FilterCriteria.filter({ eventName: FilterRule.isEqual('INSERT') as unknown });
/** Each is somebody's doing, and told at once. */
const WATCHED_BATCH = 10;
/** Tries of a batch of entries before it is halved and in the end given up; about an hour with Lambda's backoff. */
const STREAM_RETRIES = 100;

/** What AWS services call it when they refuse a call because there are too many. */
const THROTTLES = ['ThrottlingException', 'ProvisionedThroughputExceededException', 'RequestLimitExceeded'];

export interface NervousFunctionProps<Name extends LambdaName> {
  /** the folder in `lambdas/` */
  readonly lambda: Name;
  /** what its `env.ts` does not ask for is left out */
  readonly environment: LambdaEnvironment<Name>;
  readonly deployment: Deployment;
  readonly ledger: LedgerResources;
  readonly timeout?: Duration;
  /** default: what waits for others most of its time, or is waited for, needs */
  readonly memoryMib?: number;
  /** ARNs of what is made beside it and not known elsewhere */
  readonly resources?: Partial<ReturnType<typeof resourceArns>>;
}

export class NervousFunction<Name extends LambdaName = LambdaName> extends Construct {
  readonly function: LambdaFunction;
  readonly lambda: Name;

  constructor(scope: Construct, id: string, props: NervousFunctionProps<Name>) {
    super(scope, id);
    const { lambda, environment, deployment, timeout = DEFAULT_TIMEOUT, memoryMib } = props;
    this.lambda = lambda;
    const logGroup = new LogGroup(this, 'Logs', {
      retention: deployment.stage.logRetention,
      removalPolicy: removalPolicyOf(deployment.stage),
    });
    const role = new Role(this, 'Role', {
      roleName: namesOf(deployment).role(lambda),
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    });
    logGroup.grantWrite(role);
    logGroup.addMetricFilter('Throttled', {
      filterPattern: FilterPattern.anyTerm(...THROTTLES),
      metricNamespace: THROTTLED_BY_AWS.namespace,
      metricName: THROTTLED_BY_AWS.metricName,
    });
    this.function = new LambdaFunction(this, 'Function', {
      functionName: namesOf(deployment).lambda(lambda),
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: lambdaCode(lambda, deployment.configFile),
      environment: askedFor(lambda, environment),
      memorySize: memoryMib ?? (BEHIND.has(lambda) ? MEMORY_BEHIND_MIB : MEMORY_MIB),
      timeout,
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      // Three lines a call say what metrics say as well, and cost more than some calls.
      systemLogLevelV2: SystemLogLevel.WARN,
      // Whoever asks for a trace gets one. Active, Lambda traces one request a second, which with little traffic is every one: $5 a million each.
      tracing: Tracing.PASS_THROUGH,
      ...(ALONE.has(lambda) && deployment.stage.reserveConcurrency ? { reservedConcurrentExecutions: 1 } : {}),
    });
    acknowledgeWildcard(this, '*', 'traces (and listing streams) have no resource-level permissions');
    this.grantPermissions(props);
  }

  /** Handles a queue's messages; those that fail come back alone. */
  consumeQueue(queue: IQueue, options: { readonly batchSize: number }): void {
    this.function.addEventSource(new SqsEventSource(queue, { ...options, reportBatchItemFailures: true }));
  }

  /**
   * Handles new entries. A batch that fails holds its shard, halved again and again to get at the record that is to blame;
   * what is given up in the end lands in `failures` with its place in the stream.
   */
  consumeEntries(
    table: Table,
    failures: IQueue,
    { batchSize, insertsOnly }: { readonly batchSize: number; readonly insertsOnly: boolean },
  ): void {
    this.follow('Entries', table, {
      batchSize,
      onFailure: new SqsDlq(failures),
      ...(insertsOnly && { filters: [INSERTS] }),
    });
  }

  /** Hears of items that were changed or removed although nobody may: it is not called for anything else. */
  watchItems(table: Table, failures: IQueue, { prefix }: { readonly prefix: string }): void {
    const filter = FilterCriteria.filter({
      eventName: FilterRule.or('MODIFY', 'REMOVE') as unknown,
      dynamodb: { Keys: { pk: { S: FilterRule.beginsWith(prefix) } } },
    });
    this.follow('Items', table, { batchSize: WATCHED_BATCH, onFailure: new SqsDlq(failures), filters: [filter] });
  }

  private follow(
    id: string,
    table: Table,
    options: Pick<EventSourceMappingOptions, 'batchSize' | 'filters' | 'onFailure'>,
  ): void {
    const streamArn = table.tableStreamArn;
    if (streamArn === undefined) throw new TypeError(`the table of ${this.node.path} has no stream`);
    const read = ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'];
    this.function.addToRolePolicy(new PolicyStatement({ actions: read, resources: [streamArn] }));
    this.function.addToRolePolicy(new PolicyStatement({ actions: ['dynamodb:ListStreams'], resources: ['*'] }));
    new EventSourceMapping(this, id, {
      target: this.function,
      eventSourceArn: streamArn,
      startingPosition: StartingPosition.TRIM_HORIZON,
      bisectBatchOnError: true,
      retryAttempts: STREAM_RETRIES,
      ...options,
    }).node.addDependency(this.function.role ?? this.function);
  }

  private grantPermissions({ lambda, deployment, ledger, resources }: NervousFunctionProps<Name>): void {
    const arns = { ...resourceArns(deployment, ledger), ...resources };
    const byResource = Map.groupBy((LAMBDAS[lambda] as LambdaContract).permissions, ({ resource }) => resource);
    for (const [resource, permissions] of byResource) {
      if (arns[resource].length === 0) continue; // a statement on nothing is refused by IAM
      const byCondition = Map.groupBy(permissions, (one) => JSON.stringify(conditionsOf(one, { lambda, deployment })));
      for (const [conditions, group] of byCondition) {
        const actions = group.map(({ action }) => action);
        this.function.addToRolePolicy(
          new PolicyStatement({
            actions,
            resources: [...arns[resource]],
            conditions: JSON.parse(conditions) as Conditions,
          }),
        );
      }
      const reason = WILDCARD_REASONS[resource];
      if (reason !== undefined) for (const arn of arns[resource]) acknowledgeWildcard(this, arn, reason);
    }
  }
}

/** Where IAM can narrow an action further than to a resource. */
function conditionsOf(
  { action, resource }: Permission,
  { lambda, deployment }: { readonly lambda: LambdaName; readonly deployment: Deployment },
): Conditions {
  if (action === 'kms:Sign') return SIGNING_CONDITIONS;
  if (resource === 'dataKey') return secretsOf(lambda, deployment);
  if (action === 'dynamodb:PutItem' && resource === 'entries') return chainsOf(lambda, deployment);
  return resource === 'state' && WRITES.has(action) ? itemsOf(lambda, deployment) : {};
}

const WRITES: ReadonlySet<string> = new Set(['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem']);

function askedFor(lambda: LambdaName, environment: Readonly<Record<string, unknown>>): Record<string, string> {
  const asked = Object.keys(LAMBDAS[lambda].env.shape).filter((name) => environment[name] !== undefined);
  return Object.fromEntries(asked.map((name) => [name, String(environment[name])]));
}

/**
 * The resources that `lambdas/<name>/permissions.ts` may name, as ARNs. Everything is exact but what is made at runtime
 * or has no resource-level permissions; those wildcards are listed here, each with its reason, and nowhere else.
 */
import { Aws, Stack } from 'aws-cdk-lib';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { topicDomains } from '../../core/events/index.ts';
import { namesOf, type Deployment } from '../deployment.ts';
import type { LedgerResources } from '../ledger-resources.ts';

export type ResourceName =
  | 'entries'
  | 'state'
  | 'rootKey'
  | 'dataKey'
  | 'logBucket'
  | 'anchorBucket'
  | 'witnessKey'
  | 'witnessTable'
  | 'witnessFunction'
  | 'buses'
  | 'subscriptionQueues'
  | 'subscriptionRules'
  | 'undeliveredQueue'
  | 'wakeQueue'
  | 'deliveryQueue'
  | 'stateMachine'
  | 'executions'
  | 'reconciler'
  | 'verifyFunction'
  | 'executors'
  /** the app's own, that events are sent to: each is granted when it is added */
  | 'functions'
  /** of the lake's stack, which hands it to the exporter */
  | 'lakeBucket'
  | 'any';

/** Why a resource's ARN holds a `*`. */
export const WILDCARD_REASONS: Readonly<Partial<Record<ResourceName, string>>> = {
  logBucket: 'the files of the log do not exist at deployment; the bucket holds nothing else',
  anchorBucket: 'an anchor is named after the size of the log; the bucket holds nothing else',
  subscriptionQueues: 'queues are made at runtime, one per subscription; the prefix belongs to this system alone',
  subscriptionRules:
    'rules are made at runtime, one per subscription, also on a bus whose domain is being removed; the prefixes belong to this system alone',
  lakeBucket: 'files of the lake are named after ranges of the log; the bucket holds nothing else',
  executions: 'an execution is named after its change-set, which does not exist at deployment',
  any: 'the action has no resource-level permissions',
};

export function resourceArns(
  deployment: Deployment,
  ledger: LedgerResources,
): Readonly<Record<ResourceName, readonly string[]>> {
  const names = namesOf(deployment);
  const buses = topicDomains(Object.keys(deployment.config.topics)).map(names.bus);
  return {
    entries: [ledger.entries.tableArn],
    state: [ledger.state.tableArn],
    rootKey: [ledger.rootKey.keyArn],
    dataKey: [ledger.dataKey.keyArn],
    logBucket: bucketArns(ledger.logBucket),
    anchorBucket: bucketArns(ledger.anchorBucket),
    witnessKey: [ledger.witnessKey.keyArn],
    witnessTable: [ledger.witnessTable.tableArn],
    witnessFunction: [arn('lambda', `function:${names.lambda('witness')}`)],
    buses: buses.map((bus) => arn('events', `event-bus/${bus}`)),
    subscriptionQueues: [arn('sqs', `${names.subscriptionPrefix}-*`)],
    subscriptionRules: [arn('events', `rule/${names.bus('*')}/${names.subscriptionPrefix}-*`)],
    undeliveredQueue: [arn('sqs', names.undeliveredQueue)],
    wakeQueue: [arn('sqs', names.wakeQueue)],
    deliveryQueue: [arn('sqs', names.deliveryQueue)],
    stateMachine: [arn('states', `stateMachine:${names.stateMachine}`)],
    executions: [arn('states', `execution:${names.stateMachine}:*`)],
    reconciler: [arn('lambda', `function:${names.lambda('subscription-reconciler')}`)],
    verifyFunction: [arn('lambda', `function:${names.lambda('verify')}`)],
    executors: executorArns(deployment),
    functions: [],
    lakeBucket: [],
    any: ['*'],
  };
}

/** Of the functions that the app gives or the configuration names, and no others; none: nobody may invoke any. */
function executorArns({ config, executorFunctions }: Deployment): readonly string[] {
  return Object.entries(config.executors).flatMap(([executor, { function: named }]) => {
    const name = executorFunctions[executor] ?? named;
    if (name === undefined) return [];
    return [executor in executorFunctions || name.startsWith('arn:') ? name : arn('lambda', `function:${name}`)];
  });
}

/** The bucket and its objects, exported here and now, so that the ARN already reads as cdk-nag will see it. */
function bucketArns(bucket: Bucket): readonly string[] {
  const exported = Stack.of(bucket).exportValue(bucket.bucketArn);
  return [exported, `${exported}/*`];
}

function arn(service: string, resource: string): string {
  return `arn:${Aws.PARTITION}:${service}:${Aws.REGION}:${Aws.ACCOUNT_ID}:${resource}`;
}

/** The environment variables that most functions share: where the ledger is and how the system's things are called. */
import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { namesOf, type Deployment } from '../deployment.ts';
import type { LedgerResources } from '../ledger-resources.ts';

export type SystemEnvironment = {
  readonly ENTRIES_TABLE: string;
  readonly STATE_TABLE: string;
  readonly ROOT_KEY_ID: string;
  readonly DATA_KEY_ID: string;
  readonly LOG_BUCKET: string;
  readonly ANCHOR_BUCKET: string;
  readonly WITNESS_FUNCTION: string;
  readonly WITNESS_KEY_ID: string;
  readonly WITNESS_TABLE: string;
  readonly BUS_PREFIX: string;
  readonly SUBSCRIPTION_PREFIX: string;
  readonly RECONCILER_FUNCTION: string;
  readonly VERIFY_FUNCTION: string;
  readonly WAKE_QUEUE_URL: string;
  readonly DELIVERY_QUEUE_URL: string;
  readonly STATE_MACHINE_ARN: string;
};

/** For who plans and who carries out; nothing, where the app gives no functions of its own. */
export function executorEnvironment({ executorFunctions }: Deployment): { readonly EXECUTOR_FUNCTIONS?: string } {
  return Object.keys(executorFunctions).length === 0 ? {} : { EXECUTOR_FUNCTIONS: JSON.stringify(executorFunctions) };
}

export function systemEnvironment(
  scope: Construct,
  deployment: Deployment,
  ledger: LedgerResources,
): SystemEnvironment {
  const names = namesOf(deployment);
  const { partition, region, account, urlSuffix } = Stack.of(scope);
  return {
    ENTRIES_TABLE: ledger.entries.tableName,
    STATE_TABLE: ledger.state.tableName,
    ROOT_KEY_ID: ledger.rootKey.keyId,
    DATA_KEY_ID: ledger.dataKey.keyId,
    LOG_BUCKET: ledger.logBucket.bucketName,
    ANCHOR_BUCKET: ledger.anchorBucket.bucketName,
    WITNESS_FUNCTION: names.lambda('witness'),
    WITNESS_KEY_ID: ledger.witnessKey.keyId,
    WITNESS_TABLE: ledger.witnessTable.tableName,
    BUS_PREFIX: names.busPrefix,
    SUBSCRIPTION_PREFIX: names.subscriptionPrefix,
    RECONCILER_FUNCTION: names.lambda('subscription-reconciler'),
    VERIFY_FUNCTION: names.lambda('verify'),
    WAKE_QUEUE_URL: `https://sqs.${region}.${urlSuffix}/${account}/${names.wakeQueue}`,
    DELIVERY_QUEUE_URL: `https://sqs.${region}.${urlSuffix}/${account}/${names.deliveryQueue}`,
    STATE_MACHINE_ARN: `arn:${partition}:states:${region}:${account}:stateMachine:${names.stateMachine}`,
  };
}

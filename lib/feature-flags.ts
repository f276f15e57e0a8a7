/**
 * The CDK's feature flags that the constructs were written and tested with. They are set on our own constructs, so that the stacks are
 * the same in every app, whatever its `cdk.json` says, and the app's other constructs keep what it says.
 */
import type { Node } from 'constructs';

const FLAGS = {
  '@aws-cdk/aws-iam:minimizePolicies': true,
  '@aws-cdk/core:checkSecretUsage': true,
  '@aws-cdk/core:defaultCrossStackReferences': 'strong',
  '@aws-cdk/core:target-partitions': ['aws', 'aws-cn', 'aws-us-gov'],
  '@aws-cdk/aws-kms:reduceCrossAccountRegionPolicyScope': true,
  '@aws-cdk/aws-s3:createDefaultLoggingPolicy': true,
  '@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy': true,
  '@aws-cdk/customresources:installLatestAwsSdkDefault': false,
  '@aws-cdk/aws-lambda:recognizeLayerVersion': true,
  '@aws-cdk/aws-lambda:recognizeVersionProps': true,
  '@aws-cdk/aws-events:eventsTargetQueueSameAccount': true,
  '@aws-cdk/aws-events:requireEventBusPolicySid': true,
  '@aws-cdk/aws-dynamodb:retainTableReplica': true,
} as const;

/** @param node of a construct that has no children yet: afterwards the CDK refuses it */
export function setFeatureFlags(node: Node): void {
  for (const [flag, value] of Object.entries(FLAGS)) node.setContext(flag, value);
}

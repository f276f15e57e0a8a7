/** In an app of somebody else the stacks are those that were tested, whatever feature flags its `cdk.json` sets. */
import { App } from 'aws-cdk-lib';
import { expect, it } from 'vitest';
import { STACKS, synthesize } from './synthesized.ts';

/** What an old app has, which never turned a flag on, or turned it off. */
const OLD_APP = {
  '@aws-cdk/aws-iam:minimizePolicies': false,
  '@aws-cdk/core:target-partitions': ['aws'],
  '@aws-cdk/aws-s3:createDefaultLoggingPolicy': false,
  '@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy': false,
  '@aws-cdk/aws-kms:reduceCrossAccountRegionPolicyScope': false,
  '@aws-cdk/customresources:installLatestAwsSdkDefault': true,
  '@aws-cdk/aws-lambda:recognizeVersionProps': false,
};

it('makes the same templates in every app', () => {
  const [ours, foreign] = [synthesize(), synthesize({}, OLD_APP)];
  for (const stack of STACKS)
    expect({ stack, ...foreign.template(stack).toJSON() }).toEqual({ stack, ...ours.template(stack).toJSON() });
});

it('leaves the flags of the app itself as they are', () => {
  const { app, system } = synthesize({}, OLD_APP);
  const flag = '@aws-cdk/aws-iam:minimizePolicies';
  expect([app.node.tryGetContext(flag), system.node.tryGetContext(flag)]).toEqual([false, true]);
  expect(new App().node.tryGetContext(flag)).toBeUndefined();
});

/**
 * A bucket's policy by which an object is written once, by a conditional put, and deleted by nobody: whoever asks, and whatever their
 * role allows.
 */
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';

export function writeOnce(bucket: Bucket, { mayBeEmptied }: { readonly mayBeEmptied: boolean }): void {
  const deny = (sid: string, actions: string[], conditions: object = {}): void => {
    bucket.addToResourcePolicy(
      new PolicyStatement({
        sid,
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions,
        resources: [bucket.arnForObjects('*')],
        conditions: { ...conditions },
      }),
    );
  };
  deny('OnlyIfAbsent', ['s3:PutObject'], { Null: { 's3:if-none-match': 'true' } });
  if (mayBeEmptied) return;
  deny('NeverDeleted', ['s3:DeleteObject', 's3:DeleteObjectVersion', 's3:BypassGovernanceRetention']);
}

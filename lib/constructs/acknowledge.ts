/**
 * Explains to cdk-nag, at the construct concerned, why a finding is right as it is. Each finding is acknowledged by its
 * full id, so that a new one of the same rule is not swallowed.
 */
import { Stack, Validations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { orBlank } from '../../core/values/index.ts';

export function acknowledge(construct: Construct, id: string, reason: string): void {
  Validations.of(construct).acknowledge({ id: `AwsSolutions-${id}`, reason });
}

/** For a `*` in the resource of a policy under `construct`. */
export function acknowledgeWildcard(construct: Construct, arn: string, reason: string): void {
  if (!arn.includes('*')) return;
  // Only at validation is it settled how a resource of another stack is referred to, and by that the finding is named.
  construct.node.addValidation({
    validate: () => {
      acknowledge(construct, `IAM5[Resource::${asNagWritesIt(Stack.of(construct).resolve(arn))}]`, reason);
      return [];
    },
  });
}

interface Intrinsic {
  readonly Ref?: string;
  readonly 'Fn::ImportValue'?: string;
  readonly 'Fn::GetAtt'?: readonly [string, string];
  readonly 'Fn::Join'?: readonly [string, readonly unknown[]];
}

/** As cdk-nag flattens a reference: `<Name>`, `<Name.Attribute>`, an import's name, and the parts joined. */
function asNagWritesIt(value: unknown): string {
  if (typeof value === 'string') return value;
  const { Ref, 'Fn::ImportValue': imported, 'Fn::GetAtt': attribute, 'Fn::Join': join } = value as Intrinsic;
  if (join !== undefined) return join[1].map(asNagWritesIt).join(join[0]);
  if (attribute !== undefined) return `<${attribute.join('.')}>`;
  return imported ?? `<${orBlank(Ref)}>`;
}

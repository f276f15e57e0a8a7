/**
 * The entries table's own policy: whoever asks, and whatever their role allows, no entry is updated or deleted, and only the
 * functions that record put one (and people, under the break-glass role). What IAM cannot say is that a put must not
 * replace: that is the condition of every put in the code (docs/adr/0018-what-iam-cannot-say.md).
 */
import {
  AnyPrincipal,
  Effect,
  PolicyDocument,
  PolicyStatement,
  type Conditions,
  type IRole,
} from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { Deployment } from '../deployment.ts';
import { lambdasThatMay } from '../functions/lambdas.ts';
import { roleArn } from './ledger-keys.ts';

const CHANGES = ['UpdateItem', 'DeleteItem', 'BatchWriteItem', 'PartiQLInsert', 'PartiQLUpdate', 'PartiQLDelete'];

export function appendOnlyPolicy(scope: Construct, deployment: Deployment, breakGlass: IRole): PolicyDocument {
  const deny = (sid: string, actions: readonly string[], conditions: Conditions = {}): PolicyStatement =>
    new PolicyStatement({
      ...{ sid, effect: Effect.DENY, principals: [new AnyPrincipal()], conditions },
      actions: actions.map((action) => `dynamodb:${action}`),
      resources: ['*'], // the table this is the policy of: its ARN would make the template refer to itself
    });
  const writers = lambdasThatMay('dynamodb:PutItem', 'entries').map((name) => roleArn(scope, deployment, name));
  return new PolicyDocument({
    statements: [
      deny('NeverChanged', CHANGES),
      deny('OnlyRecorders', ['PutItem'], { ArnNotEquals: { 'aws:PrincipalArn': [...writers, breakGlass.roleArn] } }),
    ],
  });
}

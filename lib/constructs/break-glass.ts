/**
 * The one role that may do what nothing here ever does in daily work: disable or delete a key, and sign and record with the
 * root key by hand (a rotation: docs/keys.md). People of the account assume it with a second factor, and an alarm tells.
 */
import { Duration } from 'aws-cdk-lib';
import { AccountRootPrincipal, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { namesOf, type Deployment } from '../deployment.ts';

/** After that the second factor is asked for again. */
const SESSION = Duration.hours(1);
const KEY_ACTIONS = ['DescribeKey', 'DisableKey', 'EnableKey', 'ScheduleKeyDeletion', 'CancelKeyDeletion'];
const ROOT_KEY_ACTIONS = ['Sign', 'GetPublicKey'];

export class BreakGlass extends Construct {
  readonly role: Role;

  constructor(scope: Construct, id: string, deployment: Deployment) {
    super(scope, id);
    this.role = new Role(this, 'Role', {
      roleName: namesOf(deployment).role('break-glass'),
      description: `${deployment.name}: emergencies only; every use raises an alarm`,
      assumedBy: new AccountRootPrincipal().withConditions({ Bool: { 'aws:MultiFactorAuthPresent': 'true' } }),
      maxSessionDuration: SESSION,
    });
  }

  mayManage(keys: readonly IKey[]): void {
    this.allow('kms', KEY_ACTIONS, keys);
  }

  /** As whoever decides: with the root's own signature. */
  maySignWith(rootKey: IKey): void {
    this.allow('kms', ROOT_KEY_ACTIONS, [rootKey]);
  }

  private allow(service: string, actions: readonly string[], keys: readonly IKey[]): void {
    this.role.addToPolicy(
      new PolicyStatement({
        actions: actions.map((action) => `${service}:${action}`),
        resources: keys.map(({ keyArn }) => keyArn),
      }),
    );
  }
}

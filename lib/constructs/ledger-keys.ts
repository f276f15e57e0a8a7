/**
 * The ledger's keys, and who may not use them, whatever else they may do in the account: nobody signs with the root key but
 * the functions that must, only in the one form that verifiers know, and in a stage that keeps its data nobody disables or
 * deletes a key but under the break-glass role, with thirty days to change one's mind.
 */
import { Duration, Stack } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, PolicyStatement, type Conditions } from 'aws-cdk-lib/aws-iam';
import { Key, KeySpec, KeyUsage, type KeyProps } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { namesOf, type Deployment } from '../deployment.ts';
import { lambdasThatMay, type LambdaName } from '../functions/lambdas.ts';
import type { BreakGlass } from './break-glass.ts';
import { protectedRemovalPolicyOf } from './removal-policy.ts';

/** The most, and for a disposable stage the least, that KMS waits before a key is gone. */
const MAX_DELETION_WAIT = Duration.days(30);
const MIN_DELETION_WAIT = Duration.days(7);
/** Plain Ed25519 over the text itself, which anybody can verify. */
export const SIGNING_CONDITIONS: Conditions = {
  StringEquals: { 'kms:SigningAlgorithm': 'ED25519_SHA_512', 'kms:MessageType': 'RAW' },
};

export interface LedgerKeysProps {
  readonly deployment: Deployment;
  readonly breakGlass: BreakGlass;
}

export class LedgerKeys {
  readonly root: Key;
  readonly data: Key;
  readonly witness: Key;

  constructor(scope: Construct, { deployment, breakGlass }: LedgerKeysProps) {
    const make = (id: string, purpose: string, props: KeyProps): Key =>
      new Key(scope, id, {
        description: `${deployment.name}: ${purpose}`,
        removalPolicy: protectedRemovalPolicyOf(deployment.stage),
        pendingWindow: deployment.stage.disposable ? MIN_DELETION_WAIT : MAX_DELETION_WAIT,
        ...props,
      });
    const signing = { keySpec: KeySpec.ECC_NIST_EDWARDS25519, keyUsage: KeyUsage.SIGN_VERIFY };
    this.root = make('RootKey', 'certifies session keys, signs decisions and checkpoints (Ed25519)', signing);
    this.data = make('DataKey', 'encrypts what is stored', { enableKeyRotation: true });
    this.witness = make('WitnessKey', 'cosigns checkpoints for the witness (Ed25519)', signing);
    onlyThroughDynamoDb(this.data);
    const functions = {
      root: lambdasThatMay('kms:Sign', 'rootKey'),
      witness: lambdasThatMay('kms:Sign', 'witnessKey'),
    };
    const people = [breakGlass.role.roleArn];
    onlySigners(this.root, [...functions.root.map((name) => roleArn(scope, deployment, name)), ...people]);
    onlySigners(
      this.witness,
      functions.witness.map((name) => roleArn(scope, deployment, name)),
    );
    const all = [this.root, this.data, this.witness];
    breakGlass.mayManage(all);
    breakGlass.maySignWith(this.root);
    if (!deployment.stage.disposable) for (const key of all) keep(key, people);
  }
}

/** As it will be called: the function's stack comes later. */
export function roleArn(scope: Construct, deployment: Deployment, name: LambdaName): string {
  const { partition, account } = Stack.of(scope);
  return `arn:${partition}:iam::${account}:role/${namesOf(deployment).role(name)}`;
}

function onlySigners(key: Key, roles: readonly string[]): void {
  deny(key, 'OnlySigners', ['kms:Sign'], { ArnNotEquals: { 'aws:PrincipalArn': roles } });
  for (const [name, value] of Object.entries(SIGNING_CONDITIONS['StringEquals'] as Record<string, string>))
    deny(key, `OnlyPlain${name.slice('kms:'.length)}`, ['kms:Sign'], { StringNotEquals: { [name]: value } });
}

function keep(key: Key, except: readonly string[]): void {
  deny(key, 'KeptButByBreakGlass', ['kms:ScheduleKeyDeletion', 'kms:DisableKey'], {
    ArnNotEquals: { 'aws:PrincipalArn': except },
  });
  deny(key, 'ThirtyDaysToChangeOnesMind', ['kms:ScheduleKeyDeletion'], {
    NumericLessThan: { 'kms:ScheduleKeyDeletionPendingWindowInDays': MAX_DELETION_WAIT.toDays() },
  });
}

/** As AWS's own table key does it: whoever may use the table may use the key through it, and in no other way. */
function onlyThroughDynamoDb(key: Key): void {
  const { account, region } = Stack.of(key);
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: 'ThroughTablesOfThisAccountOnly',
      principals: [new AnyPrincipal()],
      actions: ['Encrypt', 'Decrypt', 'ReEncrypt*', 'GenerateDataKey*', 'DescribeKey', 'CreateGrant'].map(
        (action) => `kms:${action}`,
      ),
      resources: ['*'],
      conditions: {
        StringEquals: { 'kms:CallerAccount': account, 'kms:ViaService': `dynamodb.${region}.amazonaws.com` },
      },
    }),
  );
}

function deny(key: Key, sid: string, actions: string[], conditions: Conditions): void {
  const principals = [new AnyPrincipal()];
  key.addToResourcePolicy(
    new PolicyStatement({ sid, effect: Effect.DENY, principals, actions, resources: ['*'], conditions }),
  );
}

/**
 * Tells when somebody changes the system itself past a deployment: its code, what feeds it, its keys and what protects its
 * data. Seen in CloudTrail's management events, which reach EventBridge where a trail of the account records them; each
 * match is counted, and the counts have alarms; the log says who did what. A deployment is told of once per stack.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
 */
import { Fn, Stack } from 'aws-cdk-lib';
import { Match, Rule, type EventPattern } from 'aws-cdk-lib/aws-events';
import { PolicyDocument, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnResourcePolicy, LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Deployment } from '../deployment.ts';
import type { LedgerResources } from '../ledger-resources.ts';
import { removalPolicyOf } from '../constructs/removal-policy.ts';

const CLOUDTRAIL = 'AWS API Call via CloudTrail';
const CLOUDFORMATION = 'cloudformation.amazonaws.com';

/** What is watched; each has an alarm and a section of the runbook of its name. */
export const CHANGES = {
  'code-changed': 'Somebody changed, stopped or deleted a function, or what feeds it, past a deployment.',
  'key-changed': 'Somebody disables or deletes a key of the ledger, or changes who may use it.',
  'storage-changed': 'Somebody changed what protects the tables or the buckets of the log and its anchors.',
  'watching-stopped': 'Somebody stopped a schedule, an alarm or the trail that these alarms rest on.',
  'break-glass-used': 'Somebody assumed the break-glass role.',
  deployed: 'A stack was deployed or removed.',
} as const;
export type Change = keyof typeof CHANGES;

export interface ChangeWatchProps {
  readonly deployment: Deployment;
  readonly ledger: LedgerResources;
}

export class ChangeWatch extends Construct {
  readonly ruleNames: Readonly<Record<Change, string>>;

  constructor(scope: Construct, id: string, props: ChangeWatchProps) {
    super(scope, id);
    const log = this.makeLog(props.deployment);
    const names = Object.entries(changePatterns(props)).map(([change, eventPattern]) => {
      const rule = new Rule(this, change, { description: CHANGES[change as Change], eventPattern });
      rule.addTarget({ bind: () => ({ arn: log.logGroupArn }) });
      return [change, rule.ruleName];
    });
    this.ruleNames = Object.fromEntries(names) as Record<Change, string>;
  }

  /** EventBridge writes only to groups of this prefix. The stack's id makes the name new, so that keeping it is in nobody's way. */
  private makeLog({ name, stage }: Deployment): LogGroup {
    const { account, stackId } = Stack.of(this);
    const unique = Fn.select(2, Fn.split('/', stackId));
    const log = new LogGroup(this, 'Log', {
      logGroupName: `/aws/events/${name}-changes-${unique}`,
      retention: stage.logRetention,
      removalPolicy: removalPolicyOf(stage),
    });
    new CfnResourcePolicy(this, 'Writers', {
      policyName: `${name}-changes`,
      policyDocument: Stack.of(this).toJsonString(
        new PolicyDocument({
          statements: [
            new PolicyStatement({
              principals: ['events', 'delivery.logs'].map(
                (service) => new ServicePrincipal(`${service}.amazonaws.com`),
              ),
              actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
              resources: [log.logGroupArn],
              conditions: { StringEquals: { 'aws:SourceAccount': account } },
            }),
          ],
        }).toJSON(),
      ),
    });
    return log;
  }
}

function changePatterns({
  deployment: { name },
  ledger,
}: Pick<ChangeWatchProps, 'deployment' | 'ledger'>): Record<Change, EventPattern> {
  const ofOurs = Match.wildcard(`*${name}-*`); // a name or an ARN
  const ofOurStacks = Match.wildcard(`${name}-*Stack-*`); // rules of subscriptions come and go
  const byHand = { sourceIPAddress: Match.anythingBut(CLOUDFORMATION) };
  const keys = [ledger.rootKey, ledger.dataKey, ledger.witnessKey].map(({ keyArn }) => keyArn);
  const buckets = [ledger.logBucket, ledger.anchorBucket].map(({ bucketName }) => bucketName);
  const tables = [ledger.entries, ledger.state, ledger.witnessTable];
  const tableArns = tables.map(({ tableArn }) => tableArn);
  return {
    'code-changed': called(['lambda'], {
      ...byHand,
      eventName: FUNCTION_CHANGES,
      $or: [
        { requestParameters: { functionName: ofOurs } },
        { responseElements: { functionArn: ofOurs } }, // of an event source mapping, which is named by its id alone
      ],
    }),
    'key-changed': called(['kms'], { eventName: KEY_CHANGES, resources: { ARN: keys } }),
    'storage-changed': called(['s3', 'dynamodb'], {
      eventName: [...BUCKET_CHANGES, ...TABLE_CHANGES],
      $or: [
        { requestParameters: { bucketName: buckets } },
        { requestParameters: { tableName: [...tables.map(({ tableName }) => tableName), ...tableArns] } },
        { requestParameters: { resourceArn: tableArns } },
      ],
    }),
    'watching-stopped': called(['events', 'monitoring', 'cloudtrail'], {
      ...byHand,
      $or: [
        { eventName: RULE_CHANGES, requestParameters: { name: ofOurStacks } },
        { eventName: RULE_CHANGES, requestParameters: { rule: ofOurStacks } },
        { eventName: ALARM_CHANGES, requestParameters: { alarmNames: Match.prefix(`${name}-`) } },
        { eventName: TRAIL_CHANGES },
      ],
    }),
    'break-glass-used': called(['sts'], {
      eventName: ['AssumeRole'],
      requestParameters: { roleArn: [ledger.breakGlassRole.roleArn] },
    }),
    deployed: {
      source: ['aws.cloudformation'],
      detailType: ['CloudFormation Stack Status Change'],
      detail: {
        'stack-id': Match.wildcard(`*:stack/${name}-*`),
        'status-details': { status: Match.suffix('_COMPLETE') },
      },
    },
  };
}

function called(services: readonly string[], detail: Record<string, unknown>): EventPattern {
  return { source: services.map((service) => `aws.${service}`), detailType: [CLOUDTRAIL], detail };
}

/** As CloudTrail names them: of some services with the API's version. */
const FUNCTION_CHANGES = [
  'UpdateFunctionCode20150331v2',
  'UpdateFunctionConfiguration20150331v2',
  'DeleteFunction20150331',
  'PutFunctionConcurrency20171031',
  'AddPermission20150331v2',
  'UpdateEventSourceMapping20150331',
  'DeleteEventSourceMapping20150331',
];
const KEY_CHANGES = ['ScheduleKeyDeletion', 'DisableKey', 'PutKeyPolicy'];
const BUCKET_CHANGES = [
  'PutBucketPolicy',
  'DeleteBucketPolicy',
  'PutBucketObjectLockConfiguration',
  'PutObjectLockConfiguration',
  'PutBucketVersioning',
  'PutBucketLifecycle',
  'PutBucketLifecycleConfiguration',
  'DeleteBucket',
];
const TABLE_CHANGES = [
  'UpdateTable',
  'DeleteTable',
  'PutResourcePolicy',
  'DeleteResourcePolicy',
  'UpdateContinuousBackups',
];
const RULE_CHANGES = ['DisableRule', 'DeleteRule', 'RemoveTargets'];
const ALARM_CHANGES = ['DisableAlarmActions', 'DeleteAlarms'];
const TRAIL_CHANGES = ['StopLogging', 'DeleteTrail', 'UpdateTrail', 'PutEventSelectors'];

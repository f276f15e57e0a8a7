/**
 * What people look at and are woken by: two dashboards, an alarm for everything that somebody must act on, and a message
 * when somebody changes the system itself. Its topic has a key of its own: were it the ledger's, disabling that would
 * silence the alarm that tells of it.
 */
import { RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { Dashboard } from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import { ChangeWatch } from '../alarms/change-watch.ts';
import { RunbookAlarm } from '../alarms/runbook-alarm.ts';
import { healthWidgets, performanceWidgets } from '../alarms/dashboards.ts';
import { namesOf, type Deployment } from '../deployment.ts';
import type { LedgerResources } from '../ledger-resources.ts';
import type { Watched } from '../alarms/alarm-sources.ts';
import { watches } from '../alarms/alarms.ts';

export interface MonitoringStackProps extends StackProps, Omit<Watched, 'changeRules'> {
  readonly ledger: LedgerResources;
}

export class MonitoringStack extends Stack {
  constructor(
    scope: Construct,
    id: string,
    { deployment, ledger, apiIds, queueNames, ...props }: MonitoringStackProps,
  ) {
    super(scope, id, props);
    const topic = this.makeTopic(deployment);
    const { ruleNames: changeRules } = new ChangeWatch(this, 'Changes', { deployment, ledger });
    const watched = { deployment, apiIds, queueNames, changeRules };
    const alarms = watches(watched).map(
      (watch) => new RunbookAlarm(this, watch, { name: deployment.name, topic }).alarm,
    );
    const { dashboard } = namesOf(deployment);
    new Dashboard(this, 'Health', {
      dashboardName: dashboard('health'),
      widgets: healthWidgets({ ...watched, alarms }),
    });
    new Dashboard(this, 'Performance', {
      dashboardName: dashboard('performance'),
      widgets: performanceWidgets({ ...watched, ledger }),
    });
  }

  private makeTopic({ name, alarmEmail }: Deployment): Topic {
    const masterKey = new Key(this, 'AlarmKey', {
      description: `${name}: encrypts alarms on their way`,
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.DESTROY, // nothing is kept under it
    });
    const topic = new Topic(this, 'Alarms', { displayName: 'Nervous System alarms', enforceSSL: true, masterKey });
    const ofThisAccount = { StringEquals: { 'aws:SourceAccount': this.account } };
    const principals = [new ServicePrincipal('cloudwatch.amazonaws.com')];
    topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsOfThisAccount',
        principals,
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: ofThisAccount,
      }),
    );
    masterKey.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsOfThisAccount',
        principals,
        actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        resources: ['*'],
        conditions: ofThisAccount,
      }),
    );
    if (alarmEmail !== undefined) topic.addSubscription(new EmailSubscription(alarmEmail));
    return topic;
  }
}

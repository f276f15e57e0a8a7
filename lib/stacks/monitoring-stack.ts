/** What people look at and are woken by: two dashboards, and an alarm for everything that somebody must act on. */
import { Stack, type StackProps } from 'aws-cdk-lib';
import { Dashboard } from 'aws-cdk-lib/aws-cloudwatch';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import { healthWidgets, performanceWidgets } from '../dashboards.ts';
import { RunbookAlarm } from '../constructs/runbook-alarm.ts';
import { namesOf, type Deployment } from '../deployment.ts';
import type { LedgerResources } from '../ledger-resources.ts';
import { watches, type Watched } from '../watches.ts';

export interface MonitoringStackProps extends StackProps, Watched {
  readonly ledger: LedgerResources;
}

export class MonitoringStack extends Stack {
  constructor(scope: Construct, id: string, { deployment, ledger, apiIds, ...props }: MonitoringStackProps) {
    super(scope, id, props);
    const topic = this.makeTopic(deployment, ledger);
    const alarms = watches({ deployment, apiIds }).map(
      (watch) => new RunbookAlarm(this, watch, { name: deployment.name, topic }).alarm,
    );
    const { dashboard } = namesOf(deployment);
    new Dashboard(this, 'Health', {
      dashboardName: dashboard('health'),
      widgets: healthWidgets({ deployment, apiIds, alarms }),
    });
    new Dashboard(this, 'Performance', {
      dashboardName: dashboard('performance'),
      widgets: performanceWidgets({ deployment, apiIds, ledger }),
    });
  }

  private makeTopic({ alarmEmail }: Deployment, { dataKey }: LedgerResources): Topic {
    const topic = new Topic(this, 'Alarms', {
      displayName: 'Nervous System alarms',
      enforceSSL: true,
      masterKey: dataKey,
    });
    topic.grantPublish(new ServicePrincipal('cloudwatch.amazonaws.com'));
    if (alarmEmail !== undefined) topic.addSubscription(new EmailSubscription(alarmEmail));
    return topic;
  }
}

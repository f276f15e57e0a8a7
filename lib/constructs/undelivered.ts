/**
 * Where EventBridge puts what the queues of subscriptions did not take: every rule made at runtime names it, none but those may
 * send to it. It goes with its stack, and its name with it: what lies in it are places in the ledger, for rules that go as well.
 */
import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { namesOf, type Deployment } from '../deployment.ts';
import { failureQueue } from './safe-queue.ts';

export class Undelivered extends Construct {
  readonly queue: Queue;

  constructor(scope: Construct, id: string, { deployment }: { readonly deployment: Deployment }) {
    super(scope, id);
    const { undeliveredQueue: queueName, bus, subscriptionPrefix } = namesOf(deployment);
    this.queue = failureQueue(this, 'Queue', RemovalPolicy.DESTROY, { queueName });
    const { account } = Stack.of(this);
    const rules = Stack.of(this).formatArn({ service: 'events', resource: `rule/${bus('*')}/${subscriptionPrefix}-*` });
    this.queue.addToResourcePolicy(
      new PolicyStatement({
        sid: 'RulesOfSubscriptionsSend',
        principals: [new ServicePrincipal('events.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [this.queue.queueArn],
        conditions: { ArnLike: { 'aws:SourceArn': rules }, StringEquals: { 'aws:SourceAccount': account } },
      }),
    );
  }
}

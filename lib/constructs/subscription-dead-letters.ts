/**
 * Where the messages of subscriptions end that could not be delivered, and the function that files them as dead letters
 * under their subscription. A FIFO queue's dead-letter queue must be FIFO, so there are two.
 */
import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Deployment } from '../deployment.ts';
import { systemEnvironment } from '../functions/environment-variables.ts';
import type { LedgerResources } from '../ledger-resources.ts';
import { acknowledge } from './acknowledge.ts';
import { NervousFunction } from '../functions/nervous-function.ts';
import { removalPolicyOf } from './removal-policy.ts';
import { sixTimes } from './safe-queue.ts';

const TIMEOUT = Duration.minutes(1);
/** The most that SQS keeps a message. */
const RETENTION = Duration.days(14);
const BATCH = 10;

export interface SubscriptionDeadLettersProps {
  readonly deployment: Deployment;
  readonly ledger: LedgerResources;
}

export class SubscriptionDeadLetters extends Construct {
  /** dead-letter queue of every subscription without order */
  readonly unordered: Queue;
  /** the same for those in entity order */
  readonly ordered: Queue;

  constructor(scope: Construct, id: string, props: SubscriptionDeadLettersProps) {
    super(scope, id);
    const removalPolicy = removalPolicyOf(props.deployment.stage);
    this.unordered = this.makeQueue('Unordered', { removalPolicy });
    this.ordered = this.makeQueue('Ordered', { removalPolicy, fifo: true });
    const writer = new NervousFunction(this, 'Burier', {
      ...props,
      lambda: 'burier',
      environment: systemEnvironment(this, props.deployment, props.ledger),
      timeout: TIMEOUT,
    });
    for (const queue of [this.unordered, this.ordered]) writer.consumeQueue(queue, { batchSize: BATCH });
  }

  private makeQueue(id: string, more: { readonly removalPolicy: RemovalPolicy; readonly fifo?: true }): Queue {
    const queue = new Queue(this, id, {
      ...more,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: RETENTION,
      visibilityTimeout: sixTimes(TIMEOUT),
    });
    acknowledge(queue, 'SQS3', 'it is the dead-letter queue of the queues that are made for subscriptions at runtime');
    return queue;
  }
}

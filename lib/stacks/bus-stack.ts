/**
 * What moves events: the ingress bus and its queue, one bus per topic domain, and the functions that put entries into the
 * log and publish that, hand them to the buses and subscriptions, find what was left behind, and keep what could not be delivered as dead letters.
 */
import { CfnOutput, CustomResource, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Buses } from '../constructs/buses.ts';
import { Delivery } from '../constructs/delivery.ts';
import { Ingest } from '../constructs/ingest.ts';
import { LogPublishing } from '../constructs/log-publishing.ts';
import { NervousFunction } from '../functions/nervous-function.ts';
import { failureQueue } from '../constructs/safe-queue.ts';
import { rolesThatMay } from '../constructs/roles-that-may.ts';
import { runEvery } from '../functions/schedule.ts';
import { Undelivered } from '../constructs/undelivered.ts';
import { SubscriptionDeadLetters } from '../constructs/subscription-dead-letters.ts';
import { removalPolicyOf } from '../constructs/removal-policy.ts';
import { namesOf, type Deployment, type QueueNames } from '../deployment.ts';
import { systemEnvironment } from '../functions/environment-variables.ts';
import type { LedgerResources } from '../ledger-resources.ts';

const MINUTE = Duration.minutes(1);
/** The stream loses nothing; this finds what was given up when it failed for too long: a segment of the table at a time. */
const CATCH_UP_INTERVAL = Duration.hours(1);
const LONG_RUN = Duration.minutes(5);
/** Entries that the sequencer gives a place in the log with one record. */
const SEQUENCER_BATCH = 99;
const ROUTER_BATCH = 100;

export interface BusStackProps extends StackProps {
  readonly deployment: Deployment;
  readonly ledger: LedgerResources;
}

export class BusStack extends Stack {
  readonly delivery: Delivery;
  readonly queueNames: Omit<QueueNames, 'wake' | 'deadLetters'> & {
    readonly deadLetters: Omit<QueueNames['deadLetters'], 'wake'>;
  };

  constructor(scope: Construct, id: string, { deployment, ledger, ...props }: BusStackProps) {
    super(scope, id, props);
    const common = { deployment, ledger };
    const names = namesOf(deployment);
    const environment = systemEnvironment(this, deployment, ledger);
    const buses = new Buses(this, 'Buses', { deployment });
    const removalPolicy = removalPolicyOf(deployment.stage);
    const { queue: ingest } = new Ingest(this, 'Ingest', { ...common, bus: buses.ingress });
    const deadLetters = new SubscriptionDeadLetters(this, 'Burial', common);

    const sequencer = new NervousFunction(this, 'Sequencer', {
      ...common,
      lambda: 'sequencer',
      environment,
      timeout: MINUTE,
    });
    const unsequenced = failureQueue(this, 'Unsequenced', removalPolicy);
    sequencer.consumeEntries(ledger.entries, unsequenced, { batchSize: SEQUENCER_BATCH, insertsOnly: false });
    sequencer.watchItems(ledger.state, unsequenced, { prefix: `${deployment.config.ledger}#idem#` });
    runEvery(sequencer, CATCH_UP_INTERVAL, { event: { kind: 'catch-up' } });

    new LogPublishing(this, 'LogPublishing', common);

    const router = new NervousFunction(this, 'Router', { ...common, lambda: 'router', environment, timeout: MINUTE });
    const unrouted = failureQueue(this, 'Unrouted', removalPolicy);
    router.consumeEntries(ledger.entries, unrouted, { batchSize: ROUTER_BATCH, insertsOnly: true });

    this.delivery = new Delivery(this, 'Delivery', common);

    const { queue: undelivered } = new Undelivered(this, 'Undelivered', { deployment });
    const reconciler = new NervousFunction(this, 'SubscriptionReconciler', {
      ...common,
      lambda: 'subscription-reconciler',
      environment: {
        ...environment,
        DEAD_LETTER_QUEUE_ARN: deadLetters.unordered.queueArn,
        DEAD_LETTER_FIFO_QUEUE_ARN: deadLetters.ordered.queueArn,
        SENDER_ROLE_ARNS: rolesThatMay('sqs:SendMessage', 'subscriptionQueues', deployment).join(' '),
        UNDELIVERED_QUEUE_ARN: undelivered.queueArn,
        UNDELIVERED_QUEUE_URL: undelivered.queueUrl,
      },
      timeout: LONG_RUN,
    });
    const schedule = runEvery(reconciler, MINUTE);
    schedule.node.addDependency(this.removeSubscriptionsFirst(deployment, reconciler, buses));
    const how = { ...common, environment, timeout: LONG_RUN };
    const sweeper = new NervousFunction(this, 'OutboxSweeper', { ...how, lambda: 'outbox-sweeper' });
    runEvery(sweeper, MINUTE);

    this.queueNames = {
      ingest: ingest.queue.queueName,
      deadLetters: {
        sequencer: unsequenced.queueName,
        router: unrouted.queueName,
        ingest: ingest.deadLetters.queueName,
        deliveries: undelivered.queueName,
        'pushed-wake-ups': this.delivery.queue.deadLetters.queueName,
        subscriptions: deadLetters.unordered.queueName,
        'ordered-subscriptions': deadLetters.ordered.queueName,
      },
    };
    new CfnOutput(this, 'IngestQueueUrl', { value: ingest.queue.queueUrl });
    new CfnOutput(this, 'IngressBusName', { value: names.ingressBus });
    new CfnOutput(this, 'BusPrefix', { value: names.busPrefix });
  }

  /**
   * A bus with rules cannot be deleted, and nobody but the reconciler knows the rules and queues made at runtime. What comes
   * after this is deleted before it: its schedule, so that no run makes again what is being removed.
   */
  private removeSubscriptionsFirst({ stage }: Deployment, reconciler: NervousFunction, buses: Buses): CustomResource {
    const subscriptions = new CustomResource(this, 'Teardown', {
      serviceToken: reconciler.function.functionArn,
      properties: { Domains: buses.topicDomains, Disposable: stage.disposable },
    });
    subscriptions.node.addDependency(reconciler.function, ...buses.resources());
    return subscriptions;
  }
}

/**
 * The way in for events that did not come through the API: from the ingress bus, and from chosen AWS services on the
 * account's default bus, into one queue, and from there into the ledger as any published event.
 */
import { Duration } from 'aws-cdk-lib';
import { EventBus, Match, Rule, type EventPattern, type IEventBus } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import type { Deployment } from '../deployment.ts';
import { systemEnvironment } from '../functions/environment-variables.ts';
import type { LedgerResources } from '../ledger-resources.ts';
import { NervousFunction } from '../functions/nervous-function.ts';
import { removalPolicyOf } from './removal-policy.ts';
import { SafeQueue, sixTimes } from './safe-queue.ts';

const TIMEOUT = Duration.minutes(1);
const BATCH = 10;
/** For a day EventBridge tries to put an event on the queue. */
const MAX_EVENT_AGE = Duration.hours(24);

export interface IngestProps {
  readonly deployment: Deployment;
  readonly ledger: LedgerResources;
  readonly bus: EventBus;
}

export class Ingest extends Construct {
  readonly queue: SafeQueue;
  readonly function: NervousFunction;

  constructor(scope: Construct, id: string, { deployment, ledger, bus }: IngestProps) {
    super(scope, id);
    this.queue = new SafeQueue(this, 'Queue', {
      removalPolicy: removalPolicyOf(deployment.stage), // what waits here is recorded nowhere else
      visibilityTimeout: sixTimes(TIMEOUT),
      maxReceiveCount: 5,
    });
    this.function = new NervousFunction(this, 'Ingest', {
      deployment,
      ledger,
      lambda: 'ingest',
      environment: systemEnvironment(this, deployment, ledger),
      timeout: TIMEOUT,
    });
    this.function.consumeQueue(this.queue.queue, { batchSize: BATCH });
    this.listen('Ingress', bus as IEventBus, { source: Match.prefix('') });
    if (deployment.awsSources.length === 0) return;
    const defaultBus = EventBus.fromEventBusName(this, 'DefaultBus', 'default');
    this.listen('AwsServices', defaultBus, { source: [...deployment.awsSources] });
  }

  private listen(id: string, eventBus: IEventBus, eventPattern: EventPattern): void {
    const target = new SqsQueue(this.queue.queue, {
      deadLetterQueue: this.queue.deadLetters,
      maxEventAge: MAX_EVENT_AGE,
    });
    new Rule(this, id, { eventBus, eventPattern, targets: [target] });
  }
}

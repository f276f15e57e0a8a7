/**
 * A queue as every queue here is: encrypted, TLS only, and with a dead-letter queue that remembers for 14 days what could
 * not be handled, from which it can be moved back (docs/runbook.md).
 */
import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption, RedrivePermission } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';

const DEAD_LETTER_RETENTION = Duration.days(14);

export interface SafeQueueProps {
  readonly queueName: string;
  /** longer than the consumer's timeout, or a message is handled twice at once */
  readonly visibilityTimeout: Duration;
  /** tries before a message is dead */
  readonly maxReceiveCount: number;
}

export class SafeQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { queueName, visibilityTimeout, maxReceiveCount }: SafeQueueProps) {
    super(scope, id);
    this.deadLetters = new Queue(this, 'DeadLetters', { ...SAFE, queueName: `${queueName}-dlq` });
    this.queue = new Queue(this, 'Queue', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      queueName,
      visibilityTimeout,
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount },
    });
  }
}

const SAFE = {
  encryption: QueueEncryption.SQS_MANAGED,
  enforceSSL: true,
  retentionPeriod: DEAD_LETTER_RETENTION,
} as const;

/** Where something else than a queue (a stream, a rule, a schedule) puts what it could not hand over. */
export function failureQueue(scope: Construct, id: string, queueName: string): Queue {
  const queue = new Queue(scope, id, {
    ...SAFE,
    queueName,
    redriveAllowPolicy: { redrivePermission: RedrivePermission.DENY_ALL },
  });
  acknowledge(queue, 'SQS3', 'it is the dead-letter queue, of an event source or a rule, which cdk-nag does not see');
  return queue;
}

/** What Lambda advises between a function's timeout and its queue's: throttled tries need time as well. */
export function sixTimes(timeout: Duration): Duration {
  return Duration.seconds(6 * timeout.toSeconds());
}

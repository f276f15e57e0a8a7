/**
 * A queue as every queue here is: encrypted, TLS only, and with a dead-letter queue that remembers for 14 days what could
 * not be handled, from which it can be moved back (docs/runbook.md).
 */
import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { Queue, QueueEncryption, RedrivePermission } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { defined } from '../../core/values/index.ts';
import { acknowledge } from './acknowledge.ts';

const DEAD_LETTER_RETENTION = Duration.days(14);

export interface SafeQueueProps {
  /** only for what goes with its stack: a queue that is kept would keep its name from the next one. Default: a generated one */
  readonly queueName?: string;
  readonly removalPolicy: RemovalPolicy;
  /** longer than the consumer's timeout, or a message is handled twice at once */
  readonly visibilityTimeout: Duration;
  /** tries before a message is dead */
  readonly maxReceiveCount: number;
}

export class SafeQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, props: SafeQueueProps) {
    super(scope, id);
    const { queueName, removalPolicy, visibilityTimeout, maxReceiveCount } = props;
    this.deadLetters = new Queue(this, 'DeadLetters', {
      ...SAFE,
      removalPolicy,
      ...(queueName === undefined ? {} : { queueName: `${queueName}-dlq` }),
    });
    this.queue = new Queue(this, 'Queue', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      removalPolicy,
      ...defined({ queueName }),
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
export function failureQueue(
  scope: Construct,
  id: string,
  removalPolicy: RemovalPolicy,
  named: { readonly queueName?: string } = {},
): Queue {
  const queue = new Queue(scope, id, {
    ...{ ...SAFE, ...named },
    removalPolicy,
    redriveAllowPolicy: { redrivePermission: RedrivePermission.DENY_ALL },
  });
  acknowledge(queue, 'SQS3', 'it is the dead-letter queue, of an event source or a rule, which cdk-nag does not see');
  return queue;
}

/** What Lambda advises between a function's timeout and its queue's: throttled tries need time as well. */
export function sixTimes(timeout: Duration): Duration {
  return Duration.seconds(6 * timeout.toSeconds());
}

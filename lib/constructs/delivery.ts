/**
 * What sends events to functions of the app's own: a queue of wake-ups, each of which names a subscription, and the function that
 * serves them. It may invoke the functions that were added, and nothing else.
 */
import { Duration, Lazy, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { ContextError } from '../context.ts';
import { namesOf, type Deployment } from '../deployment.ts';
import { systemEnvironment } from '../functions/environment-variables.ts';
import { NervousFunction } from '../functions/nervous-function.ts';
import type { LedgerResources } from '../ledger-resources.ts';
import { SafeQueue } from './safe-queue.ts';

/** A run ends before; then another one goes on. */
const TIMEOUT = Duration.minutes(10);
/** A lost run is made up for by the sweep, long before its message comes again. */
const VISIBILITY = Duration.minutes(11);
/** Their ARNs stand in the environment of one function, which AWS limits to 4 KiB. */
export const MAX_FUNCTIONS = 16;
/** As a subscription names it. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

export interface DeliveryProps {
  readonly deployment: Deployment;
  readonly ledger: LedgerResources;
}

export class Delivery extends Construct {
  readonly queue: SafeQueue;
  private readonly delivery: NervousFunction<'delivery'>;
  private readonly functions = new Map<string, string>();

  constructor(scope: Construct, id: string, { deployment, ledger }: DeliveryProps) {
    super(scope, id);
    this.queue = new SafeQueue(this, 'WakeUps', {
      queueName: namesOf(deployment).deliveryQueue,
      removalPolicy: RemovalPolicy.DESTROY, // a wake-up holds nothing, and the sweep makes it again
      visibilityTimeout: VISIBILITY,
      maxReceiveCount: 5,
    });
    this.delivery = new NervousFunction(this, 'Delivery', {
      ...{ deployment, ledger, lambda: 'delivery', timeout: TIMEOUT },
      environment: {
        ...systemEnvironment(this, deployment, ledger),
        FUNCTIONS: Lazy.string({ produce: () => Stack.of(this).toJsonString(Object.fromEntries(this.functions)) }),
      },
    });
    this.delivery.consumeQueue(this.queue.queue, { batchSize: 1 }); // one that is slow holds up no other
  }

  get names(): readonly string[] {
    return [...this.functions.keys()].sort();
  }

  /** @throws ContextError CONTEXT_INVALID */
  add(name: string, { functionArn }: Pick<IFunction, 'functionArn'>): void {
    const problem = this.problem(name);
    if (problem !== undefined)
      throw new ContextError({ code: 'CONTEXT_INVALID', message: `addFunction: "${name}" ${problem}` });
    this.functions.set(name, functionArn);
    this.delivery.function.addToRolePolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [functionArn] }),
    );
  }

  private problem(name: string): string | undefined {
    if (!NAME.test(name)) return 'is no name: use 1-64 of A-Z a-z 0-9 _ - starting with a letter or digit';
    if (this.functions.has(name)) return 'was added before: choose another name';
    if (this.functions.size < MAX_FUNCTIONS) return undefined;
    return `is one too many: a system sends to ${MAX_FUNCTIONS} functions at most, but to any number of subscriptions of each`;
  }
}

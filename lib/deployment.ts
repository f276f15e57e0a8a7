/**
 * What every stack of one deployment knows: its name, its stage and its configuration, and the physical names derived
 * from them. Things that one stack makes and another one names are named here, so stacks need few references to each
 * other and never a circular one.
 */
import type { NervousConfig } from '../core/system/index.ts';
import type { AppContext } from './context.ts';
import type { StageSettings } from './environments.ts';

export interface Deployment extends Pick<
  AppContext,
  'name' | 'emulated' | 'configFile' | 'jwt' | 'principalClaim' | 'iamPrincipals' | 'customDomain' | 'alarmEmail'
> {
  readonly stage: StageSettings;
  readonly config: NervousConfig;
  /** AWS services whose events on the account's default bus are recorded, e.g. `aws.health` */
  readonly awsSources: readonly string[];
  /** other accounts that may put events on the ingress bus */
  readonly ingressAccounts: readonly string[];
}

/** Services whose events mean something to everybody; more through `awsSources`. */
export const DEFAULT_AWS_SOURCES = ['aws.health', 'aws.cloudwatch', 'aws.backup'] as const;

export type DeadLetterQueue = 'sequencer' | 'router' | 'ingest' | 'wake' | 'subscriptions' | 'ordered-subscriptions';

export interface Names {
  readonly busPrefix: string;
  readonly ingressBus: string;
  readonly ingestQueue: string;
  readonly wakeQueue: string;
  readonly stateMachine: string;
  /** begins the name of every rule and queue made for a subscription at runtime, before a dash */
  readonly subscriptionPrefix: string;
  readonly lambda: (name: string) => string;
  readonly bus: (domain: string) => string;
  /** where what could not be handled ends, each with an alarm */
  readonly deadLetterQueues: Readonly<
    Record<DeadLetterQueue, { readonly queueName: string; readonly meaning: string }>
  >;
  /** `nervous_system_health` with the default name */
  readonly dashboard: (subject: string) => string;
}

export function namesOf({ name }: Pick<Deployment, 'name'>): Names {
  return {
    busPrefix: name,
    ingressBus: `${name}-ingress`,
    ingestQueue: `${name}-ingest`,
    wakeQueue: `${name}-wake`,
    stateMachine: `${name}-change-sets`,
    subscriptionPrefix: `${name}-sub`,
    lambda: (lambda) => `${name}-${lambda}`,
    bus: (domain) => `${name}-${domain}`,
    deadLetterQueues: {
      sequencer: { queueName: `${name}-sequencer-dlq`, meaning: 'The sequencer gave up on entries.' },
      router: {
        queueName: `${name}-router-dlq`,
        meaning: 'Events could not be put on the queues of ordered subscriptions.',
      },
      ingest: { queueName: `${name}-ingest-dlq`, meaning: 'Events of AWS services or modules could not be recorded.' },
      wake: { queueName: `${name}-wake-dlq`, meaning: 'Change-sets could not be woken.' },
      subscriptions: {
        queueName: `${name}-subscriptions-dlq`,
        meaning: 'Messages that could not be delivered are not filed as dead letters.',
      },
      'ordered-subscriptions': {
        queueName: `${name}-subscriptions-dlq.fifo`,
        meaning: 'Messages of ordered subscriptions that could not be delivered are not filed as dead letters.',
      },
    },
    dashboard: (subject) => `${name.replaceAll('-', '_')}_system_${subject}`,
  };
}

/**
 * What every stack of one deployment knows: its name, its stage and its configuration, and the physical names derived
 * from them. Things that one stack makes and another one names are named here, so stacks need few references to each
 * other and never a circular one.
 */
import { Aws } from 'aws-cdk-lib';
import type { NervousConfig } from '../core/system/index.ts';
import type { AppContext } from './context.ts';
import type { StageSettings } from './environments.ts';
import { INGRESS } from './names.ts';

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
  /** an audit lake: a bucket of tables, an exporter, and Athena over them (docs/lake.md) */
  readonly lake: boolean;
  /** executor → ARN of the app's own function, which comes before what the configuration says */
  readonly executorFunctions: Readonly<Record<string, string>>;
}

/** Services whose events mean something to everybody; more through `awsSources`. */
export const DEFAULT_AWS_SOURCES = ['aws.health', 'aws.cloudwatch', 'aws.backup'] as const;

/** Where what could not be handled ends, each with an alarm that says this. */
export const DEAD_LETTER_QUEUES = {
  sequencer: 'The sequencer gave up on entries.',
  router: 'Events could not be put on the queues of ordered subscriptions.',
  ingest: 'Events of AWS services or modules could not be recorded.',
  wake: 'Change-sets could not be woken.',
  deliveries:
    'EventBridge could not put events on the queues of subscriptions; they are delivered again from the ledger.',
  'pushed-wake-ups': 'Subscriptions that are sent to could not be served; the events wait.',
  subscriptions: 'Messages that could not be delivered are not filed as dead letters.',
  'ordered-subscriptions':
    'Messages of ordered subscriptions that could not be delivered are not filed as dead letters.',
} as const;
export type DeadLetterQueue = keyof typeof DEAD_LETTER_QUEUES;

/** Names of queues, most of which CloudFormation gives: a queue that is kept must not keep a name from the next deployment. */
export interface QueueNames {
  readonly ingest: string;
  readonly wake: string;
  readonly deadLetters: Readonly<Record<DeadLetterQueue, string>>;
}

export interface Names {
  readonly busPrefix: string;
  readonly ingressBus: string;
  readonly wakeQueue: string;
  readonly deliveryQueue: string;
  readonly undeliveredQueue: string;
  readonly stateMachine: string;
  /** begins the name of every rule and queue made for a subscription at runtime, before a dash */
  readonly subscriptionPrefix: string;
  readonly lambda: (name: string) => string;
  /** of a function, or of people: named, so that policies of the ledger's stack can tell it from all others */
  readonly role: (of: string) => string;
  readonly bus: (domain: string) => string;
  /** no dash: Athena would want it quoted */
  readonly lakeDatabase: string;
  readonly lakeWorkgroup: string;
  /** `nervous_system_health` with the default name */
  readonly dashboard: (subject: string) => string;
}

export function namesOf({ name }: Pick<Deployment, 'name'>): Names {
  return {
    busPrefix: name,
    ingressBus: `${name}-${INGRESS}`,
    wakeQueue: `${name}-wake`,
    deliveryQueue: `${name}-delivery`,
    undeliveredQueue: `${name}-undelivered`,
    stateMachine: `${name}-change-sets`,
    subscriptionPrefix: `${name}-sub`,
    lakeDatabase: `${name}_lake`,
    lakeWorkgroup: `${name}-lake`,
    lambda: (lambda) => `${name}-${lambda}`,
    role: (of) => `${name}-${of}-${Aws.REGION}`, // roles have no region of their own
    bus: (domain) => `${name}-${domain}`,
    dashboard: (subject) => `${name}_system_${subject}`,
  };
}

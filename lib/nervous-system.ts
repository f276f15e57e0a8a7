/**
 * The whole system as one construct, for an app of one's own: `new NervousSystem(app, 'Nervous', { config, … })`. It
 * makes the five stacks and the order in which they are deployed; what each holds, the stacks decide.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Annotations, Aspects, Tags, type Environment } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { principalsOf } from '../core/policy/index.ts';
import type { NervousConfig } from '../core/system/index.ts';
import { defined, orBlank } from '../core/values/index.ts';
import { LeanDependencies } from './functions/lean-dependencies.ts';
import { ContextError } from './context.ts';
import { DEFAULT_AWS_SOURCES, type Deployment, type QueueNames } from './deployment.ts';
import { STAGES, type StageName, type StageSettings } from './environments.ts';
import { setFeatureFlags } from './feature-flags.ts';
import { domainProblem, nameProblem } from './names.ts';
import { ApiStack } from './stacks/api-stack.ts';
import { BusStack } from './stacks/bus-stack.ts';
import { LedgerStack } from './stacks/ledger-stack.ts';
import { MonitoringStack } from './stacks/monitoring-stack.ts';
import { WorkflowStack } from './stacks/workflow-stack.ts';

export interface NervousSystemProps extends Partial<Omit<Deployment, 'stage' | 'config' | 'jwt'>> {
  readonly config: NervousConfig;
  /** said even when there is none, because without one the entry point for tokens is taken away */
  readonly jwt: Deployment['jwt'];
  /** the file that exports `config`, which is bundled into the functions; default: `nervous.config.ts` in the folder where the app runs */
  readonly configFile?: string;
  /** default: `prod`, which retains everything */
  readonly stage?: StageName | StageSettings;
  /** account and region; default: those of the credentials at deployment */
  readonly env?: Environment;
}

/** Of the 4 KiB that a function's environment may have; the rest is where its tables, keys and queues are. */
export const MAX_IAM_PRINCIPALS_BYTES = 2_800;

export class NervousSystem extends Construct {
  readonly ledger: LedgerStack;
  readonly bus: BusStack;
  readonly workflow: WorkflowStack;
  readonly api: ApiStack;
  readonly monitoring: MonitoringStack;

  constructor(scope: Construct, id: string, { env, ...props }: NervousSystemProps) {
    super(scope, id);
    setFeatureFlags(this.node);
    const deployment = deploymentOf(props);
    const base = {
      deployment,
      terminationProtection: !deployment.stage.disposable, // all five: what waits in queues is recorded nowhere else
      ...defined({ env }),
    };
    const stackName = (stack: string): string => `${deployment.name}-${stack}`;
    this.ledger = new LedgerStack(this, 'LedgerStack', { ...base, stackName: stackName('LedgerStack') });
    const onLedger = { ...base, ledger: this.ledger };
    this.bus = new BusStack(this, 'BusStack', { ...onLedger, stackName: stackName('BusStack') });
    this.workflow = new WorkflowStack(this, 'WorkflowStack', { ...onLedger, stackName: stackName('WorkflowStack') });
    this.api = new ApiStack(this, 'ApiStack', { ...onLedger, stackName: stackName('ApiStack') });
    this.monitoring = new MonitoringStack(this, 'MonitoringStack', {
      ...base,
      stackName: stackName('MonitoringStack'),
      ledger: this.ledger,
      apiIds: this.api.apiIds,
      queueNames: this.queueNames(),
    });
    // Whatever takes requests comes after whatever the requests set in motion.
    this.workflow.addStackDependency(this.bus);
    this.api.addStackDependency(this.workflow);
    this.warnOfStrangers(deployment);
    Aspects.of(this).add(new LeanDependencies());
    Tags.of(this).add('nervous-system', deployment.name);
    Tags.of(this).add('stage', deployment.stage.name);
  }

  /** Queues go by the names that CloudFormation gives them. */
  private queueNames(): QueueNames {
    const { ingest, deadLetters } = this.bus.queueNames;
    const { queue, deadLetters: wakeDeadLetters } = this.workflow.wakeQueue;
    return { ingest, wake: queue.queueName, deadLetters: { ...deadLetters, wake: wakeDeadLetters.queueName } };
  }

  /** Not an error: the roster in force may have who the configuration does not. */
  private warnOfStrangers({ iamPrincipals, config }: Deployment): void {
    const known = principalsOf(config.roster, config.modules);
    for (const [arn, id] of Object.entries(JSON.parse(iamPrincipals ?? '{}') as Record<string, string>)) {
      if (known.has(id)) continue;
      const message = `iamPrincipals: "${id}" (${arn}) is no account, agent or module of the configuration: requests get 401 until the roster in force has it`;
      Annotations.of(this).addWarningV2('nervous-system:unknown-principal', message);
    }
  }
}

/** @throws ContextError CONTEXT_INVALID, for whoever uses the construct without the command line */
function deploymentOf(props: Omit<NervousSystemProps, 'env'>): Deployment {
  const { stage = 'prod', configFile = resolve('nervous.config.ts') } = props;
  const deployment: Deployment = {
    name: 'nervous',
    emulated: false,
    principalClaim: undefined,
    iamPrincipals: undefined,
    customDomain: undefined,
    alarmEmail: undefined,
    awsSources: DEFAULT_AWS_SOURCES,
    ingressAccounts: [],
    ...props,
    configFile,
    stage: typeof stage === 'string' ? STAGES[stage] : stage,
  };
  const problem =
    nameProblem(deployment.name) ??
    domainProblem(Object.keys(deployment.config.topics)) ??
    fileProblem(configFile) ??
    mappingProblem(orBlank(deployment.iamPrincipals));
  if (problem !== undefined) throw new ContextError({ code: 'CONTEXT_INVALID', message: problem });
  return deployment;
}

/** The bundler would say it of each function, and not what to do. */
function fileProblem(configFile: string): string | undefined {
  return existsSync(configFile)
    ? undefined
    : `configFile: there is no configuration at "${configFile}": name the file that exports "config", or synthesise in its folder`;
}

/** AWS refuses a function only when it is deployed, and then without a word of what made it too much. */
function mappingProblem(iamPrincipals: string): string | undefined {
  const bytes = Buffer.byteLength(iamPrincipals);
  return bytes <= MAX_IAM_PRINCIPALS_BYTES
    ? undefined
    : `iamPrincipals: ${bytes} bytes, and there is room for ${MAX_IAM_PRINCIPALS_BYTES} in the 4 KiB of environment that AWS gives a function: map fewer roles, and let people come with tokens (issuer)`;
}

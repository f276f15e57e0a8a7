/**
 * The whole system as one construct, for an app of one's own: `new NervousSystem(app, 'Nervous', { config, … })`. It
 * makes the five stacks, a sixth where a lake is asked for, and the order in which they are deployed; what each holds, the stacks decide.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Annotations, Aspects, Tags, type Environment } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { principalsOf } from '../core/policy/index.ts';
import type { NervousConfig } from '../core/system/index.ts';
import { defined, orBlank } from '../core/values/index.ts';
import { LeanDependencies } from './functions/lean-dependencies.ts';
import { ContextError } from './context.ts';
import { DEFAULT_AWS_SOURCES, type Deployment, type QueueNames } from './deployment.ts';
import { STAGES, type StageName, type StageSettings } from './environments.ts';
import { setFeatureFlags } from './feature-flags.ts';
import type { LedgerResources } from './ledger-resources.ts';
import { domainProblem, nameProblem } from './names.ts';
import { ApiStack } from './stacks/api-stack.ts';
import { BusStack } from './stacks/bus-stack.ts';
import { LakeStack } from './stacks/lake-stack.ts';
import { LedgerStack } from './stacks/ledger-stack.ts';
import { MonitoringStack } from './stacks/monitoring-stack.ts';
import { WorkflowStack } from './stacks/workflow-stack.ts';

export interface NervousSystemProps extends Partial<
  Omit<Deployment, 'stage' | 'config' | 'jwt' | 'executorFunctions'>
> {
  readonly config: NervousConfig;
  /** said even when there is none, because without one the entry point for tokens is taken away */
  readonly jwt: Deployment['jwt'];
  /** the file that exports `config`, which is bundled into the functions; default: `nervous.config.ts` in the folder where the app runs */
  readonly configFile?: string;
  /** default: `prod`, which retains everything */
  readonly stage?: StageName | StageSettings;
  /**
   * The app's own functions for executors that the configuration declares, by their names; made when the ledger is there, whose root
   * key they trust. Who plans and who carries out may invoke them, and nobody else gets the right to.
   */
  readonly executors?: (ledger: LedgerResources) => Readonly<Record<string, IFunction>>;
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
  /** undefined: nobody asked for one */
  readonly lake: LakeStack | undefined;

  constructor(scope: Construct, id: string, { env, executors = () => ({}), ...props }: NervousSystemProps) {
    super(scope, id);
    setFeatureFlags(this.node);
    const alone = deploymentOf(props);
    const common = {
      terminationProtection: !alone.stage.disposable, // all five: what waits in queues is recorded nowhere else
      ...defined({ env }),
    };
    const stackName = (stack: string): string => `${alone.name}-${stack}`;
    this.ledger = new LedgerStack(this, 'LedgerStack', {
      ...common,
      ...{ deployment: alone, stackName: stackName('LedgerStack') },
    });
    const deployment = { ...alone, executorFunctions: functionArns(executors(this.ledger), alone) };
    const base = { ...common, deployment };
    const onLedger = { ...base, ledger: this.ledger };
    this.bus = new BusStack(this, 'BusStack', { ...onLedger, stackName: stackName('BusStack') });
    this.workflow = new WorkflowStack(this, 'WorkflowStack', { ...onLedger, stackName: stackName('WorkflowStack') });
    this.api = new ApiStack(this, 'ApiStack', {
      ...{ ...onLedger, stackName: stackName('ApiStack') },
      functionNames: () => this.bus.delivery.names,
    });
    this.lake = alone.lake
      ? new LakeStack(this, 'LakeStack', { ...onLedger, stackName: stackName('LakeStack') })
      : undefined;
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
    this.warnOfUnreachable(deployment);
    Aspects.of(this).add(new LeanDependencies());
    Tags.of(this).add('nervous-system', deployment.name);
    Tags.of(this).add('stage', deployment.stage.name);
  }

  /**
   * Lets subscriptions send their events to a function of the app's own, under this name (docs/subscriptions.md). The system gets the right to
   * invoke exactly it; an alias or a version is a function of its own.
   * @throws ContextError CONTEXT_INVALID
   */
  addFunction(name: string, target: IFunction): void {
    this.bus.delivery.add(name, target);
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

  /** Not an error: an app may deploy before its executors are there. */
  private warnOfUnreachable({ config, executorFunctions }: Deployment): void {
    for (const [name, { function: named }] of Object.entries(config.executors)) {
      if (named !== undefined || name in executorFunctions) continue;
      const message = `executors: "${name}" has no function: give NervousSystem one, or name it in the configuration ("function"); until then proposals that use it are refused with EXECUTOR_FAILED`;
      Annotations.of(this.workflow).addWarningV2('nervous-system:executor-without-function', message);
    }
  }
}

/** @throws ContextError CONTEXT_INVALID when one is of no use, which would be a wrong name */
function functionArns(given: Readonly<Record<string, IFunction>>, { config }: Deployment): Record<string, string> {
  const declared = Object.keys(config.executors);
  const stranger = Object.keys(given).find((name) => !declared.includes(name));
  if (stranger !== undefined)
    throw new ContextError({
      code: 'CONTEXT_INVALID',
      message: `executors: "${stranger}" is no executor of the configuration, which declares ${declared.join(', ') || 'none'}`,
    });
  return Object.fromEntries(Object.entries(given).map(([name, { functionArn }]) => [name, functionArn]));
}

/** @throws ContextError CONTEXT_INVALID, for whoever uses the construct without the command line */
function deploymentOf(props: Omit<NervousSystemProps, 'env' | 'executors'>): Deployment {
  const { stage = 'prod', configFile = resolve('nervous.config.ts') } = props;
  const deployment: Deployment = {
    name: 'nervous',
    emulated: false,
    principalClaim: undefined,
    iamPrincipals: undefined,
    customDomain: undefined,
    alarmEmail: undefined,
    lake: false,
    awsSources: DEFAULT_AWS_SOURCES,
    ingressAccounts: [],
    executorFunctions: {},
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

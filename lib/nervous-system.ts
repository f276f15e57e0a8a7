/**
 * The whole system as one construct, for an app of one's own: `new NervousSystem(app, 'Nervous', { config, … })`. It
 * makes the five stacks and the order in which they are deployed; what each holds, the stacks decide.
 */
import { fileURLToPath } from 'node:url';
import { Tags, type Environment } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { NervousConfig } from '../core/system/index.ts';
import { DEFAULT_AWS_SOURCES, type Deployment } from './deployment.ts';
import { STAGES, type StageName, type StageSettings } from './environments.ts';
import { ApiStack } from './stacks/api-stack.ts';
import { BusStack } from './stacks/bus-stack.ts';
import { LedgerStack } from './stacks/ledger-stack.ts';
import { MonitoringStack } from './stacks/monitoring-stack.ts';
import { WorkflowStack } from './stacks/workflow-stack.ts';

export interface NervousSystemProps extends Partial<Omit<Deployment, 'stage' | 'config'>> {
  readonly config: NervousConfig;
  /** the file that exports `config`, which is bundled into the functions; default: this repository's nervous.config.ts */
  readonly configFile?: string;
  /** default: `prod`, which retains everything */
  readonly stage?: StageName | StageSettings;
  /** account and region; default: those of the credentials at deployment */
  readonly env?: Environment;
}

export class NervousSystem extends Construct {
  readonly ledger: LedgerStack;
  readonly bus: BusStack;
  readonly workflow: WorkflowStack;
  readonly api: ApiStack;
  readonly monitoring: MonitoringStack;

  constructor(scope: Construct, id: string, { env, ...props }: NervousSystemProps) {
    super(scope, id);
    const deployment = deploymentOf(props);
    const base = { deployment, ...(env === undefined ? {} : { env }) };
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
    });
    // Whatever takes requests comes after whatever the requests set in motion.
    this.workflow.addStackDependency(this.bus);
    this.api.addStackDependency(this.workflow);
    Tags.of(this).add('nervous-system', deployment.name);
    Tags.of(this).add('stage', deployment.stage.name);
  }
}

function deploymentOf(props: Omit<NervousSystemProps, 'env'>): Deployment {
  const { stage = 'prod', configFile = fileURLToPath(new URL('../nervous.config.ts', import.meta.url)) } = props;
  return {
    name: 'nervous',
    emulated: false,
    jwt: undefined,
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
}

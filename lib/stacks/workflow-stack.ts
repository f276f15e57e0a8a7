/**
 * What brings an approved change-set to its end: the state machine compiled from core's step table, the function that
 * takes its steps, and what wakes and heals its executions. It has no authority: losing all of it loses no decision.
 */
import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, LogLevel, StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { WORKFLOW } from '../../core/changes/index.ts';
import { acknowledgeWildcard } from '../constructs/acknowledge.ts';
import { NervousFunction } from '../functions/nervous-function.ts';
import { SafeQueue, sixTimes } from '../constructs/safe-queue.ts';
import { alsoRunEvery, runEvery } from '../functions/schedule.ts';
import { workflowDefinition } from '../constructs/workflow-definition.ts';
import { namesOf, type Deployment } from '../deployment.ts';
import { executorEnvironment, systemEnvironment } from '../functions/environment-variables.ts';
import type { LedgerResources } from '../ledger-resources.ts';

const RESUMER_TIMEOUT = Duration.seconds(30);
const STEP_TIMEOUT = Duration.minutes(1);
const RECONCILER_TIMEOUT = Duration.minutes(5);
/** Only what is due is read: a change-set that waits costs nothing. */
const HEAL_INTERVAL = Duration.minutes(1);
/** Everything, by name alone. What is missing then has nothing to do before its time comes or somebody wakes it. */
const COMPARE_INTERVAL = Duration.hours(1);
/** The reconciler makes all of it again from the ledger: it goes with its stack, in every stage, and takes its name along. */
const NO_AUTHORITY = RemovalPolicy.DESTROY;

export interface WorkflowStackProps extends StackProps {
  readonly deployment: Deployment;
  readonly ledger: LedgerResources;
}

export class WorkflowStack extends Stack {
  readonly wakeQueue: SafeQueue;

  constructor(scope: Construct, id: string, { deployment, ledger, ...props }: WorkflowStackProps) {
    super(scope, id, props);
    const common = { deployment, ledger };
    const environment = { ...systemEnvironment(this, deployment, ledger), ...executorEnvironment(deployment) };
    const step = new NervousFunction(this, 'Step', {
      ...common,
      lambda: 'workflow-step',
      environment,
      timeout: STEP_TIMEOUT,
    });
    const resumer = new NervousFunction(this, 'Waker', {
      ...common,
      lambda: 'waker',
      environment,
      timeout: RESUMER_TIMEOUT,
    });
    const reconciler = new NervousFunction(this, 'Reconciler', {
      ...common,
      lambda: 'workflow-reconciler',
      environment,
      timeout: RECONCILER_TIMEOUT,
    });
    this.wakeQueue = new SafeQueue(this, 'Wake', {
      queueName: namesOf(deployment).wakeQueue,
      removalPolicy: NO_AUTHORITY,
      visibilityTimeout: sixTimes(RESUMER_TIMEOUT),
      maxReceiveCount: 10,
    });
    resumer.consumeQueue(this.wakeQueue.queue, { batchSize: 10 });
    runEvery(reconciler, HEAL_INTERVAL, { event: { scope: 'due' } });
    alsoRunEvery(reconciler, COMPARE_INTERVAL, { scope: 'all' });
    const machine = this.makeStateMachine(deployment, step);
    new CfnOutput(this, 'StateMachineArn', { value: machine.stateMachineArn });
  }

  private makeStateMachine(deployment: Deployment, step: NervousFunction): StateMachine {
    const { stateMachine: name } = namesOf(deployment);
    const stepFunctionArn = step.function.functionArn;
    const machine = new StateMachine(this, 'ChangeSets', {
      stateMachineName: name,
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromString(
        this.toJsonString(workflowDefinition({ workflow: WORKFLOW, stepFunctionArn, partition: this.partition })),
      ),
      tracingEnabled: true,
      logs: {
        destination: new LogGroup(this, 'Executions', {
          logGroupName: `/aws/vendedlogs/states/${name}`,
          retention: deployment.stage.logRetention,
          removalPolicy: NO_AUTHORITY,
        }),
        level: LogLevel.ALL,
        includeExecutionData: false,
      },
      removalPolicy: NO_AUTHORITY,
    });
    machine.addToRolePolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [stepFunctionArn] }));
    machine.addToRolePolicy(
      new PolicyStatement({
        actions: ['states:StartExecution'],
        resources: [this.formatArn({ service: 'states', resource: `stateMachine:${name}` })],
      }),
    );
    acknowledgeWildcard(machine, '*', 'delivery of logs, and traces, have no resource-level permissions');
    return machine;
  }
}

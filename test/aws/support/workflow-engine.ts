/**
 * The workflow on Step Functions with everything else at hand: the state machine and its executions are real, the step
 * function hands its input to this process, where the real step runs on a ledger in memory and a clock the test moves.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateStateMachineCommand,
  DeleteStateMachineCommand,
  DescribeExecutionCommand,
  SFNClient,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { CountingIds } from '../../../adapters/memory/index.ts';
import { createGates, type Gates } from '../../../adapters/aws/workflow/gates.ts';
import { reconcileWorkflows, type Reconciled } from '../../../adapters/aws/workflow/reconciler.ts';
import { createQueueResumer } from '../../../adapters/aws/workflow/queue-resumer.ts';
import {
  createWorkflowStatuses,
  createTimekeeping,
  WORKFLOW,
  type Changes,
  type ChangesDependencies,
} from '../../../core/changes/index.ts';
import { takeStep, type StepAnswer } from '../../../lambdas/workflow-step/take-step.ts';
import { workflowDefinition } from '../../../lib/constructs/workflow-definition.ts';
import { createFixture, risk, type Fixture } from '../../core/changes/fixture.ts';
import { serveFunction, testRole } from './served-function.ts';

const POLL_MS = 20;

/** One machine for all tests of a file; each test brings its own ledger. */
export interface Machine {
  readonly sfn: SFNClient;
  readonly stateMachineArn: string;
  /** Takes the steps of the executions from now on. */
  serve(handler: (input: StepRequest) => Promise<StepAnswer>): void;
  close(): Promise<void>;
}

export interface StepRequest {
  readonly changeId: string;
  readonly step: string;
  readonly token?: string;
}

export async function openMachine(maxRounds?: number): Promise<Machine> {
  const name = `workflow-${randomBytes(6).toString('hex')}`;
  const sfn = new SFNClient();
  let handler: (input: StepRequest) => Promise<StepAnswer> = () => Promise.reject(new Error('nobody serves'));
  const steps = await serveFunction(name, (input) => handler(input as StepRequest));
  const definition = workflowDefinition({
    workflow: WORKFLOW,
    stepFunctionArn: steps.arn,
    partition: 'aws',
    ...(maxRounds === undefined ? {} : { maxRounds }),
  });
  const { stateMachineArn = '' } = await sfn.send(
    new CreateStateMachineCommand({ name, roleArn: await testRole(), definition: JSON.stringify(definition) }),
  );
  return {
    ...{ sfn, stateMachineArn },
    serve: (next) => void (handler = next),
    close: async () => {
      await sfn.send(new DeleteStateMachineCommand({ stateMachineArn }));
      await steps.close();
    },
  };
}

export interface Engine {
  readonly fixture: Fixture;
  /** wakes the state machine by its steps */
  readonly changes: Changes;
  readonly gates: Gates;
  /** steps asked for so far, in order */
  readonly asked: string[];
  readonly faults: {
    /** runs before a step; throws to make it fail */
    before?: (request: StepRequest) => Promise<void> | void;
    /** wake-ups are lost */
    deaf?: boolean;
  };
  readonly reconcile: () => Promise<Reconciled>;
  readonly stop: (changeId: string, attempt: number) => Promise<void>;
  readonly status: (changeId: string, attempt: number) => Promise<string>;
  /** Until its execution waits, knowing all that is recorded. */
  readonly untilWaiting: (changeId: string) => Promise<void>;
  readonly untilState: (changeId: string, state: string) => Promise<void>;
  readonly untilStatus: (changeId: string, attempt: number, status: string) => Promise<void>;
}

export function openEngine(machine: Machine, deps: Partial<ChangesDependencies> = {}): Engine {
  const { sfn, stateMachineArn } = machine;
  const fixture = createFixture({ deps });
  const gates = createGates('main', fixture.store);
  const statuses = createWorkflowStatuses({ ledger: 'main', items: fixture.store, clock: fixture.clock });
  const timekeeping = createTimekeeping({
    ...{ ledger: 'main', items: fixture.store, clock: fixture.clock },
    configured: risk,
  });
  const resumer = createQueueResumer({ client: sfn, stateMachineArn, gates, statuses });
  const faults: Engine['faults'] = {};
  const asked: string[] = [];
  const wake = async (id: string): Promise<void> => {
    if (faults.deaf !== true) setImmediate(() => void resumer(id));
  };
  const changes = fixture.other({ ids: new OwnIds(), onStep: (id) => void wake(id) });
  machine.serve(async (request) => {
    asked.push(request.token === undefined ? request.step : `${request.step}: wait`);
    await faults.before?.(request);
    return takeStep({ changes, statuses, gates, resumeQueue: { resume: wake }, clock: fixture.clock }, request);
  });
  const executionArn = (id: string, attempt: number): string =>
    `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${id}-${attempt}`;
  const status = async (id: string, attempt: number): Promise<string> => {
    const { status: found } = await sfn.send(new DescribeExecutionCommand({ executionArn: executionArn(id, attempt) }));
    return found ?? '';
  };
  return {
    ...{ fixture, changes, gates, faults, asked, status },
    reconcile: () =>
      reconcileWorkflows(
        {
          client: sfn,
          stateMachineArn,
          gates,
          statuses,
          timekeeping,
          resumeQueue: { resume: wake },
          clock: fixture.clock,
        },
        'due', // what is lost must not wait for the hour in which all are compared
      ),
    stop: async (id, attempt) => {
      await sfn.send(new StopExecutionCommand({ executionArn: executionArn(id, attempt) }));
    },
    untilWaiting: (id) =>
      until(async () => {
        const [gate, status] = [await gates.find(id), await statuses.of(id)];
        return gate !== undefined && gate.seen === status?.version;
      }, `${id} waits`),
    untilState: (id, state) => until(async () => (await fixture.record(id)).state === state, `${id} is ${state}`),
    untilStatus: (id, attempt, wanted) =>
      until(
        async () => (await status(id, attempt).catch(() => '')) === wanted,
        `execution ${attempt} of ${id} is ${wanted}`,
      ),
  };
}

/** Every engine has its own, because executions are named after them. */
class OwnIds extends CountingIds {
  private readonly prefix = randomBytes(4).toString('hex');

  override next(): string {
    return `${this.prefix}-${super.next()}`;
  }
}

/** The test's own time limit ends a wait in vain; what it waited for is then in the output. */
async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  const complaint = setTimeout(() => console.error(`still waiting until ${what}`), 20_000);
  try {
    while (!(await holds())) await sleep(POLL_MS);
  } finally {
    clearTimeout(complaint);
  }
}

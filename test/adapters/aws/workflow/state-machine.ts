/** Step Functions as far as the workflow uses it, in memory: executions by name and task tokens, behind the real SDK client. */
import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  ListExecutionsCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
  TaskDoesNotExist,
  type ExecutionStatus,
} from '@aws-sdk/client-sfn';
import { mockClient, type AwsClientStub } from 'aws-sdk-client-mock';

export const MACHINE = 'arn:aws:states:eu-central-1:123456789012:stateMachine:workflow';
const EXECUTION = MACHINE.replace(':stateMachine:', ':execution:');
const nothing = { message: '', $metadata: {} };

export interface FakeMachine {
  readonly client: SFNClient;
  readonly stateMachineArn: string;
  readonly calls: AwsClientStub<SFNClient>;
  readonly executions: Map<string, ExecutionStatus>;
  /** tokens somebody waits behind */
  readonly waiting: Set<string>;
  /** tokens answered, and with what */
  readonly answered: { token: string | undefined; output: string | undefined }[];
}

export function fakeMachine(pageSize = 1000): FakeMachine {
  const client = new SFNClient({ region: 'eu-central-1' });
  const calls = mockClient(client);
  const executions = new Map<string, ExecutionStatus>();
  const waiting = new Set<string>();
  const answered: FakeMachine['answered'] = [];
  const nameOf = (arn = ''): string => arn.slice(EXECUTION.length + 1);

  calls.on(StartExecutionCommand).callsFake(({ name = '' }: { name?: string }) => {
    if (executions.has(name)) throw new ExecutionAlreadyExists(nothing);
    executions.set(name, 'RUNNING');
    return { executionArn: `${EXECUTION}:${name}`, startDate: new Date() };
  });
  calls.on(DescribeExecutionCommand).callsFake(({ executionArn }: { executionArn?: string }) => {
    const status = executions.get(nameOf(executionArn));
    if (status === undefined) throw new ExecutionDoesNotExist(nothing);
    return { status };
  });
  calls.on(StopExecutionCommand).callsFake(({ executionArn }: { executionArn?: string }) => {
    executions.set(nameOf(executionArn), 'ABORTED');
    return { stopDate: new Date() };
  });
  calls.on(ListExecutionsCommand).callsFake(({ nextToken = '0' }: { nextToken?: string }) => {
    const running = [...executions].filter(([, status]) => status === 'RUNNING').map(([name]) => name);
    const end = Number(nextToken) + pageSize;
    return {
      executions: running
        .slice(Number(nextToken), end)
        .map((name) => ({ name, executionArn: `${EXECUTION}:${name}`, stateMachineArn: MACHINE })),
      nextToken: end < running.length ? String(end) : undefined,
    };
  });
  calls.on(SendTaskSuccessCommand).callsFake(({ taskToken, output }: { taskToken?: string; output?: string }) => {
    if (taskToken === undefined || !waiting.delete(taskToken)) throw new TaskDoesNotExist(nothing);
    answered.push({ token: taskToken, output });
    return {};
  });
  return { client, stateMachineArn: MACHINE, calls, executions, waiting, answered };
}

/**
 * Starting the execution of a change-set. Its name is made of the change-set and a number, so that however many wake-ups
 * meet, one execution runs: the names are taken one after the other, the next one only when the one before has ended.
 */
import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  StartExecutionCommand,
  type SFNClient,
} from '@aws-sdk/client-sfn';

/** Executions that ended before their change-set did, before somebody should look why. */
const MAX_ATTEMPTS = 1000;

export interface StateMachine {
  readonly client: SFNClient;
  readonly stateMachineArn: string;
}

/** `started`: by this call, or by one that met it. */
export type EnsuredExecution = { readonly kind: 'started' | 'running'; readonly attempt: number };

/** Makes sure that an execution runs. `from`: an attempt that is known to have been started. */
export async function ensureExecution(machine: StateMachine, changeId: string, from = 1): Promise<EnsuredExecution> {
  for (let attempt = from; attempt < from + MAX_ATTEMPTS; attempt++) {
    if (await start(machine, changeId, attempt)) return { kind: 'started', attempt };
    if (await isRunning(machine, changeId, attempt)) return { kind: 'running', attempt };
  }
  throw new Error(`${MAX_ATTEMPTS} executions of ${changeId} have ended before it did: look at the last one's history`);
}

/** False: the name is taken, by a running execution or one of the last 90 days. */
async function start({ client, stateMachineArn }: StateMachine, changeId: string, attempt: number): Promise<boolean> {
  const input = JSON.stringify({ changeId, attempt });
  try {
    await client.send(new StartExecutionCommand({ stateMachineArn, name: executionName(changeId, attempt), input }));
    return true;
  } catch (error) {
    if (error instanceof ExecutionAlreadyExists) return false;
    throw error;
  }
}

/** Describing lags behind starting: what was just refused as taken exists, and is young. */
async function isRunning(machine: StateMachine, changeId: string, attempt: number): Promise<boolean> {
  return (await executionStatusOf(machine, changeId, attempt)) !== 'ended';
}

/** Of one execution; `absent`: never started, or so long ago that nobody remembers, or a moment ago. */
export async function executionStatusOf(
  { client, stateMachineArn }: StateMachine,
  changeId: string,
  attempt: number,
): Promise<'running' | 'ended' | 'absent'> {
  const executionArn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${executionName(changeId, attempt)}`;
  try {
    const { status } = await client.send(new DescribeExecutionCommand({ executionArn }));
    return status === 'RUNNING' || status === 'PENDING_REDRIVE' ? 'running' : 'ended';
  } catch (error) {
    if (error instanceof ExecutionDoesNotExist) return 'absent';
    throw error;
  }
}

/** The definition's state `renew` makes the same name. */
function executionName(changeId: string, attempt: number): string {
  return `${changeId}-${attempt}`;
}

/** The change-set of an execution's name; undefined when we did not name it. */
export function changeOf(name: string): string | undefined {
  return /^(.+)-[1-9]\d*$/.exec(name)?.[1];
}

/**
 * Wakes a change-set's execution, or starts one when none runs: the only code that answers a task token. It decides
 * nothing: the execution reads the ledger, so that a wake-up too many, too late or forged is only work for nothing.
 * What is true when it dies in between: the message comes again.
 */
import { InvalidToken, SendTaskSuccessCommand, TaskDoesNotExist, TaskTimedOut } from '@aws-sdk/client-sfn';
import type { WorkflowStatuses } from '../../../core/changes/index.ts';
import { ensureExecution, type StateMachine } from './executions.ts';
import type { GateReader } from './gates.ts';

export interface WorkflowResumerOptions extends StateMachine {
  readonly statuses: Pick<WorkflowStatuses, 'of'>;
  readonly gates: GateReader;
}

/**
 * `woken`: its wait was ended. `running`: an execution is between two waits; it reads the ledger before it waits again.
 * `started`: none was running. `ended`: the workflow has nothing more to do. `unknown`: no such change-set.
 */
export type ResumeOutcome = 'woken' | 'running' | 'started' | 'ended' | 'unknown';

export type WorkflowResumer = (changeId: string) => Promise<ResumeOutcome>;

export function createQueueResumer({ statuses, gates, ...machine }: WorkflowResumerOptions): WorkflowResumer {
  return async (changeId) => {
    const gate = await gates.find(changeId);
    if (gate !== undefined && (await answer(machine, gate.token))) return 'woken';
    const status = await statuses.of(changeId);
    if (status === undefined) return 'unknown';
    if (status.doing === 'ended') return 'ended';
    return (await ensureExecution(machine, changeId, gate?.attempt)).kind;
  };
}

/** False: nobody waits behind this token any more. */
async function answer({ client }: StateMachine, taskToken: string): Promise<boolean> {
  try {
    await client.send(new SendTaskSuccessCommand({ taskToken, output: '{}' }));
    return true;
  } catch (error) {
    if (error instanceof TaskTimedOut || error instanceof TaskDoesNotExist || error instanceof InvalidToken)
      return false;
    throw error;
  }
}

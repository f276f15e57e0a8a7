/**
 * The workflow table as an Amazon States Language machine (Standard). It adds no decision of its own: every task asks the
 * step function, which reads the ledger, and goes where the table says its answer leads. What goes wrong is tried again
 * for ever; a run that has become long goes on as a new one. Pure: no CDK, no account.
 * States language: https://states-language.net; limits: 25,000 history events and one year an execution.
 */
import { FIRST_STEP, type StepName, type WorkflowStep } from '../../core/changes/index.ts';

/** Times the first step runs in one execution: few enough that no history gets full, whatever has to be tried again. */
export const MAX_ROUNDS = 100;
/** After a step has failed with all its retries. */
const TROUBLE_WAIT_S = 60;
/** Spread over time, so that a store that comes back is not met by everybody at once. */
const RETRY = {
  ErrorEquals: ['States.ALL'],
  IntervalSeconds: 1,
  BackoffRate: 2,
  MaxAttempts: 5,
  MaxDelaySeconds: 30,
  JitterStrategy: 'FULL',
};
/** A wait that ends by its time, and a next execution that is there already, are no failures. */
const never = (error: string): object => ({ ErrorEquals: [error], MaxAttempts: 0 });
const TIMEOUT = 'States.Timeout';
const ALREADY_EXISTS = 'StepFunctions.ExecutionAlreadyExistsException';
const CATCH_ALL = { ErrorEquals: ['States.ALL'], ResultPath: null, Next: 'trouble' };

export interface State {
  readonly Type: 'Task' | 'Choice' | 'Wait' | 'Pass' | 'Succeed' | 'Fail';
  readonly Next?: string;
  readonly Default?: string;
  readonly Choices?: readonly (Readonly<Record<string, unknown>> & { readonly Next: string })[];
  readonly Catch?: readonly { readonly ErrorEquals: readonly string[]; readonly Next: string }[];
  readonly [property: string]: unknown;
}
type States = Readonly<Record<string, State>>;

export interface StateMachineDefinition {
  readonly Comment: string;
  readonly StartAt: string;
  readonly States: States;
}

/** Every step of the table becomes a state of its name, with what belongs to it behind `<step>: …`. */
export function workflowDefinition(options: {
  readonly workflow: Readonly<Record<StepName, WorkflowStep>>;
  readonly stepFunctionArn: string;
  /** of AWS, which is not `aws` everywhere */
  readonly partition: string;
  /** default: MAX_ROUNDS */
  readonly maxRounds?: number;
}): StateMachineDefinition {
  const { workflow, stepFunctionArn: arn, partition, maxRounds = MAX_ROUNDS } = options;
  const callee: Callee = { arn, partition };
  const steps = Object.entries(workflow) as [StepName, WorkflowStep][];
  return {
    Comment:
      'One change-set on its way through the step table. The ledger decides; losing this execution loses nothing.',
    StartAt: 'begin',
    States: Object.assign(
      {},
      beginStates(),
      roundStates(maxRounds),
      ...steps.map(([name, step]) => stepStates(callee, name, step)),
      renewStates(callee),
      { trouble: { Type: 'Wait', Seconds: TROUBLE_WAIT_S, Next: FIRST_STEP } },
    ) as States,
  };
}

/** Only executions named after their change-set may run: two of different names could keep each other's wake-ups. */
function beginStates(): States {
  return {
    begin: {
      Type: 'Pass',
      Parameters: {
        'changeId.$': '$.changeId',
        'attempt.$': '$.attempt',
        round: 0,
        'name.$': '$$.Execution.Name',
        'expected.$': "States.Format('{}-{}', $.changeId, $.attempt)",
      },
      Next: 'begin: is it named so',
    },
    'begin: is it named so': {
      Type: 'Choice',
      Choices: [{ Variable: '$.name', StringEqualsPath: '$.expected', Next: FIRST_STEP }],
      Default: 'begin: refused',
    },
    'begin: refused': fail('the execution is not named <changeId>-<attempt>: let the waker start it'),
  };
}

/** Every loop of the table leads through its first step: there the rounds are counted, and what came before is forgotten. */
function roundStates(maxRounds: number): States {
  return {
    [FIRST_STEP]: {
      Type: 'Pass',
      Parameters: {
        'changeId.$': '$.changeId',
        'attempt.$': '$.attempt',
        'round.$': 'States.MathAdd($.round, 1)',
      },
      Next: `${FIRST_STEP}: how often`,
    },
    [`${FIRST_STEP}: how often`]: {
      Type: 'Choice',
      Choices: [{ Variable: '$.round', NumericGreaterThan: maxRounds, Next: 'renew' }],
      Default: `${FIRST_STEP}: ask`,
    },
  };
}

/** The function that takes steps, and the partition in which services are called. */
interface Callee {
  readonly arn: string;
  readonly partition: string;
}

function stepStates(callee: Callee, name: StepName, step: WorkflowStep): States {
  const ask = name === FIRST_STEP ? `${name}: ask` : name;
  switch (step.kind) {
    case 'task':
      return { [ask]: askState(callee, name), ...answerStates(name, Object.values(step.next)) };
    case 'wait':
      return {
        [ask]: askState(callee, name, { 'seen.$': '$.answer.seen' }),
        ...answerStates(name, [step.next], `${name}: wait`),
        [`${name}: wait`]: step.until === 'retry' ? pause(step.next) : gate(callee, name, step.next),
      };
    case 'end':
      return { [ask]: { ...askState(callee, name), Next: `${name}: done` }, [`${name}: done`]: { Type: 'Succeed' } };
  }
}

/** Lets the step function take one step. Its answer names the next one; nothing else is taken from it. */
function askState({ arn, partition }: Callee, step: StepName, more: object = {}): State {
  return {
    Type: 'Task',
    Resource: `arn:${partition}:states:::lambda:invoke`,
    Parameters: { FunctionName: arn, Payload: { 'changeId.$': '$.changeId', step, ...more } },
    ResultSelector: {
      'next.$': '$.Payload.next',
      'seen.$': '$.Payload.seen',
      'seconds.$': '$.Payload.seconds',
      'until.$': '$.Payload.until',
    },
    ResultPath: '$.answer',
    Retry: [RETRY],
    Catch: [CATCH_ALL],
    Next: `${step}: answer`,
  };
}

function answerStates(name: StepName, allowed: readonly StepName[], wait?: string): States {
  const is = (next: StepName): object => ({ Variable: '$.answer.next', StringEquals: next });
  const mustWait = { Variable: '$.answer.seconds', NumericGreaterThan: 0 };
  return {
    [`${name}: answer`]: {
      Type: 'Choice',
      Choices: [
        ...(wait === undefined ? [] : allowed.map((next) => ({ And: [is(next), mustWait], Next: wait }))),
        ...[...new Set(allowed)].map((next) => ({ ...is(next), Next: next })),
      ],
      Default: `${name}: refused`,
    },
    [`${name}: refused`]: fail(`"${name}" answered with a step that the table does not allow after it`),
  };
}

/** Waits until woken or until its time has come. Whoever answers the token, and with what, makes no difference. */
function gate({ arn, partition }: Callee, step: StepName, next: StepName): State {
  return {
    Type: 'Task',
    Resource: `arn:${partition}:states:::lambda:invoke.waitForTaskToken`,
    Parameters: {
      FunctionName: arn,
      Payload: {
        'changeId.$': '$.changeId',
        step,
        'token.$': '$$.Task.Token',
        'attempt.$': '$.attempt',
        'seen.$': '$.answer.seen',
        'until.$': '$.answer.until',
      },
    },
    TimeoutSecondsPath: '$.answer.seconds',
    ResultPath: null,
    Retry: [never(TIMEOUT), RETRY],
    Catch: [{ ErrorEquals: [TIMEOUT], ResultPath: null, Next: next }, CATCH_ALL],
    Next: next,
  };
}

/** A wait too short to be woken from. */
function pause(next: StepName): State {
  return { Type: 'Wait', SecondsPath: '$.answer.seconds', Next: next };
}

/** Goes on as the next execution before the history of this one is full. */
function renewStates({ partition }: Callee): States {
  return {
    renew: {
      Type: 'Pass',
      Parameters: {
        'changeId.$': '$.changeId',
        'attempt.$': '$.attempt',
        'round.$': '$.round',
        'next.$': 'States.MathAdd($.attempt, 1)',
      },
      Next: 'renew: start',
    },
    'renew: start': {
      Type: 'Task',
      Resource: `arn:${partition}:states:::states:startExecution`,
      Parameters: {
        'StateMachineArn.$': '$$.StateMachine.Id',
        'Name.$': "States.Format('{}-{}', $.changeId, $.next)",
        Input: {
          'changeId.$': '$.changeId',
          'attempt.$': '$.next',
          'AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$': '$$.Execution.Id',
        },
      },
      ResultPath: null,
      Retry: [never(ALREADY_EXISTS), RETRY],
      Catch: [{ ErrorEquals: [ALREADY_EXISTS], ResultPath: null, Next: 'renew: done' }, CATCH_ALL],
      Next: 'renew: done',
    },
    'renew: done': { Type: 'Succeed' },
  };
}

function fail(Cause: string): State {
  return { Type: 'Fail', Error: 'WorkflowRefused', Cause };
}

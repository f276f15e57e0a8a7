/** The state machine is the step table, the whole table and nothing but the table. */
import { describe, expect, it } from 'vitest';
import { FIRST_STEP, WORKFLOW, type StepName, type WorkflowStep } from '../../core/changes/index.ts';
import { MAX_ROUNDS, workflowDefinition, type State } from '../../lib/constructs/workflow-definition.ts';

const ARN = 'arn:aws:lambda:eu-central-1:123456789012:function:workflow-step';
const definition = workflowDefinition({ workflow: WORKFLOW, stepFunctionArn: ARN, partition: 'aws' });
const { States } = definition;
const steps = Object.entries(WORKFLOW) as [StepName, WorkflowStep][];
const stepNames = new Set<string>(Object.keys(WORKFLOW));

const HISTORY_LIMIT = 25_000;
/** of a change-set; core/changes/operations/content.ts */
const MAX_OPERATIONS = 20;

function state(name: string): State {
  const found = States[name];
  if (found === undefined) throw new Error(`no state "${name}"`);
  return found;
}

/** Where a state can go. */
function exits({ Next, Default, Choices = [], Catch = [] }: State): string[] {
  return [Next, Default, ...[...Choices, ...Catch].map((rule) => rule.Next)].filter((name) => name !== undefined);
}

/** The steps that can follow a step without another step in between, without what happens when something breaks. */
function followers(step: string): Set<string> {
  const found = new Set<string>();
  const seen = new Set<string>();
  const walk = (name: string): void => {
    for (const next of exits(state(name))) {
      if (stepNames.has(next)) found.add(next);
      else if (next !== 'trouble' && next !== 'renew' && !seen.has(next)) {
        seen.add(next);
        walk(next);
      }
    }
  };
  walk(step);
  return found;
}

interface Rule {
  readonly Variable: string;
  readonly StringEquals?: string;
  readonly NumericGreaterThan?: number;
  readonly And?: readonly Rule[];
}

/** Where an answer leads. */
function choose(name: string, answer: { next: string; seconds: number }): string | undefined {
  const holds = (rule: Rule): boolean => {
    if (rule.And !== undefined) return rule.And.every(holds);
    if (rule.Variable === '$.answer.next') return answer.next === rule.StringEquals;
    if (rule.Variable === '$.answer.seconds') return answer.seconds > (rule.NumericGreaterThan ?? Infinity);
    throw new Error(`what is ${rule.Variable}?`);
  };
  const { Choices = [], Default } = state(name);
  return Choices.find((choice) => holds(choice as unknown as Rule))?.Next ?? Default;
}

describe('the workflow definition', () => {
  it('has every step of the table, and after each the steps the table says', () => {
    for (const [name, step] of steps) {
      const expected = step.kind === 'task' ? Object.values(step.next) : step.kind === 'wait' ? [step.next] : [];
      expect([...followers(name)].sort(), name).toEqual([...new Set(expected)].sort());
    }
  });

  it('goes where every outcome of every task leads, and fails by name on anything else', () => {
    for (const [name, step] of steps) {
      if (step.kind !== 'task') continue;
      for (const next of Object.values(step.next))
        expect(choose(`${name}: answer`, { next, seconds: 0 }), `${name} → ${next}`).toBe(next);
      const allowed = new Set<string>(Object.values(step.next));
      for (const wrong of ['', 'unknown change-set', ...[...stepNames].filter((other) => !allowed.has(other))]) {
        const refused = state(choose(`${name}: answer`, { next: wrong, seconds: 0 }) ?? '');
        expect(refused, `${name} → ${wrong}`).toMatchObject({ Type: 'Fail' });
        expect(refused['Cause']).toContain(`"${name}"`);
      }
    }
  });

  it('waits only when there is something to wait for, and ends a wait by its time as by a wake-up', () => {
    for (const [name, step] of steps) {
      if (step.kind !== 'wait') continue;
      expect(choose(`${name}: answer`, { next: step.next, seconds: 0 })).toBe(step.next);
      expect(choose(`${name}: answer`, { next: step.next, seconds: 1 })).toBe(`${name}: wait`);
      expect(choose(`${name}: answer`, { next: 'apply', seconds: 1 })).toBe(`${name}: refused`);
      const wait = state(`${name}: wait`);
      expect(wait.Next).toBe(step.next);
      if (step.until === 'retry') {
        expect(wait).toMatchObject({ Type: 'Wait', SecondsPath: '$.answer.seconds' });
        continue;
      }
      expect(wait).toMatchObject({
        Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
        TimeoutSecondsPath: '$.answer.seconds',
        ResultPath: null, // what comes with the token is not even kept
        Parameters: { Payload: { 'token.$': '$$.Task.Token', 'seen.$': '$.answer.seen' } },
      });
      expect(wait.Catch?.[0]).toMatchObject({ ErrorEquals: ['States.Timeout'], Next: step.next });
      expect(wait['Retry']).toMatchObject([{ ErrorEquals: ['States.Timeout'], MaxAttempts: 0 }, {}]);
    }
  });

  it('never dies of a failing task: tries again with jitter, then waits and evaluates', () => {
    const tasks = Object.entries(States).filter(([, { Type }]) => Type === 'Task');
    expect(tasks.length).toBeGreaterThan(steps.length);
    for (const [name, { Retry, Catch }] of tasks) {
      const retry = (Retry as object[]).at(-1);
      expect(retry, name).toMatchObject({ ErrorEquals: ['States.ALL'], JitterStrategy: 'FULL', BackoffRate: 2 });
      expect(Catch?.at(-1), name).toMatchObject({ ErrorEquals: ['States.ALL'], Next: 'trouble' });
    }
    expect(state('trouble')).toMatchObject({ Type: 'Wait', Next: FIRST_STEP });
  });

  it('names only states that exist, and all of them can be reached', () => {
    const reached = new Set<string>();
    const walk = (name: string): void => {
      if (reached.has(name)) return;
      reached.add(name);
      for (const next of exits(state(name))) walk(next);
    };
    walk(definition.StartAt);
    expect([...reached].sort()).toEqual(Object.keys(States).sort());
    for (const name of reached) expect(name.length, name).toBeLessThanOrEqual(80);
  });

  it('passes only the change-set, the step and what the ledger said on to the step function', () => {
    for (const [name, { Resource, Parameters }] of Object.entries(States)) {
      if (typeof Resource !== 'string' || !Resource.includes('lambda')) continue;
      const { FunctionName, Payload } = Parameters as { FunctionName: string; Payload: { step: string } };
      expect(FunctionName).toBe(ARN);
      expect(name.startsWith(Payload.step), name).toBe(true);
      expect(Payload).toMatchObject({ 'changeId.$': '$.changeId' });
    }
  });

  it('goes on as a new execution before its history is full, even if every task needs all its retries', () => {
    const attempts = 6;
    const events = ({ Type, Resource }: State): number => {
      if (Type !== 'Task') return 2; // entered, exited
      return 2 + attempts * (String(Resource).endsWith('waitForTaskToken') ? 4 : 3); // scheduled, started, (submitted,) ended
    };
    const longest = (name: string, path: ReadonlySet<string>): number => {
      const lengths = exits(state(name))
        .filter((next) => next !== FIRST_STEP && !path.has(next))
        .map((next) => longest(next, new Set([...path, next])));
      return events(state(name)) + Math.max(0, ...lengths);
    };
    const round = longest(FIRST_STEP, new Set([FIRST_STEP]));
    const operation = events(state('intend')) + events(state('apply')) + events(state('undo')) + 3 * 2;
    expect(MAX_ROUNDS * round + MAX_OPERATIONS * operation).toBeLessThan(HISTORY_LIMIT);
    expect(exits(state('evaluate: how often'))).toEqual(['renew', 'evaluate: ask'].reverse());
  });

  it('lets no execution run that the workflow resumer would not find by its name', () => {
    expect(definition.StartAt).toBe('begin');
    expect(state('begin: is it named so')).toMatchObject({
      Choices: [{ Variable: '$.name', StringEqualsPath: '$.expected', Next: FIRST_STEP }],
      Default: 'begin: refused',
    });
  });

  it('W10: calls services in the partition it is deployed to', () => {
    const china = workflowDefinition({ workflow: WORKFLOW, stepFunctionArn: ARN, partition: 'aws-cn' });
    const called = Object.values(china.States).flatMap(({ Resource }) => (Resource === undefined ? [] : [Resource]));
    expect(called.length).toBeGreaterThan(steps.length);
    for (const resource of called) expect(resource).toMatch(/^arn:aws-cn:states:::/);
  });

  it('is what it was', () => {
    expect(definition).toMatchSnapshot();
  });
});

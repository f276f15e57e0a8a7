/** Executors of the app that deploys the system: found, invoked and granted by what the app says, and nothing beside it. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Annotations, Template } from 'aws-cdk-lib/assertions';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { IConstruct } from 'constructs';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defineConfig } from '../../core/system/index.ts';
import { ExecutorFunction } from '../../lib/functions/executor-function.ts';
import type { NervousSystemProps } from '../../lib/nervous-system.ts';
import { config as sample } from '../../nervous.config.ts';
import { ofType, statementsOf, synthesize, type Synthesized } from './synthesized.ts';

const LIMITS = { version: '1', description: 'limits', schema: z.string(), reversible: true, maxSeconds: 30 };
const config = defineConfig({ ...sample, executors: { limits: LIMITS } });
type Executors = NonNullable<NervousSystemProps['executors']>;

/** Beside the system, in the app that it is in. */
function stackBeside(part: IConstruct): Stack {
  const { root } = part.node;
  if (!(root instanceof App)) throw new TypeError('it is in no app');
  return new Stack(root, 'Mine');
}

const functionIn = (part: IConstruct): LambdaFunction =>
  new LambdaFunction(stackBeside(part), 'Limits', {
    ...{ runtime: Runtime.NODEJS_24_X, handler: 'index.handler', code: Code.fromInline('exports.handler = null') },
  });
const mine: Executors = ({ rootKey }) => ({ limits: functionIn(rootKey) });

/** The functions of the system that have something of the executor, by what the lambda is called. */
function told({ resources }: Synthesized): Record<string, unknown> {
  const functions = resources.filter(({ Type }) => Type === 'AWS::Lambda::Function');
  return Object.fromEntries(
    functions.flatMap(({ Properties }) => {
      const { Variables } = Properties['Environment'] as { Variables: Record<string, unknown> };
      const said = Variables['EXECUTOR_FUNCTIONS'];
      return said === undefined ? [] : [[String(Properties['FunctionName']), said]];
    }),
  );
}

const invoked = (synthesized: Synthesized): string[] =>
  ofType(synthesized, 'AWS::IAM::Policy').flatMap(({ id, Properties }) =>
    statementsOf(Properties['PolicyDocument'])
      .filter(({ Action, Resource }) => Action === 'lambda:InvokeFunction' && JSON.stringify(Resource).includes('Mine'))
      .map(() => id.replace(/Role.*$/, '')),
  );

describe('executors of an app', () => {
  it('are told to who plans and who carries out, who may invoke them, and no other function may', () => {
    const synthesized = synthesize({ config, executors: mine });
    const arn = expect.stringMatching(/ImportValue.*MineLimits|Mine:ExportsOutput.*Limits/) as string;
    const functions = told(synthesized);
    expect(Object.keys(functions).sort()).toEqual(['nervous-change-sets', 'nervous-workflow-step']);
    for (const said of Object.values(functions)) expect(JSON.stringify(said)).toEqual(arn);
    expect(invoked(synthesized).sort()).toEqual(['Groupchangesets', 'Step']);
  });

  it('are none where the app names none, and the templates say nothing of them', () => {
    expect(told(synthesize())).toEqual({});
  });

  it('must be declared: a name that the configuration does not have is a mistake', () => {
    const executors: Executors = ({ rootKey }) => ({ limit: functionIn(rootKey) });
    expect(() => synthesize({ config, executors })).toThrow(
      'executors: "limit" is no executor of the configuration, which declares limits',
    );
  });

  it('of which one is declared and cannot be reached on AWS: a warning says what to do', () => {
    const warnings = (props: Partial<NervousSystemProps>): readonly unknown[] =>
      Annotations.fromStack(Stack.of(synthesize(props).system.workflow)).findWarning(
        '*',
        'executors: "limits" has no function: give NervousSystem one, or name it in the configuration ("function"); until then proposals that use it are refused with EXECUTOR_FAILED [ack: nervous-system:executor-without-function]',
      );
    expect(warnings({ config })).toHaveLength(1);
    expect(warnings({ config, executors: mine })).toEqual([]);
    const named = defineConfig({ ...sample, executors: { limits: { ...LIMITS, function: 'limits:live' } } });
    expect(warnings({ config: named })).toEqual([]);
  });
});

describe('ExecutorFunction', () => {
  it('knows the root key of the ledger and may ask for its public half, and for nothing else', () => {
    const entry = join(mkdtempSync(join(tmpdir(), 'nervous-executor-')), 'executor.ts');
    writeFileSync(entry, 'export const handler = async (): Promise<null> => null;\n');
    let stack: Stack | undefined;
    const executors: Executors = (ledger) => {
      stack = stackBeside(ledger.rootKey);
      return { limits: new ExecutorFunction(stack, 'Limits', { entry, ledger, origin: config.origin }) };
    };
    synthesize({ config, executors });
    const template = Template.fromStack(stack ?? new Stack());
    const [made] = Object.values(template.findResources('AWS::Lambda::Function'));
    const { Properties } = made as { Properties: Record<string, unknown> };
    expect(Properties).toMatchObject({
      ...{ Runtime: 'nodejs24.x', Handler: 'index.handler', Timeout: 30 },
      Environment: { Variables: { LEDGER_ORIGIN: config.origin, ROOT_KEY_ID: expect.anything() as unknown } },
    });
    const actions = Object.values(template.findResources('AWS::IAM::Policy')).flatMap(({ Properties: policy }) =>
      statementsOf((policy as { PolicyDocument: unknown }).PolicyDocument).flatMap(({ Action }) => Action),
    );
    expect(actions).toEqual(['kms:GetPublicKey']);
  });
});

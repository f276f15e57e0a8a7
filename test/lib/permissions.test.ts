/**
 * Every function may do exactly what its code can ask AWS for. What it can ask for is derived from its bundle: the SDK
 * commands that are made, and the calls of our own clients of S3 and KMS that are used, in the modules esbuild puts into it. This is compared with `permissions.ts`, and that with the
 * policy of the function's role, both ways.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { build } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import * as kms from '../../adapters/aws/keys/kms.ts';
import * as s3 from '../../adapters/aws/log/s3-bucket.ts';
import { bundleOptions } from '../../lib/functions/bundling.ts';
import { MAX_FUNCTIONS } from '../../lib/constructs/delivery.ts';
import { LAMBDA_NAMES, LAMBDAS, type LambdaName } from '../../lib/functions/lambdas.ts';
import * as z from 'zod';
import { defineConfig } from '../../core/system/index.ts';
import { config } from '../../nervous.config.ts';
import { synthesize } from './synthesized.ts';

/** The sample declares no executor; where one is declared, it may be invoked. */
const EXECUTOR = { version: '1', description: 'limits', schema: z.string(), reversible: true, maxSeconds: 30 };
const withExecutor = defineConfig({ ...config, executors: { limits: { ...EXECUTOR, function: 'limits:live' } } });

const TOTAL = 'arn:aws:lambda:eu-west-1:123456789012:function:total:live';

/** The IAM action of a command where it is not the command's own name, or more than one. */
const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  TransactWriteItems: ['PutItem', 'UpdateItem', 'DeleteItem', 'ConditionCheckItem'],
  TransactGetItems: ['GetItem'],
  SendMessageBatch: ['SendMessage'],
  DeleteMessageBatch: ['DeleteMessage'],
  ChangeMessageVisibilityBatch: ['ChangeMessageVisibility'],
  CreateQueue: ['CreateQueue', 'TagQueue'],
  Invoke: ['InvokeFunction'],
};
/** The calls of our own clients: all that their files export, or the test fails. */
const OWN_ACTIONS: Readonly<Record<string, string>> = {
  getObject: 's3:GetObject',
  putObject: 's3:PutObject',
  listObjects: 's3:ListBucket',
  listVersions: 's3:ListBucketVersions',
  deleteObjects: 's3:DeleteObject',
  getPublicKey: 'kms:GetPublicKey',
  sign: 'kms:Sign',
  encrypt: 'kms:Encrypt',
  decrypt: 'kms:Decrypt',
};
/** Files of ours that make these calls, for whoever loads them. */
const OWN_WAYS: Readonly<Record<string, readonly string[]>> = {
  'adapters/aws/request/invoke-function.ts': ['lambda:InvokeFunction'],
  'adapters/aws/request/measure-queue.ts': ['sqs:GetQueueUrl', 'sqs:GetQueueAttributes'],
  'adapters/aws/request/send-to-queue.ts': ['sqs:SendMessage'],
  'adapters/aws/wiring/system-figures.ts': ['cloudwatch:GetMetricData'],
};
const OWN_CALLS = ['adapters/aws/log/s3-bucket.ts', 'adapters/aws/keys/kms.ts'];
/** What an action takes beside: to be told that an object is missing, and to read one of its versions. */
const BESIDE: Readonly<Record<string, string>> = {
  's3:ListBucket': 's3:GetObject',
  's3:GetObjectVersion': 's3:GetObject',
};
const SERVICES: Readonly<Record<string, string>> = { eventbridge: 'events', sfn: 'states' };
/** What the construct grants beside: the function's log and traces, and reading its own event source. */
const OF_THE_CONSTRUCT = [
  'logs:CreateLogStream',
  'logs:PutLogEvents',
  'xray:PutTelemetryRecords',
  'xray:PutTraceSegments',
];
const OF_A_STREAM = [
  ...['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'].map((name) => `dynamodb:${name}`),
  ...['GetQueueAttributes', 'GetQueueUrl', 'SendMessage'].map((name) => `sqs:${name}`), // what was given up
];
const OF_A_QUEUE = [
  'ChangeMessageVisibility',
  'DeleteMessage',
  'GetQueueAttributes',
  'GetQueueUrl',
  'ReceiveMessage',
].map((name) => `sqs:${name}`);
const EVENT_SOURCE: Readonly<Partial<Record<LambdaName, readonly string[]>>> = {
  sequencer: OF_A_STREAM,
  router: OF_A_STREAM,
  ingest: OF_A_QUEUE,
  waker: OF_A_QUEUE,
  burier: OF_A_QUEUE,
  delivery: OF_A_QUEUE,
};

/** Actions of the store, which is one class for those that read and those that write. */
const items = (...names: readonly string[]): string[] => names.map((name) => `dynamodb:${name}Item`);
const WRITES = items('Put', 'Update', 'Delete', 'ConditionCheck');
/**
 * What a bundle holds and its function never calls, and so may not do: methods of classes cannot be left out of a bundle. For
 * each part of a transaction by itself; that no more is asked for shows where policies are enforced (test/aws/scenarios.test.ts, W12).
 */
const NEVER_CALLED: Readonly<Partial<Record<LambdaName, readonly string[]>>> = {
  read: items('Update', 'Delete', 'ConditionCheck'), // appends entries of the access journal, without conditions
  verify: ['kms:Sign', ...items('Put', 'ConditionCheck')], // hands over to itself
  service: ['kms:Sign', ...WRITES], // asks whether the root key is there
  'log-publisher': WRITES,
  subscriptions: ['kms:Sign', ...items('ConditionCheck')], // checks signatures with the signer's public key
  sequencer: items('Delete', 'ConditionCheck'), // appends entries and records of the log, and moves its cursor
  router: items('Update', 'Delete', 'ConditionCheck'), // moves cursors, each over the version it read
  'subscription-reconciler': items('ConditionCheck'),
  delivery: ['kms:Encrypt', ...items('ConditionCheck')], // the key that signs was made when the first receiver was asked
  burier: ['dynamodb:BatchGetItem', ...items('Delete', 'ConditionCheck')], // looks single entries up, never a segment of the log
};

const commands = new Map<LambdaName, ReadonlySet<string>>();

/** The product's modules of each bundle, tree-shaken ones left out. */
beforeAll(async () => {
  const [first = 'publish'] = LAMBDA_NAMES;
  const { metafile } = await build({
    ...bundleOptions(join('lambdas', first, 'handler.ts'), join(process.cwd(), 'nervous.config.ts')),
    entryPoints: LAMBDA_NAMES.map((name) => join('lambdas', name, 'handler.ts')),
    ...{ outdir: 'bundles', outbase: 'lambdas', write: false, metafile: true },
  });
  for (const name of LAMBDA_NAMES) {
    const { inputs = {} } = metafile.outputs[`bundles/${name}/handler.js`] ?? {};
    const used = Object.keys(inputs).filter(
      (path) => (inputs[path]?.bytesInOutput ?? 0) > 0 && !path.includes('node_modules') && !path.startsWith('<'),
    );
    expect(used.length, name).toBeGreaterThan(3);
    const sources = used.map((path) => readFileSync(path, 'utf8'));
    commands.set(name, new Set(sources.flatMap((source) => [...actionsMade(source), ...ownActionsUsed(source)])));
    for (const [file, actions] of Object.entries(OWN_WAYS))
      if (used.includes(file)) commands.set(name, new Set([...(commands.get(name) ?? []), ...actions]));
    // Whoever asks S3 or KMS past those calls would not be seen here.
    const asking = used.filter(
      (path, i) => /\b(bucket|kms)\??\s*\.send\b/i.test(sources[i] ?? '') && !OWN_CALLS.includes(path),
    );
    expect(asking, name).toEqual([]);
  }
}, 300_000);

function actionsMade(source: string): string[] {
  const imports = [...source.matchAll(/import \{([^}]*)\} from '@aws-sdk\/client-([a-z0-9]+)'/g)];
  return imports.flatMap(([, names = '', client = '']) => {
    const service = SERVICES[client] ?? client;
    return [...names.matchAll(/\b(\w+)Command\b/g)]
      .map(([, command = '']) => command)
      .filter((command) =>
        new RegExp(`new ${command}Command\\(|\\b${command}Command\\b(?=[,)])`).test(source.replace(names, '')),
      )
      .flatMap((command) => (ACTIONS[command] ?? [command]).map((action) => `${service}:${action}`));
  });
}

function ownActionsUsed(source: string): string[] {
  const imports = [...source.matchAll(/import \{([^}]*)\} from '[./\w-]*\/(?:s3-bucket|kms)\.ts'/g)];
  return imports.flatMap(([statement, names = '']) =>
    [...names.matchAll(/(?<!type )\b(\w+)(?=\s*(?:,|$))/g)]
      .map(([, call = '']) => call)
      .filter((call) => call !== 'createKms' && new RegExp(`\\b${call}\\b`).test(source.replace(statement, '')))
      .map((call) => OWN_ACTIONS[call] ?? `unknown call ${call}`),
  );
}

/** Actions that the role's policies allow, with the text of their resources. */
const prod = synthesize({ config: withExecutor, lake: true }, {}, (system) => {
  system.addFunction('total', { functionArn: TOTAL } as IFunction);
});
function allowed(name: LambdaName): string[] {
  const lambda = prod.resources.find(({ Properties }) => Properties['FunctionName'] === `nervous-${name}`);
  const role = (lambda?.Properties['Role'] as { 'Fn::GetAtt': [string] } | undefined)?.['Fn::GetAtt'][0];
  const policies = prod.resources.filter(
    ({ Type, stack, Properties }) =>
      Type === 'AWS::IAM::Policy' &&
      stack === lambda?.stack &&
      JSON.stringify(Properties['Roles']) === JSON.stringify([{ Ref: role }]),
  );
  const statements = policies.flatMap(
    ({ Properties }) => (Properties['PolicyDocument'] as { Statement: { Action: string | string[] }[] }).Statement,
  );
  return [...new Set(statements.flatMap(({ Action }) => Action))].sort();
}

const declared = (name: LambdaName): string[] =>
  [...new Set(LAMBDAS[name].permissions.map(({ action }) => action))].sort();

describe.each(LAMBDA_NAMES)('%s', (name) => {
  it('may do everything its code asks for', () => {
    const missing = [...(commands.get(name) ?? [])].filter((action) => !declared(name).includes(action));
    expect(missing.sort()).toEqual([...(NEVER_CALLED[name] ?? [])].sort());
  });

  it('may do nothing its code cannot ask for', () => {
    const asked = (action: string): boolean => commands.get(name)?.has(action) === true;
    expect(declared(name).filter((action) => !asked(action) && !asked(BESIDE[action] ?? ''))).toEqual([]);
  });

  it('has a role that allows exactly what it declares', () => {
    const expected = new Set([...declared(name), ...OF_THE_CONSTRUCT, ...(EVENT_SOURCE[name] ?? [])]);
    expect(allowed(name)).toEqual([...expected].sort());
  });
});

it('knows every call of our own clients', () => {
  const calls = Object.entries({ ...s3, ...kms }).flatMap(([name, value]) =>
    typeof value === 'function' && name !== 'createKms' ? [name] : [],
  );
  expect(calls.sort()).toEqual(Object.keys(OWN_ACTIONS).sort());
});

it('executors may be invoked by who plans and who carries out, those that are declared and no others', () => {
  const invoking = LAMBDA_NAMES.filter((name) =>
    LAMBDAS[name].permissions.some(({ resource }) => (resource as string) === 'executors'),
  );
  expect(invoking).toEqual(['change-sets', 'workflow-step']);
  const onIt = (resources: typeof prod.resources): number =>
    resources.filter((one) => one.Type === 'AWS::IAM::Policy' && /:function:limits:live"/.test(JSON.stringify(one)))
      .length;
  expect(onIt(prod.resources)).toBe(2);
  const sample = synthesize().resources.filter(({ Type }) => Type === 'AWS::IAM::Policy');
  expect(sample.filter((one) => JSON.stringify(one).includes('"Resource":[]'))).toEqual([]);
});

it('functions that were added may be invoked by who delivers, each by itself, and by nobody else', () => {
  const invoking = (resources: typeof prod.resources) =>
    resources.filter((one) => one.Type === 'AWS::IAM::Policy' && JSON.stringify(one).includes(TOTAL));
  expect(invoking(prod.resources)).toHaveLength(1);
  const { Statement } = invoking(prod.resources)[0]?.Properties['PolicyDocument'] as {
    Statement: { Action: unknown; Resource: unknown }[];
  };
  expect(Statement.filter(({ Action }) => Action === 'lambda:InvokeFunction')).toEqual([
    { Action: 'lambda:InvokeFunction', Effect: 'Allow', Resource: TOTAL },
  ]);
  const variables = (name: string) =>
    prod.resources.find(({ Properties: { FunctionName } }) => FunctionName === `nervous-${name}`)?.Properties[
      'Environment'
    ] as { Variables: Record<string, unknown> };
  expect(variables('delivery').Variables['FUNCTIONS']).toBe(JSON.stringify({ total: TOTAL }));
  expect(variables('subscriptions').Variables['FUNCTION_NAMES']).toBe('total');
});

it('a function is added once, under a name that a subscription can say, and no more than its environment holds', () => {
  const target = { functionArn: TOTAL } as IFunction;
  synthesize({}, {}, (system) => {
    system.addFunction('a', target);
    expect(() => system.addFunction('a', target)).toThrow(/added before/);
    expect(() => system.addFunction('a b', target)).toThrow(/no name/);
    for (let i = 1; i < MAX_FUNCTIONS; i++) system.addFunction(`f${i}`, target);
    expect(() => system.addFunction('more', target)).toThrow(/one too many/);
  });
});

it('nobody may change or delete an entry, and only the workflow resumer may answer task tokens', () => {
  const on = (resource: string) =>
    new Set(
      LAMBDA_NAMES.flatMap((name) =>
        LAMBDAS[name].permissions
          .filter((permission) => permission.resource === resource)
          .map(({ action }) => action as string),
      ),
    );
  expect([...on('entries')].filter((action) => /Update|Delete|PartiQL|BatchWrite/.test(action))).toEqual([]);
  const answering = LAMBDA_NAMES.filter((name) =>
    declared(name).some((action) => action.startsWith('states:SendTask')),
  );
  expect(answering).toEqual(['waker']);
});

/**
 * Every function may do exactly what its code can ask AWS for. What it can ask for is derived from its bundle: the SDK
 * commands that are made, and the calls of our S3 client that are used, in the modules esbuild puts into it. This is compared with `permissions.ts`, and that with the
 * policy of the function's role, both ways.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import * as s3 from '../../adapters/aws/log/s3-bucket.ts';
import { bundleOptions } from '../../lib/constructs/bundling.ts';
import { LAMBDA_NAMES, LAMBDAS, type LambdaName } from '../../lib/lambdas.ts';
import { synthesize } from './synthesized.ts';

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
/** Our own S3 client's calls: all it exports, or the test fails. */
const S3_ACTIONS: Readonly<Record<string, string>> = {
  getObject: 's3:GetObject',
  putObject: 's3:PutObject',
  listObjects: 's3:ListBucket',
  listVersions: 's3:ListBucketVersions',
  deleteObjects: 's3:DeleteObject',
};
const S3_CALLS = 'adapters/aws/log/s3-bucket.ts';
/** What an action takes beside: to be told that an object is missing, and to read one of its versions. */
const BESIDE: Readonly<Record<string, string>> = {
  's3:ListBucket': 's3:GetObject',
  's3:GetObjectVersion': 's3:GetObject',
};
/** A transaction may hold any of them; which it holds is the code's business. */
const WITHIN_TRANSACTIONS = new Set(ACTIONS['TransactWriteItems']);
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
};

const MESSAGES = ['SendMessage', 'ReceiveMessage', 'DeleteMessage', 'ChangeMessageVisibility'].map(
  (name) => `sqs:${name}`,
);
/** What a bundle holds and its function never calls, and so may not do: methods of classes cannot be left out of a bundle. */
const NEVER_CALLED: Readonly<Partial<Record<LambdaName, readonly string[]>>> = {
  read: ['kms:Sign', ...MESSAGES], // checks signatures with the signer's public key, and counts messages
  verify: ['kms:Sign'],
  service: MESSAGES, // counts messages
  burier: ['dynamodb:BatchGetItem'], // looks single entries up, never a stretch of the log
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
      (path) => (inputs[path]?.bytesInOutput ?? 0) > 0 && !path.includes('node_modules'),
    );
    expect(used.length, name).toBeGreaterThan(3);
    const sources = used.map((path) => readFileSync(path, 'utf8'));
    commands.set(name, new Set(sources.flatMap((source) => [...actionsMade(source), ...s3ActionsUsed(source)])));
    // Our own way to invoke a function.
    if (used.includes('adapters/aws/invoke-function.ts'))
      commands.set(name, new Set([...(commands.get(name) ?? []), 'lambda:InvokeFunction']));
    // Whoever asks S3 past those calls would not be seen here.
    const asking = used.filter((path, i) => /\bbucket\??\s*\.send\b/i.test(sources[i] ?? '') && path !== S3_CALLS);
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

function s3ActionsUsed(source: string): string[] {
  const imports = [...source.matchAll(/import \{([^}]*)\} from '[./\w-]*\/s3-bucket\.ts'/g)];
  return imports.flatMap(([statement, names = '']) =>
    [...names.matchAll(/(?<!type )\b(\w+)(?=\s*(?:,|$))/g)]
      .map(([, call = '']) => call)
      .filter((call) => new RegExp(`\\b${call}\\b`).test(source.replace(statement, '')))
      .map((call) => S3_ACTIONS[call] ?? `unknown call ${call}`),
  );
}

/** Actions that the role's policies allow, with the text of their resources. */
const prod = synthesize();
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
    const missing = [...(commands.get(name) ?? [])].filter(
      (action) => !declared(name).includes(action) && !optional(action),
    );
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

function optional(action: string): boolean {
  const [service, name = ''] = action.split(':');
  return service === 'dynamodb' && WITHIN_TRANSACTIONS.has(name);
}

it('knows every call of the S3 client', () => {
  const calls = Object.entries(s3).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []));
  expect(calls.sort()).toEqual(Object.keys(S3_ACTIONS).sort());
});

it('nobody may change or delete an entry, and only the waker may answer task tokens', () => {
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

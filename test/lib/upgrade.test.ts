/**
 * The stacks of the last release (test/golden/a3e27e8/templates.json) updated in place to those of today: nothing that holds state is
 * replaced, dropped or less protected, and nothing that has a name of its own, which CloudFormation could not make a second time.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { STAGES, type StageName } from '../../lib/environments.ts';
import { lossesIn, reduced, type ReducedTemplate } from './replacements.ts';
import { STACKS, synthesize, type StackName } from './synthesized.ts';

type Templates = Readonly<Record<StageName, Readonly<Record<StackName, ReducedTemplate>>>>;
const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, '../golden/a3e27e8/templates.json'), 'utf8'),
) as Templates;

describe.each(Object.keys(STAGES) as StageName[])('stage %s', (stage) => {
  const { template } = synthesize({ stage });

  it.each(STACKS)('%s loses nothing when it is updated', (stack) => {
    expect(lossesIn(golden[stage][stack], reduced(template(stack).toJSON()))).toEqual([]);
  });

  it('was made of the same stacks, with what must never be lost in the first', () => {
    expect(Object.keys(golden[stage])).toEqual([...STACKS]);
    const types = Object.values(golden[stage].LedgerStack).map(({ Type }) => Type);
    expect(types).toEqual(expect.arrayContaining(['AWS::DynamoDB::Table', 'AWS::KMS::Key', 'AWS::S3::Bucket']));
  });
});

/** A change of one resource of a type, and what has to be said of it. */
const PLANTED: readonly (readonly [type: string, change: object | undefined, said: RegExp])[] = [
  [
    'AWS::DynamoDB::Table',
    { KeySchema: [{ AttributeName: 'other', KeyType: 'HASH' }] },
    /because KeySchema is another/,
  ],
  ['AWS::DynamoDB::Table', { TableName: 'entries' }, /because TableName is another/],
  ['AWS::S3::Bucket', { BucketName: 'log' }, /because BucketName is another/],
  ['AWS::KMS::Key', undefined, /is gone/],
  ['AWS::SQS::Queue', { FifoQueue: true }, /because FifoQueue is another/],
  ['AWS::SQS::Queue', { QueueName: 'other' }, /because QueueName is another/],
  ['AWS::Events::EventBus', { Name: 'other' }, /because Name is another/],
  ['AWS::Events::Archive', { ArchiveName: 'other' }, /because ArchiveName is another/],
  ['AWS::StepFunctions::StateMachine', { StateMachineType: 'EXPRESS' }, /because StateMachineType is another/],
  ['AWS::Lambda::Function', { FunctionName: 'other' }, /because FunctionName is another/],
  ['AWS::IAM::Role', { RoleName: 'other' }, /because RoleName is another/],
];

it.each(PLANTED)('%s with %o is noticed', (type, change, said) => {
  const all = Object.values(golden.prod)
    .map(Object.entries<ReducedTemplate[string]>)
    .flat();
  const found = all.find(([, { Type }]) => Type === type);
  if (found === undefined) throw new Error(`the templates have no ${type}`);
  const [id, resource] = found;
  const to = change === undefined ? {} : { [id]: { ...resource, Properties: { ...resource.Properties, ...change } } };
  expect(lossesIn({ [id]: resource }, to)).toEqual([expect.stringMatching(said)]);
});

it('a table that would no longer be kept is noticed', () => {
  const [id, table] =
    Object.entries(golden.prod.LedgerStack).find(([, { Type }]) => Type === 'AWS::DynamoDB::Table') ?? [];
  if (id === undefined || table === undefined) throw new Error('there is no table');
  expect(table).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  expect(lossesIn({ [id]: table }, { [id]: { ...table, DeletionPolicy: 'Delete' } })).toEqual([
    `AWS::DynamoDB::Table ${id}: DeletionPolicy is Delete`,
  ]);
});

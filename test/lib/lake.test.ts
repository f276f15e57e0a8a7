/** The audit lake of a system that asks for one: what AWS would refuse, what is kept and from whom, and what is not there unless asked for. */
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { placeOfTable, tablePath } from '../../core/lake/layout.ts';
import { CLASS_NAMES, columnsOf, QUESTIONS, type Column } from '../../core/lake/index.ts';
import { readContext } from '../../lib/context.ts';
import { App } from 'aws-cdk-lib';
import { ofType, statementsOf, synthesize, text } from './synthesized.ts';

const prod = synthesize({ lake: true, name: 'mybus' });
const dev = synthesize({ lake: true, stage: 'dev' });
const lakeOnly = (system: typeof prod) => system.resources.filter(({ stack }) => stack === 'LakeStack');
type Names = readonly { readonly Name: string; readonly Type: string }[];
interface TableInput {
  readonly Name: string;
  readonly PartitionKeys: Names;
  readonly Parameters: Readonly<Record<string, unknown>>;
  readonly StorageDescriptor: { readonly Columns: Names; readonly Location: unknown };
}
const tables = ofType(prod, 'AWS::Glue::Table').map(({ Properties }) => Properties['TableInput'] as TableInput);

/** Reads a type as Hive does: what it does not know it refuses. */
function parseType(type: string): unknown {
  let at = 0;
  const take = (pattern: RegExp): string => {
    const [token = ''] = new RegExp(pattern.source, 'y').exec(type.slice(at)) ?? [];
    if (token === '') throw new Error(`${type} at ${at}`);
    at += token.length;
    return token;
  };
  const parse = (): unknown => {
    const name = take(/string|int|bigint|array<|struct</);
    if (name === 'array<') {
      const element = parse();
      take(/>/);
      return [element];
    }
    if (name !== 'struct<') return name;
    const fields: Record<string, unknown> = {};
    for (;;) {
      const field = take(/[a-z][a-z0-9_]*:/).slice(0, -1);
      expect(fields).not.toHaveProperty(field);
      fields[field] = parse();
      if (take(/[,>]/) === '>') return fields;
    }
  };
  const parsed = parse();
  if (at !== type.length) throw new Error(`${type} at ${at}`);
  return parsed;
}

/** What a column of the Parquet files is, said independently of the code that makes Glue's types. */
function shapeOf(column: Column): unknown {
  if ('fields' in column) {
    const fields = Object.fromEntries(column.fields.map((field) => [field.name, shapeOf(field)]));
    return column.isList === true ? [fields] : fields;
  }
  return { text: 'string', int: 'int', long: 'bigint', texts: ['string'] }[column.type];
}

describe('tables of Glue', () => {
  it('are one for each class, in a database whose name Athena takes unquoted', () => {
    const [database] = ofType(prod, 'AWS::Glue::Database');
    const { Name } = database?.Properties['DatabaseInput'] as { Name: string };
    expect(Name).toBe('mybus_lake');
    expect(Name).toMatch(/^[a-z0-9_]{1,255}$/);
    expect(tables.map((table) => table.Name).sort()).toEqual([...CLASS_NAMES].sort());
    for (const { Properties } of ofType(prod, 'AWS::Glue::Table')) expect(Properties['DatabaseName']).toBe(Name);
  });

  it('have the columns of the Parquet files, of types that Hive knows', () => {
    for (const { Name, StorageDescriptor, PartitionKeys } of tables) {
      const columns = Object.fromEntries(
        StorageDescriptor.Columns.map((column) => [column.Name, parseType(column.Type)]),
      );
      const expected = columnsOf(Name as never).map((column) => [column.name, shapeOf(column)]);
      expect(columns).toEqual(Object.fromEntries(expected));
      const all = [...StorageDescriptor.Columns, ...PartitionKeys];
      expect(new Set(all.map((column) => column.Name)).size).toBe(all.length);
      for (const column of all) {
        expect(column.Name).toMatch(/^[a-z][a-z0-9_]*$/);
        expect(column.Type.length).toBeLessThan(131_072);
      }
    }
  });

  it('find their files by the layout, with every partition key projected', () => {
    for (const { Name, Parameters, PartitionKeys, StorageDescriptor } of tables) {
      expect(Parameters['projection.enabled']).toBe('true');
      for (const key of PartitionKeys) expect(Parameters[`projection.${key.Name}.type`], key.Name).toBeDefined();
      const template = text(Parameters['storage.location.template']);
      const bucket = /^s3:\/\/(<[^>]+>)\//.exec(template)?.[1] ?? 'none';
      expect(text(StorageDescriptor.Location)).toBe(`s3://${bucket}/${Name}/`);
      const path = template
        .slice(`s3://${bucket}/`.length)
        .replace(
          /\$\{(\w+)\}/g,
          (_, key: string) => ({ region: 'eu-west-1', accountid: '1', eventday: '20261122' })[key] ?? '',
        );
      const place = { className: Name as never, region: 'eu-west-1', accountId: '1', day: '20261122' };
      const file = tablePath(place, { from: 0, to: 1 });
      expect(file.startsWith(path)).toBe(true);
      expect(file.slice(path.length)).not.toContain('/');
      expect(placeOfTable(file)).toEqual(place);
    }
  });
});

describe('the workgroup of Athena', () => {
  const [workgroup] = ofType(prod, 'AWS::Athena::WorkGroup').map(({ Properties }) => Properties);

  it('says itself where answers go, encrypted, and ends what would read too much', () => {
    const configuration = workgroup?.['WorkGroupConfiguration'] as Record<string, unknown>;
    expect(configuration).toMatchObject({
      EnforceWorkGroupConfiguration: true,
      EngineVersion: { SelectedEngineVersion: 'Athena engine version 3' }, // the first that reads ZSTD and takes the questions
      ResultConfiguration: { EncryptionConfiguration: { EncryptionOption: 'SSE_S3' } },
    });
    expect(configuration['BytesScannedCutoffPerQuery']).toBeGreaterThanOrEqual(10_000_000);
    const { OutputLocation } = configuration['ResultConfiguration'] as { OutputLocation: unknown };
    expect(text(OutputLocation)).toMatch(/^s3:\/\/<StorageAnswers\w+>\/$/);
    expect(workgroup?.['Name']).toMatch(/^[a-zA-Z0-9._-]{1,128}$/);
  });

  it('has every saved question, and is made before them', () => {
    const saved = ofType(prod, 'AWS::Athena::NamedQuery').map(({ Properties }) => Properties);
    expect(saved.map(({ Name }) => Name).sort()).toEqual(QUESTIONS.map(({ name }) => name).sort());
    for (const { Name, QueryString, Database, WorkGroup, Description } of saved) {
      expect(QueryString).toBe(QUESTIONS.find(({ name }) => name === Name)?.sql);
      expect([Database, WorkGroup]).toEqual(['mybus_lake', workgroup?.['Name']]);
      expect(String(Description).length).toBeLessThanOrEqual(1_024);
    }
  });
});

describe('buckets', () => {
  const lake = ofType(prod, 'AWS::S3::Bucket').find(({ id }) => id.startsWith('StorageLake'));

  it('of the lake is versioned, encrypted, closed, logged, moved to cheaper tiers, and kept', () => {
    expect(lake).toMatchObject({ DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' });
    expect(lake?.Properties).toMatchObject({
      VersioningConfiguration: { Status: 'Enabled' },
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
      LifecycleConfiguration: { Rules: [{ Transitions: [{ StorageClass: 'INTELLIGENT_TIERING' }] }] },
    });
    expect(lake?.Properties).toHaveProperty('BucketEncryption');
    expect(lake?.Properties).toHaveProperty('LoggingConfiguration');
    expect(JSON.stringify(lake?.Properties['LifecycleConfiguration'])).not.toContain('Expiration');
    expect(lake?.Properties).not.toHaveProperty('BucketName');
  });

  it('of the lake takes a file where none is, and nobody deletes one', () => {
    const denied = (system: typeof prod) =>
      ofType(system, 'AWS::S3::BucketPolicy')
        .filter(({ Properties }) => JSON.stringify(Properties['Bucket']).includes('StorageLake'))
        .flatMap(({ Properties }) => statementsOf(Properties['PolicyDocument']))
        .filter(({ Effect }) => Effect === 'Deny');
    expect(denied(prod).find(({ Sid }) => Sid === 'OnlyIfAbsent')).toMatchObject({
      Action: 's3:PutObject',
      Condition: { Null: { 's3:if-none-match': 'true' } },
    });
    expect(denied(prod).find(({ Sid }) => Sid === 'NeverDeleted')?.Action).toContain('s3:DeleteObjectVersion');
    expect(denied(dev).map(({ Sid }) => Sid)).not.toContain('NeverDeleted');
  });

  it('go with a stage that can be destroyed', () => {
    for (const { id, DeletionPolicy = 'Delete' } of lakeOnly(dev)) expect([id, DeletionPolicy]).toEqual([id, 'Delete']);
  });
});

describe('the exporter', () => {
  const own = (system: typeof prod) =>
    lakeOnly(system)
      .filter(({ Type }) => Type === 'AWS::IAM::Policy')
      .flatMap(({ Properties }) => statementsOf(Properties['PolicyDocument']));

  it('reads the log, adds to the lake, and may do nothing else with data or keys', () => {
    const exporter = own(prod).filter(({ Action }) => [Action].flat().some((action) => action.startsWith('s3:')));
    const withAction = (action: string) => exporter.filter(({ Action }) => [Action].flat().includes(action));
    expect(withAction('s3:PutObject')).toHaveLength(1);
    expect(JSON.stringify(withAction('s3:PutObject')[0]?.Resource)).toContain('StorageLake');
    const actions = new Set(own(prod).flatMap(({ Action }) => Action));
    expect([...actions].filter((action) => /^(kms|dynamodb|glue|athena):|Delete/.test(action))).toEqual([]);
  });

  it('runs once an hour, and that it is not heard for three is an alarm', () => {
    const [rule] = lakeOnly(prod).filter(({ Type }) => Type === 'AWS::Events::Rule');
    expect(rule?.Properties['ScheduleExpression']).toBe('rate(1 hour)');
    const alarm = ofType(prod, 'AWS::CloudWatch::Alarm').find(
      ({ Properties }) => Properties['AlarmName'] === 'mybus-lake-behind',
    );
    expect(alarm?.Properties).toMatchObject({
      ...{ MetricName: 'LakeCaughtUp', Period: 3_600, EvaluationPeriods: 3, Threshold: 1 },
      ...{ ComparisonOperator: 'LessThanThreshold', TreatMissingData: 'breaching' },
    });
    expect(alarm?.Properties['AlarmDescription']).toContain('docs/runbook.md#lake-behind');
  });
});

it('is not there for who does not ask', () => {
  const without = synthesize();
  expect(without.system.lake).toBeUndefined();
  expect(without.resources.filter((one) => /lake/i.test(JSON.stringify(one)))).toEqual([]);
  const context = (lake?: string) => {
    const app = new App({ context: { issuer: 'none', ...(lake === undefined ? {} : { lake }) } });
    return readContext(app.node);
  };
  expect([context().lake, context('true').lake]).toEqual([false, true]);
  expect(() => context('yes')).toThrow(/-c lake=yes/);
});

it('has nothing that cdk-nag asks about', () => {
  for (const { app } of [prod, dev]) {
    const { violations } = new AwsSolutionsChecks().validateScope(app);
    expect(violations.map(({ ruleName, violatingResources }) => [ruleName, violatingResources])).toEqual([]);
  }
});

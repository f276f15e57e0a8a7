/** What is deployed: one masked snapshot per stack, the ids of what holds data, and the promises about each kind of thing. */
import { readdirSync, readFileSync } from 'node:fs';
import { Match } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { idemItemKey } from '../../adapters/aws/dynamo/dynamo-items.ts';
import { ROUTES } from '../../api/index.ts';
import { ERROR_RATE, RESPONSE_TIME } from '../../core/system/index.ts';
import { lambdasOf } from '../../lib/functions/lambdas.ts';
import { topicDomains } from '../../core/events/index.ts';
import { config } from '../../nervous.config.ts';
import { STACKS, synthesize, text, type Synthesized } from './synthesized.ts';

const prod = synthesize();
const dev = synthesize({ stage: 'dev' });
const emulated = synthesize({ emulated: true });

/** Asset hashes change with every line of code; they say nothing about the infrastructure. */
function masked(template: object): unknown {
  return JSON.parse(JSON.stringify(template).replaceAll(/[0-9a-f]{64}/g, '<hash>'));
}

/** The function's own files, and the middleware's. */
const sourcesOf = (lambda: string): string =>
  [`lambdas/${lambda}`, 'lambdas/_middleware']
    .flatMap((folder) => readdirSync(folder).map((file) => readFileSync(`${folder}/${file}`, 'utf8')))
    .join('\n');
const typesOf = ({ resources }: Synthesized): Set<string> => new Set(resources.map(({ Type }) => Type));
const ofType = ({ resources }: Synthesized, type: string) => resources.filter(({ Type }) => Type === type);

/** Tables, keys and buckets; the key of the alarms keeps nothing. */
const keepingData = ({ resources }: Synthesized) =>
  resources.filter(({ Type, stack }) => stack === 'LedgerStack' && /Table$|KMS::Key$|Bucket$/.test(Type));
const functions = ofType(prod, 'AWS::Lambda::Function').filter(
  ({ Properties }) => Properties['Runtime'] === 'nodejs24.x',
);

describe('templates', () => {
  it.each(STACKS)('%s is as it was reviewed', async (stack) => {
    await expect(JSON.stringify(masked(prod.template(stack).toJSON()), null, 1)).toMatchFileSnapshot(
      `__snapshots__/${stack}.json`,
    );
  });

  it('keep the logical ids of what holds data: another id is another, empty resource', () => {
    const ids = keepingData(prod).map(({ stack, id, Type }) => `${stack} ${Type} ${id}`);
    expect(ids.sort()).toEqual([
      'LedgerStack AWS::DynamoDB::Table Entries3C9817F4',
      'LedgerStack AWS::DynamoDB::Table State1C20CC9A',
      'LedgerStack AWS::DynamoDB::Table WitnessMemory091C3C22',
      'LedgerStack AWS::KMS::Key DataKey17AFBB84',
      'LedgerStack AWS::KMS::Key RootKeyEC9149F6',
      'LedgerStack AWS::KMS::Key WitnessKeyEEEFD4BC',
      'LedgerStack AWS::S3::Bucket LogAccessLogs2BAA7BD3',
      'LedgerStack AWS::S3::Bucket LogAnchorsD8BD2F5B',
      'LedgerStack AWS::S3::Bucket LogTiles204DC498',
    ]);
  });

  it('are the same twice', () => {
    expect(synthesize().resources).toEqual(prod.resources);
  });
});

describe('stages', () => {
  it('prod retains all data, protects it from deletion and locks anchors', () => {
    for (const { id, DeletionPolicy, UpdateReplacePolicy } of keepingData(prod))
      expect([id, DeletionPolicy?.startsWith('Retain'), UpdateReplacePolicy]).toEqual([id, true, 'Retain']);
    prod.template('LedgerStack').allResourcesProperties('AWS::DynamoDB::Table', {
      DeletionProtectionEnabled: true,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      SSESpecification: Match.objectLike({ SSEEnabled: true, SSEType: 'KMS' }),
    });
    prod.template('LedgerStack').hasResourceProperties('AWS::S3::Bucket', {
      ObjectLockEnabled: true,
      ObjectLockConfiguration: { Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 365 } } },
    });
  });

  it('dev can be destroyed whole', () => {
    for (const { id, DeletionPolicy } of dev.resources)
      expect([id, DeletionPolicy ?? 'Delete']).toEqual([id, 'Delete']);
    dev.template('LedgerStack').allResourcesProperties('AWS::DynamoDB::Table', { DeletionProtectionEnabled: false });
    expect(typesOf(dev)).toContain('Custom::S3AutoDeleteObjects');
  });
});

describe('-c emulated=true', () => {
  const LACKING = ['AWS::Events::Archive', 'AWS::Events::EventBusPolicy'];

  it('leaves out what emulators lack, and nothing else', () => {
    expect([...typesOf(prod)].filter((type) => !typesOf(emulated).has(type)).sort()).toEqual(LACKING);
    // and an alarm that asks a question, with its light on the dashboards
    const isQuestion = ({ Properties, Type }: Synthesized['resources'][number]) =>
      Type === 'AWS::CloudWatch::Alarm' && Properties['Metrics'] !== undefined;
    const questions = prod.resources.filter(isQuestion);
    expect(questions.map(({ Properties }) => Properties['AlarmName'])).toEqual(['nervous-deliveries-failed']);
    const light = JSON.stringify([{ 'Fn::GetAtt': [questions[0]?.id, 'Arn'] }, '","']).slice(1, -1);
    const kept = (all: Synthesized) =>
      all.resources
        .filter((one) => !LACKING.includes(one.Type) && !isQuestion(one))
        .map((one) => JSON.stringify(one).replace(`${light},`, ''));
    expect(kept(emulated)).toEqual(kept(prod));
  });

  it('has no say in the real thing: every domain bus has an archive, every bus a policy', () => {
    const domains = ofType(prod, 'AWS::Events::EventBus').length - 1;
    expect(domains).toBeGreaterThan(5);
    expect(ofType(prod, 'AWS::Events::Archive')).toHaveLength(domains);
    expect(ofType(prod, 'AWS::Events::EventBusPolicy')).toHaveLength(domains + 1);
  });

  it('W5: nobody but the functions that relay puts events on a domain bus or messages on a queue of a subscription', () => {
    const statements = ofType(prod, 'AWS::Events::EventBusPolicy').map(
      ({ Properties }) => Properties['Statement'] as Record<string, unknown>,
    );
    const denied = statements.filter(({ Effect }) => Effect === 'Deny');
    expect(denied).toHaveLength(statements.length - 1); // the ingress bus takes events from modules
    const rolesIn = (value: unknown): string[] =>
      [...JSON.stringify(value).matchAll(/:role\/nervous-([a-z-]+)-"/g)].map(([, name = '']) => name).sort();
    const relays = ['change-sets', 'decisions', 'delivery', 'ingest', 'outbox-sweeper', 'publish', 'webhooks'];
    relays.push('workflow-step');
    for (const statement of denied) {
      expect(statement).toMatchObject({
        ...{ Principal: '*', Action: 'events:PutEvents' },
        Condition: { ArnNotEquals: {}, BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' } },
      });
      expect(rolesIn(statement['Condition'])).toEqual(relays);
    }
    const [reconciler] = ofType(prod, 'AWS::Lambda::Function').filter(
      ({ Properties }) => Properties['FunctionName'] === 'nervous-subscription-reconciler',
    );
    const { Variables } = reconciler?.Properties['Environment'] as { Variables: Record<string, unknown> };
    expect(rolesIn(Variables['SENDER_ROLE_ARNS'])).toEqual(['router', 'subscription-reconciler', 'subscriptions']);
  });

  it('empties no bucket on destroy: that takes the SDK of the runtime', () => {
    expect(typesOf(synthesize({ emulated: true, stage: 'dev' }))).not.toContain('Custom::S3AutoDeleteObjects');
  });
});

describe('the ledger', () => {
  it('has a root key for Ed25519 signatures and a data key that rotates', () => {
    prod.template('LedgerStack').hasResourceProperties('AWS::KMS::Key', {
      KeySpec: 'ECC_NIST_EDWARDS25519',
      KeyUsage: 'SIGN_VERIFY',
    });
    prod.template('LedgerStack').hasResourceProperties('AWS::KMS::Key', { EnableKeyRotation: true });
  });

  it('streams old and new images of entries, so that tampering is seen', () => {
    prod.template('LedgerStack').hasResourceProperties('AWS::DynamoDB::Table', {
      StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
    });
  });

  it('V5: streams what is lost of idempotency keys to the sequencer, and nothing else of the state table', () => {
    const [Filter] = ofType(prod, 'AWS::Lambda::EventSourceMapping').flatMap(({ Properties }) => {
      const { Filters = [] } = (Properties['FilterCriteria'] ?? {}) as { Filters?: { Pattern: string }[] };
      return Filters.filter(({ Pattern }) => Pattern.includes('#idem#')).map(
        ({ Pattern }) => JSON.parse(Pattern) as unknown,
      );
    });
    const { pk } = idemItemKey(config.ledger, '');
    expect(Filter).toEqual({
      eventName: ['MODIFY', 'REMOVE'],
      dynamodb: { Keys: { pk: { S: [{ prefix: pk }] } } },
    });
    prod.template('LedgerStack').hasResourceProperties('AWS::DynamoDB::Table', {
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
      StreamSpecification: { StreamViewType: 'OLD_IMAGE' },
    });
  });

  it('lets anchors be written only if absent, and never deleted', () => {
    const denied = (sid: string, more: object) =>
      Match.objectLike({ Sid: sid, Effect: 'Deny', Principal: { AWS: '*' }, ...more });
    prod.template('LedgerStack').hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          denied('OnlyIfAbsent', { Action: 's3:PutObject', Condition: { Null: { 's3:if-none-match': 'true' } } }),
          denied('NeverDeleted', { Action: Match.arrayWith(['s3:DeleteObject', 's3:DeleteObjectVersion']) }),
        ]),
      },
    });
  });
});

describe('queues', () => {
  const queues = ofType(prod, 'AWS::SQS::Queue');
  const nameOf = (queue: (typeof queues)[number]) => queue.id;
  const dead = queues.filter(({ id }) => /DeadLetters|^Un(sequenced|routed|delivered)|^Burial/.test(id));

  it('have a dead-letter queue each, encryption, and refuse plain connections', () => {
    for (const queue of queues) {
      expect([nameOf(queue), queue.Properties['SqsManagedSseEnabled']]).toEqual([nameOf(queue), true]);
      if (!dead.includes(queue)) expect(queue.Properties['RedrivePolicy'], nameOf(queue)).toBeDefined();
    }
    const policies = ofType(prod, 'AWS::SQS::QueuePolicy').filter((policy) =>
      JSON.stringify(policy).includes('"aws:SecureTransport":"false"'),
    );
    expect(policies).toHaveLength(queues.length);
  });

  it('W4: rules of subscriptions alone may put there what they could not deliver', () => {
    const [policy] = ofType(prod, 'AWS::SQS::QueuePolicy').filter(({ id }) => id.startsWith('Undelivered'));
    const { Statement } = policy?.Properties['PolicyDocument'] as { Statement: Record<string, unknown>[] };
    const allowed = Statement.filter(({ Effect }) => Effect === 'Allow');
    expect(allowed).toMatchObject([{ Action: 'sqs:SendMessage', Principal: { Service: 'events.amazonaws.com' } }]);
    const { ArnLike, StringEquals } = allowed[0]?.['Condition'] as Record<string, Record<string, unknown>>;
    expect(text(ArnLike?.['aws:SourceArn'])).toBe(
      'arn:<AWS::Partition>:events:<AWS::Region>:<AWS::AccountId>:rule/nervous-*/nervous-sub-*',
    );
    expect(StringEquals).toEqual({ 'aws:SourceAccount': { Ref: 'AWS::AccountId' } });
  });

  it('W4: an alarm asks all rules of the domains, whatever they will be called, what failed', () => {
    const [alarm] = ofType(prod, 'AWS::CloudWatch::Alarm').filter(
      ({ Properties }) => Properties['AlarmName'] === 'nervous-deliveries-failed',
    );
    const [asked] = alarm?.Properties['Metrics'] as { Expression: string }[];
    expect(asked?.Expression).toMatch(
      /^SELECT SUM\(FailedInvocations\) FROM SCHEMA\("AWS\/Events", EventBusName, RuleName\)/,
    );
    for (const domain of topicDomains(Object.keys(config.topics)))
      expect(asked?.Expression).toContain(`EventBusName = 'nervous-${domain}'`);
  });

  it('have an alarm on each dead-letter queue', () => {
    expect(dead.length).toBeGreaterThan(4);
    for (const queue of dead) {
      const watched = ofType(prod, 'AWS::CloudWatch::Alarm').filter(
        ({ Properties }) =>
          Properties['MetricName'] === 'ApproximateNumberOfMessagesVisible' &&
          JSON.stringify(Properties['Dimensions']).includes(queue.id) &&
          Properties['Threshold'] === 1,
      );
      expect(watched, queue.id).toHaveLength(1);
    }
  });
});

describe('functions', () => {
  it('W11: trace what was asked for, log what matters as JSON into their own log group, and run on Node 24', () => {
    expect(functions.length).toBe(lambdasOf({ lake: false }).length);
    for (const { Properties, id } of functions) {
      expect(Properties, id).toMatchObject({
        TracingConfig: { Mode: 'PassThrough' },
        LoggingConfig: { LogFormat: 'JSON', SystemLogLevel: 'WARN' },
      });
    }
    for (const { Properties, id } of ofType(prod, 'AWS::Logs::LogGroup'))
      expect(Properties['RetentionInDays'], id).toBe(365);
  });

  it('that are assumed to run alone have one concurrent execution', () => {
    const alone = functions.filter(({ Properties }) => Properties['ReservedConcurrentExecutions'] === 1);
    expect(alone.map(({ Properties }) => Properties['FunctionName']).sort()).toEqual([
      'nervous-log-publisher',
      'nervous-outbox-sweeper',
      'nervous-sequencer',
      'nervous-subscription-reconciler',
      'nervous-workflow-reconciler',
    ]);
  });

  it('that handle queues report each failed message; those that follow the stream halve a failing batch and keep what is lost', () => {
    const mappings = ofType(prod, 'AWS::Lambda::EventSourceMapping').map(({ Properties }) => Properties);
    const streams = mappings.filter((mapping) => 'StartingPosition' in mapping);
    expect([mappings.length, streams.length]).toEqual([8, 3]);
    for (const mapping of mappings) {
      if (streams.includes(mapping))
        expect(mapping).toMatchObject({ BisectBatchOnFunctionError: true, DestinationConfig: { OnFailure: {} } });
      else expect(mapping).toMatchObject({ FunctionResponseTypes: ['ReportBatchItemFailures'] });
    }
  });
});

describe('the API', () => {
  const routes = ofType(prod, 'AWS::ApiGatewayV2::Route').map(({ Properties }) => Properties);

  it('has every route of the table behind both entry points', () => {
    const keys = ROUTES.map(({ method, path }) => `${method} ${path}`);
    for (const key of keys)
      expect(
        routes.filter(({ RouteKey }) => RouteKey === key),
        key,
      ).toHaveLength(2);
  });

  it('asks for credentials wherever the table does, and for unknown paths', () => {
    const open = new Set(
      routes.filter(({ AuthorizationType }) => AuthorizationType === 'NONE').map(({ RouteKey }) => RouteKey),
    );
    const meant = ROUTES.filter(({ auth }) => auth === 'none').map(({ method, path }) => `${method} ${path}`);
    expect([...open].sort()).toEqual(meant.sort());
    expect(routes.filter(({ AuthorizationType }) => AuthorizationType === 'JWT')).toHaveLength(
      routes.filter(({ AuthorizationType }) => AuthorizationType === 'AWS_IAM').length,
    );
  });

  it('opens for IAM alone where no issuer is named', () => {
    const alone = synthesize({ jwt: undefined });
    expect(ofType(alone, 'AWS::ApiGatewayV2::Api')).toHaveLength(1);
    expect(ofType(alone, 'AWS::ApiGatewayV2::Authorizer')).toHaveLength(0);
  });
});

describe('the daily audit', () => {
  it('W7: has a quarter of an hour a call, two more tries, and writes nothing but what it hands over to itself', () => {
    prod.template('ApiStack').hasResourceProperties('AWS::Lambda::Function', {
      ...{ FunctionName: 'nervous-verify', Timeout: 900, MemorySize: 1_024 },
    });
    prod.template('ApiStack').hasResourceProperties('AWS::Events::Rule', {
      Targets: [Match.objectLike({ Input: '{"mode":"full","signatures":true}' })],
    });
    const { PolicyDocument } =
      ofType(prod, 'AWS::IAM::Policy')
        .map(({ Properties }) => Properties as { Roles: unknown; PolicyDocument: { Statement: Statement[] } })
        .find(({ Roles }) => JSON.stringify(Roles).includes('Groupverify')) ?? {};
    const writes = PolicyDocument?.Statement.filter(({ Action }) => /(Put|Update|Delete)Item/.test(String(Action)));
    expect(writes).toMatchObject([
      {
        Action: expect.arrayContaining(['dynamodb:UpdateItem', 'dynamodb:DeleteItem']) as unknown,
        Condition: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['main#audit'] } },
      },
    ]);
  });
});

interface Statement {
  readonly Action: string | readonly string[];
  readonly Condition?: object;
}

it('no function may send webhooks to itself, where the API of Lambda listens: only an app of a test opens that, on an emulator', () => {
  for (const built of [prod, emulated]) expect(JSON.stringify(built.resources)).not.toContain('WEBHOOKS_TO_LOOPBACK');
  expect(JSON.stringify(prod.resources)).not.toContain('AWS_ENDPOINT_URL');
});

describe('alarms', () => {
  const alarms = ofType(synthesize({ lake: true }), 'AWS::CloudWatch::Alarm').map(({ Properties }) => Properties);

  it('name their section of the runbook, and every section has its alarm', () => {
    const sections = [...readFileSync('docs/runbook.md', 'utf8').matchAll(/^## (\S+)$/gm)].map(([, name]) => name);
    const named = alarms.map(
      ({ AlarmDescription }) => /docs\/runbook\.md#(\S+)$/.exec(AlarmDescription as string)?.[1],
    );
    expect([...new Set(named)].sort()).toEqual(sections.sort());
    for (const { AlarmActions } of alarms) expect(AlarmActions).toHaveLength(1);
  });

  it('watch metrics of ours that the function concerned emits', () => {
    const own = alarms.filter(({ Namespace }) => Namespace === 'nervous-system');
    expect(own.length).toBeGreaterThan(3);
    for (const { MetricName, Dimensions } of own) {
      const service = (Dimensions as { Value: string }[] | undefined)?.[0]?.Value;
      const name = MetricName as string;
      if (service === undefined) {
        expect(ofType(prod, 'AWS::Logs::MetricFilter').length).toBe(functions.length);
        prod.template('BusStack').hasResourceProperties('AWS::Logs::MetricFilter', {
          MetricTransformations: [Match.objectLike({ MetricName: name, MetricNamespace: 'nervous-system' })],
        });
      } else if (service === 'nervous') {
        expect([ERROR_RATE, RESPONSE_TIME]).toContain(name); // told of each passage: test/lambdas/entry-point-metrics.test.ts
      } else expect(sourcesOf(service), `${service} ${name}`).toContain(`'${name}'`);
    }
  });

  it('stand on the two dashboards', () => {
    const names = ofType(prod, 'AWS::CloudWatch::Dashboard').map(({ Properties }) => Properties['DashboardName']);
    expect(names.sort()).toEqual(['nervous_system_health', 'nervous_system_performance']);
  });
});

describe('cdk-nag AwsSolutions', () => {
  it.each([
    ['prod', prod],
    ['dev', dev],
    ['emulated', emulated],
  ])('has nothing to say about %s that is not answered with a reason', (_, { app }) => {
    const { violations } = new AwsSolutionsChecks().validateScope(app);
    expect(
      violations.map(({ ruleName, violatingResources }) => [
        ruleName,
        violatingResources.map(({ constructPath }) => constructPath),
      ]),
    ).toEqual([]);
  });
});

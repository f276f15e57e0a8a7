/**
 * What real AWS refuses or does and no emulator shows, read out of the templates: permissions of the gateway, what a failed
 * or removed deployment leaves behind, names, and alarms on what is not heard.
 */
import { describe, expect, it } from 'vitest';
import { defineConfig } from '../../core/system/index.ts';
import { ALONE } from '../../lib/functions/lambdas.ts';
import { config } from '../../nervous.config.ts';
import { ofType, statementsOf, synthesize, text } from './synthesized.ts';

const prod = synthesize();
const dev = synthesize({ stage: 'dev' });

describe('W1: permissions of the gateway', () => {
  const escape = (part: string): string => part.replaceAll(/[$()+.?[\\\]^{|}]/g, String.raw`\$&`);
  /** As IAM matches: `*` is anything, slashes too. */
  const like = (pattern: string, arn: string): boolean =>
    new RegExp(`^${pattern.split('*').map(escape).join('.*')}$`).test(arn);

  it.each([
    ['prod', prod],
    ['dev', dev],
  ])('W1: let every route of %s invoke its function, `$default` too', (_, system) => {
    const permissions = ofType(system, 'AWS::Lambda::Permission').filter(
      ({ Properties }) => Properties['Principal'] === 'apigateway.amazonaws.com',
    );
    const integrations = new Map(ofType(system, 'AWS::ApiGatewayV2::Integration').map((one) => [one.id, one]));
    const routes = ofType(system, 'AWS::ApiGatewayV2::Route');
    expect(routes.length).toBeGreaterThan(50);
    for (const { Properties } of routes) {
      const key = Properties['RouteKey'] as string;
      const api = text(Properties['ApiId']);
      // What asks for a function names the route: <api>/<stage>/<method>/<path>, and <api>/<stage>/$default.
      const arn = `arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:${api}/$default/${key.replace(' /', '/')}`;
      const integration = integrations.get((/<(\w+)>/.exec(text(Properties['Target'])) ?? [])[1] ?? '');
      const called = JSON.stringify(integration?.Properties['IntegrationUri']);
      const permitting = permissions.filter(
        (one) =>
          JSON.stringify(one.Properties['FunctionName']) === called && like(text(one.Properties['SourceArn']), arn),
      );
      expect(permitting.length, key).toBeGreaterThan(0);
    }
  });

  it('W1: say `*/$default` for it, once for each entry point', () => {
    const said = ofType(prod, 'AWS::Lambda::Permission').map(({ Properties }) => text(Properties['SourceArn'] ?? ''));
    expect(said.filter((arn) => arn.endsWith('/*/$default'))).toHaveLength(2);
  });
});

describe('W3: what a failed or removed deployment leaves behind', () => {
  const NAMES: Readonly<Record<string, string>> = {
    'AWS::DynamoDB::Table': 'TableName',
    'AWS::S3::Bucket': 'BucketName',
    'AWS::SQS::Queue': 'QueueName',
    'AWS::Logs::LogGroup': 'LogGroupName',
    'AWS::KMS::Key': 'none',
  };
  const kept = prod.resources.filter(({ DeletionPolicy = 'Delete' }) => DeletionPolicy !== 'Delete');

  it('W3: keeps nothing under a name that the next deployment wants', () => {
    expect(new Set(kept.map(({ Type }) => Type))).toEqual(new Set(Object.keys(NAMES)));
    for (const { id, Type, Properties } of kept) {
      const name = Properties[NAMES[Type] ?? ''];
      // A name that holds the stack's id is a new one each time.
      if (name !== undefined) expect(JSON.stringify(name), id).toContain('AWS::StackId');
    }
  });

  it('W3: lets go what holds no authority, and what failed to be made', () => {
    const policyOf = (type: string) =>
      [...new Set(ofType(prod, type).map(({ DeletionPolicy }) => DeletionPolicy))].sort();
    expect(policyOf('AWS::StepFunctions::StateMachine')).toEqual(['Delete']);
    expect(policyOf('AWS::S3::Bucket')).toEqual(['RetainExceptOnCreate']);
    // Deletion protection and the keys' own policy would refuse a rollback; neither has a name.
    expect(policyOf('AWS::DynamoDB::Table')).toEqual(['Retain']);
    expect(ofType(prod, 'AWS::DynamoDB::Table').every((one) => one.Properties['DeletionProtectionEnabled'])).toBe(true);
    expect(policyOf('AWS::Logs::LogGroup')).toEqual(['Delete', 'RetainExceptOnCreate']);
  });

  it('W8: protects all five stacks of prod from deletion and keeps the queues that hold what is recorded nowhere', () => {
    const { ledger, bus, workflow, api, monitoring } = prod.system;
    expect([ledger, bus, workflow, api, monitoring].map((one) => one.terminationProtection)).toEqual(
      Array(5).fill(true),
    );
    expect(dev.system.bus.terminationProtection).toBe(false);
    // What EventBridge could not deliver is in the ledger, and the rules it is for go with the stack. A wake-up holds nothing.
    const queues = ofType(prod, 'AWS::SQS::Queue').filter(
      ({ stack, id }) => stack === 'BusStack' && !/^(Undelivered|DeliveryWakeUps)/.test(id),
    );
    expect(queues).toHaveLength(6);
    for (const { DeletionPolicy, UpdateReplacePolicy } of queues)
      expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['RetainExceptOnCreate', 'Retain']);
  });
});

describe('W10: names', () => {
  it('W10: the bus of no domain is the one that brings events in', () => {
    const topics = { ...config.topics, 'ingress.new': config.topics['user.login'] as never };
    const colliding = defineConfig({ ...config, topics });
    expect(() => synthesize({ config: colliding })).toThrow(/"ingress" is the name of the bus that brings events in/);
  });

  it('W10: no system’s name begins another’s', () => {
    expect(() => synthesize({ name: 'x-sub' })).toThrow('must be 1-16 of a-z 0-9');
  });

  it('W10: no partition is taken for granted', () => {
    for (const one of prod.resources) expect(JSON.stringify(one), one.id).not.toMatch(/arn:aws:(?!iam::aws:policy)/);
  });
});

describe('alarms', () => {
  const alarms = ofType(prod, 'AWS::CloudWatch::Alarm').map(({ Properties }) => Properties);
  const named = (id: string) => alarms.find(({ AlarmName }) => AlarmName === `nervous-${id}`);

  it('W7: a daily audit or a catch-up that is not heard is one', () => {
    for (const [id, name, periods] of [
      ['audit-missing', 'AuditFinished', 26],
      ['catch-up-missing', 'CatchUpRan', 3],
    ] as const)
      expect(named(id)).toMatchObject({
        ...{ MetricName: name, Period: 3_600, EvaluationPeriods: periods, Threshold: 1 },
        ...{ ComparisonOperator: 'LessThanThreshold', TreatMissingData: 'breaching' },
      });
  });

  it('W10: what runs alone is not one when it is refused a second run, but when it does not run at all', () => {
    for (const name of ALONE) expect(named(`throttles-${name}`), name).toBeUndefined();
    expect(named('throttles-publish')).toBeDefined();
    for (const name of ALONE)
      if (name !== 'sequencer')
        expect(named(`silent-${name}`), name).toMatchObject({
          MetricName: 'Invocations',
          TreatMissingData: 'breaching',
        });
    expect(named('stream-age')).toBeDefined(); // the sequencer's heartbeat is the stream
  });

  it('W10: and only alarms of this account may use the topic', () => {
    const [policy] = ofType(prod, 'AWS::SNS::TopicPolicy');
    const open = statementsOf(policy?.Properties['PolicyDocument']).filter(({ Effect }) => Effect === 'Allow');
    expect(open).toHaveLength(1);
    for (const { Condition } of open)
      expect(Condition).toEqual({ StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } });
  });
});

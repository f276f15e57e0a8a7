/**
 * W12: quotas that AWS enforces and an emulator does not, read out of the templates of the largest system: the longest name, with an
 * executor, and as many IAM roles as fit. What is only known when it is deployed counts as long as it can be.
 */
import { describe, expect, it } from 'vitest';
import { MAX_WAIT_SECONDS } from '../../api/schemas/fields.ts';
import { MAX_IAM_PRINCIPALS_BYTES } from '../../lib/nervous-system.ts';
import { config } from '../support/executor-config.ts';
import { ofType, STACKS, synthesize } from './synthesized.ts';

const LONGEST_NAME = 'x'.repeat(16);
/** Of ARN, URL of a queue, table's name: none of ours is longer. */
const REFERENCE = 'r'.repeat(128);
/** A statement of a function's policy around what the template says: its id, version, effect, action. */
const STATEMENT_BYTES = 200;
const KIB = 1_024;

const system = synthesize({ name: LONGEST_NAME, config });

function deployed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(deployed);
  if (typeof value !== 'object' || value === null) return value;
  const [[key, inner] = []] = Object.entries(value);
  if (key === 'Fn::Join') {
    const [separator, parts] = inner as [string, unknown[]];
    return parts.map((part) => String(deployed(part))).join(separator);
  }
  if (key === 'Ref' || key?.startsWith('Fn::') === true) return REFERENCE;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, deployed(part)]));
}

const bytesOf = (value: unknown): number =>
  value === undefined ? 0 : Buffer.byteLength(JSON.stringify(deployed(value)));

/** Every name that a template gives to a resource of a type. */
const namesOf = (type: string, property: string): string[] =>
  ofType(system, type).flatMap(({ Properties }) => {
    const name = Properties[property];
    return typeof name === 'string' ? [name] : [];
  });

describe('W12: quotas of AWS', () => {
  // https://docs.aws.amazon.com: "quotas" of each service, 2026-11
  it.each([
    ['AWS::KMS::Key', 'KeyPolicy', 32 * KIB],
    ['AWS::S3::BucketPolicy', 'PolicyDocument', 20 * KIB],
    ['AWS::DynamoDB::Table', 'ResourcePolicy', 20 * KIB],
    ['AWS::Events::EventBusPolicy', 'Statement', 10 * KIB],
    ['AWS::SNS::TopicPolicy', 'PolicyDocument', 30 * KIB],
    ['AWS::SQS::QueuePolicy', 'PolicyDocument', 8 * KIB],
    ['AWS::Events::Rule', 'EventPattern', 2 * KIB],
    ['AWS::StepFunctions::StateMachine', 'DefinitionString', KIB * KIB],
    ['AWS::CloudWatch::Dashboard', 'DashboardBody', 1_000_000],
  ] as const)('W12: %s: no %s is longer than %i bytes', (type, property, most) => {
    const sizes = ofType(system, type).map(({ id, Properties }) => ({ id, bytes: bytesOf(Properties[property]) }));
    expect(Math.max(...sizes.map(({ bytes }) => bytes))).toBeGreaterThan(100); // it is what we look at
    expect(sizes.filter(({ bytes }) => bytes > most)).toEqual([]);
  });

  it('W12: the policies in a role have 10,240 characters together', () => {
    const sizes = new Map<string, number>();
    for (const { stack, Properties } of ofType(system, 'AWS::IAM::Policy'))
      for (const role of Properties['Roles'] as object[]) {
        const key = `${stack} ${JSON.stringify(role)}`;
        sizes.set(key, (sizes.get(key) ?? 0) + bytesOf(Properties['PolicyDocument']));
      }
    expect(sizes.size).toBeGreaterThan(15);
    expect([...sizes].filter(([, bytes]) => bytes > 10_240)).toEqual([]);
  });

  it('W12: the policy of a function has 20 KiB, a statement for each route that may invoke it', () => {
    const sizes = new Map<string, number>();
    for (const { stack, Properties } of ofType(system, 'AWS::Lambda::Permission')) {
      const key = `${stack} ${JSON.stringify(Properties['FunctionName'])}`;
      sizes.set(key, (sizes.get(key) ?? 0) + bytesOf(Properties) + STATEMENT_BYTES);
    }
    expect(sizes.size).toBeGreaterThan(5);
    expect([...sizes].filter(([, bytes]) => bytes > 20 * KIB)).toEqual([]);
  });

  it('W12: a stack has 500 resources and 200 outputs, its template a million bytes, an API 300 routes', () => {
    for (const name of STACKS) {
      const template = system.template(name).toJSON() as { Resources: object; Outputs?: object };
      expect(Object.keys(template.Resources).length, name).toBeLessThanOrEqual(500);
      expect(Object.keys(template.Outputs ?? {}).length, name).toBeLessThanOrEqual(200);
      expect(JSON.stringify(template).length, name).toBeLessThanOrEqual(1_000_000);
    }
    const routes = Map.groupBy(ofType(system, 'AWS::ApiGatewayV2::Route'), (one) =>
      JSON.stringify(one.Properties['ApiId']),
    );
    expect(routes.size).toBe(2);
    for (const all of routes.values()) expect(all.length).toBeLessThanOrEqual(300);
  });

  it.each([
    ['AWS::Lambda::Function', 'FunctionName', 64],
    ['AWS::SQS::Queue', 'QueueName', 80],
    ['AWS::Events::EventBus', 'Name', 256],
    ['AWS::Events::Rule', 'Name', 64],
    ['AWS::StepFunctions::StateMachine', 'StateMachineName', 80],
    ['AWS::CloudWatch::Alarm', 'AlarmName', 255],
    ['AWS::S3::Bucket', 'BucketName', 63],
    ['AWS::KMS::Key', 'Description', 8_192],
  ] as const)('W12: %s: no %s is longer than %i characters', (type, property, most) => {
    expect(namesOf(type, property).filter((name) => name.length > most)).toEqual([]);
  });

  it('W12: an HTTP API waits 30 s for a function, and a long poll answers before', () => {
    const integrations = ofType(system, 'AWS::ApiGatewayV2::Integration');
    expect(integrations.length).toBeGreaterThan(5);
    for (const { id, Properties } of integrations)
      expect(Number(Properties['TimeoutInMillis'] ?? 30_000), id).toBeLessThanOrEqual(30_000);
    expect(MAX_WAIT_SECONDS).toBeLessThan(30);
  });

  it('W12: the environment of a function has 4 KiB, with as many IAM roles as may be mapped', () => {
    const role = (i: number) => `arn:aws:iam::111122223333:role/nervous-${String(i).padStart(3, '0')}`;
    const mapping = (roles: number) =>
      JSON.stringify(Object.fromEntries(Array.from({ length: roles }, (_, i) => [role(i), 'ana'])));
    let roles = 1;
    while (mapping(roles + 1).length <= MAX_IAM_PRINCIPALS_BYTES) roles += 1;
    const full = synthesize({ name: LONGEST_NAME, config, iamPrincipals: mapping(roles) });
    const sizes = ofType(full, 'AWS::Lambda::Function').map(({ Properties }) => {
      const { Variables = {} } = (Properties['Environment'] ?? {}) as { Variables?: Record<string, unknown> };
      const bytes = Object.entries(Variables).map(([name, value]) => name.length + String(deployed(value)).length);
      return { name: Properties['FunctionName'], bytes: bytes.reduce((sum, one) => sum + one, 0) };
    });
    expect(sizes.filter(({ bytes }) => bytes > 4 * KIB)).toEqual([]);
    expect(Math.max(...sizes.map(({ bytes }) => bytes))).toBeGreaterThan(MAX_IAM_PRINCIPALS_BYTES);
    expect(() => synthesize({ iamPrincipals: mapping(roles + 1) })).toThrow(/iamPrincipals: .*4 KiB of environment/);
  });
});

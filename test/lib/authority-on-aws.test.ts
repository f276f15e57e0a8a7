/** Who may use the ledger's keys and change its entries on AWS, whatever else they may do in the account (W6, W9, W10). */
import { describe, expect, it } from 'vitest';
import { ofType, statementsOf, synthesize, text, type Resource, type Statement } from './synthesized.ts';

const prod = synthesize();
const dev = synthesize({ stage: 'dev' });

describe('keys', () => {
  const keys = ofType(prod, 'AWS::KMS::Key').filter(({ stack }) => stack === 'LedgerStack');
  const denied = (key: Resource, sid: string): Statement | undefined =>
    statementsOf(key.Properties['KeyPolicy']).find(({ Sid, Effect }) => Sid === sid && Effect === 'Deny');

  it('W6: are disabled and deleted by nobody but the break-glass role, with thirty days to change one’s mind', () => {
    expect(keys).toHaveLength(3);
    for (const key of keys) {
      expect(key.Properties['PendingWindowInDays']).toBe(30);
      expect(denied(key, 'KeptButByBreakGlass')).toMatchObject({
        Action: ['kms:DisableKey', 'kms:ScheduleKeyDeletion'],
        Principal: { AWS: '*' },
        Condition: {
          ArnNotEquals: { 'aws:PrincipalArn': [{ 'Fn::GetAtt': [expect.stringContaining('BreakGlass'), 'Arn'] }] },
        },
      });
      expect(denied(key, 'ThirtyDaysToChangeOnesMind')?.Condition).toEqual({
        NumericLessThan: { 'kms:ScheduleKeyDeletionPendingWindowInDays': 30 },
      });
    }
    for (const key of ofType(dev, 'AWS::KMS::Key')) expect(denied(key, 'KeptButByBreakGlass')).toBeUndefined();
  });

  it('W6: are not needed to read the published log and its anchors', () => {
    for (const { Properties } of ofType(prod, 'AWS::S3::Bucket')) {
      const [rule] = (
        Properties['BucketEncryption'] as {
          ServerSideEncryptionConfiguration: { ServerSideEncryptionByDefault: { SSEAlgorithm: string } }[];
        }
      ).ServerSideEncryptionConfiguration;
      expect(rule?.ServerSideEncryptionByDefault.SSEAlgorithm).toBe('AES256');
    }
  });

  it('W6: of the ledger are not the one that alarms are encrypted with', () => {
    const [topic] = ofType(prod, 'AWS::SNS::Topic');
    expect(JSON.stringify(topic?.Properties['KmsMasterKeyId'])).toContain('AlarmKey');
  });

  it('W9: sign for ten functions and the break-glass role, plain Ed25519 over the text itself, and nothing else', () => {
    const root = keys.find(({ id }) => id.startsWith('RootKey')) as Resource;
    const allowed = denied(root, 'OnlySigners')?.Condition?.['ArnNotEquals']?.['aws:PrincipalArn'] as unknown[];
    const roles = allowed.map(text).map((arn) => /role\/nervous-([a-z-]+)-</.exec(arn)?.[1] ?? arn);
    expect(roles.slice(0, -1).sort()).toEqual([
      ...[
        'change-sets',
        'decisions',
        'delivery',
        'ingest',
        'log-publisher',
        'publish',
        'read',
        'sequencer',
        'webhooks',
      ],
      'workflow-step',
    ]);
    expect(roles.at(-1)).toContain('BreakGlass');
    for (const [sid, name, value] of [
      ['OnlyPlainSigningAlgorithm', 'kms:SigningAlgorithm', 'ED25519_SHA_512'],
      ['OnlyPlainMessageType', 'kms:MessageType', 'RAW'],
    ] as const)
      expect(denied(root, sid)).toMatchObject({
        Action: 'kms:Sign',
        Condition: { StringNotEquals: { [name]: value } },
      });
    const witness = keys.find(({ id }) => id.startsWith('WitnessKey')) as Resource;
    expect(text(denied(witness, 'OnlySigners')?.Condition?.['ArnNotEquals']?.['aws:PrincipalArn'])).toContain(
      '-witness-',
    );
  });

  it('W9: the data key opens secrets of webhooks, and no confidential field, for who sends webhooks', () => {
    const opening = ofType(prod, 'AWS::IAM::Policy').flatMap(({ id, Properties }) =>
      statementsOf(Properties['PolicyDocument'])
        .filter(({ Action }) => [Action].flat().includes('kms:Decrypt') && /^(Delivery|Groupwebhooks)/.test(id))
        .map(({ Action, Condition }) => ({ Action, Condition })),
    );
    const Condition = { StringLike: { 'kms:EncryptionContext:entity': 'main#webhook-*' } };
    expect(opening).toHaveLength(2);
    expect(opening).toEqual(
      expect.arrayContaining([
        { Action: 'kms:Decrypt', Condition },
        { Action: ['kms:Decrypt', 'kms:Encrypt'], Condition },
      ]),
    );
  });

  it('W9: are granted to roles under the same conditions', () => {
    const granting = ofType(prod, 'AWS::IAM::Policy').flatMap(({ Properties }) =>
      statementsOf(Properties['PolicyDocument']).filter(({ Action }) => [Action].flat().includes('kms:Sign')),
    );
    const functions = granting.filter(({ Condition }) => Condition !== undefined);
    expect([granting.length, functions.length]).toEqual([12, 11]); // the witness's own, and break-glass, which the key limits
    for (const { Condition } of functions)
      expect(Condition).toEqual({
        StringEquals: { 'kms:SigningAlgorithm': 'ED25519_SHA_512', 'kms:MessageType': 'RAW' },
      });
  });
});

describe('entries', () => {
  const [table] = ofType(prod, 'AWS::DynamoDB::Table').filter(({ id }) => id.startsWith('Entries'));
  const policy = statementsOf((table?.Properties['ResourcePolicy'] as { PolicyDocument: unknown }).PolicyDocument);

  it('W10: are changed by nobody, and put by nobody but the functions that record', () => {
    const never = policy.find(({ Sid }) => Sid === 'NeverChanged');
    expect(never).toMatchObject({ Effect: 'Deny', Principal: { AWS: '*' } });
    expect(never?.Condition).toBeUndefined();
    for (const action of ['UpdateItem', 'DeleteItem', 'BatchWriteItem', 'PartiQLUpdate', 'PartiQLDelete'])
      expect(never?.Action).toContain(`dynamodb:${action}`);
    const recorders = policy.find(({ Sid }) => Sid === 'OnlyRecorders');
    expect(recorders).toMatchObject({ Effect: 'Deny', Action: 'dynamodb:PutItem' });
    expect((recorders?.Condition?.['ArnNotEquals']?.['aws:PrincipalArn'] as unknown[]).length).toBe(10);
  });

  it('W10: are put on the chains that a function writes: no policy by who records events, no root key by anybody', () => {
    const putting = ofType(prod, 'AWS::IAM::Policy').flatMap(({ id, Properties }) =>
      statementsOf(Properties['PolicyDocument'])
        .filter(({ Action, Condition }) => [Action].flat().includes('dynamodb:PutItem') && Condition !== undefined)
        .map(({ Condition }) => ({ id, Condition })),
    );
    expect(putting).toHaveLength(9);
    const narrow = [
      [/^Sequencer/, ['main#keys/*', 'main#system/tamper']],
      [/read/, ['main#keys/*', 'main#access/*', 'main#system/tamper']],
      [/^Delivery|webhooks/, ['main#keys/*', 'main#system/guards']],
    ] as const;
    for (const { id, Condition } of putting) {
      const never = [Condition?.['ForAllValues:StringNotLike']?.['dynamodb:LeadingKeys']].flat();
      expect(never, id).toContain('main#keys/root');
      expect(never.includes('main#registry:policy'), id).toBe(/publish|Ingest/.test(id));
      const may = [Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys']].flat();
      const [, own] = narrow.find(([name]) => name.test(id)) ?? [undefined, ['main#*']];
      expect(may, id).toEqual(own);
    }
  });
});

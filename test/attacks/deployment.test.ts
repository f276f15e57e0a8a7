/** Attacks on what is deployed: who may write, delete, call or replace what, by the synthesized templates. */
import { expect } from 'vitest';
import { ROUTES } from '../../api/index.ts';
import { LAMBDA_NAMES, LAMBDAS } from '../../lib/functions/lambdas.ts';
import { synthesize } from '../lib/synthesized.ts';
import { attack } from './attack.ts';

const { resources } = synthesize({ stage: 'prod' });
const allowed = resources
  .filter(({ Type }) => Type === 'AWS::IAM::Policy' || Type === 'AWS::IAM::Role')
  .flatMap(({ Properties }) => statementsOf(Properties))
  .filter(({ Effect }) => Effect === 'Allow')
  .flatMap(({ Action }) => Action ?? []);

attack(
  5,
  'a credential is enrolled for somebody else: nothing enrols one, accounts change only with the roster',
  async () => {
    const enrolling = ROUTES.filter(({ path }) => /enrol|credential|passkey|account|token/.test(path));
    expect(enrolling.map(({ path }) => path)).toEqual([]);
  },
);

attack(9, 'another function answers the task token', async () => {
  const answering = LAMBDA_NAMES.filter((name) =>
    LAMBDAS[name].permissions.some(({ action }) => action.startsWith('states:SendTask')),
  );
  expect(answering).toEqual(['waker']);
});

attack(10, 'an execution is redriven', async () => {
  expect(allowed.filter((action) => /RedriveExecution/i.test(action))).toEqual([]);
});

attack(12, 'a function of the system changes or deletes an entry', async () => {
  const onEntries = LAMBDA_NAMES.flatMap((name) =>
    LAMBDAS[name].permissions.filter(({ resource }) => resource === 'entries').map(({ action }) => action as string),
  );
  expect(onEntries.filter((action) => /Update|Delete|PartiQL|BatchWrite/.test(action))).toEqual([]);
  expect(
    allowed.filter((action) => action.includes('*') && /^(\*|dynamodb:\*|kms:\*|iam:|states:\*)/.test(action)),
  ).toEqual([]);
});

attack(13, 'a function replaces the code or the rights of another', async () => {
  const replacing = /^(lambda:(Update|Publish|Create|Add)|states:(Update|Create)|iam:(?!PassRole$)|cloudformation:)/;
  const atRunTime = LAMBDA_NAMES.flatMap((name) => LAMBDAS[name].permissions.map(({ action }) => action as string));
  expect(atRunTime.filter((action) => replacing.test(action))).toEqual([]);
});

attack(
  31,
  'the proof is deleted: tables, anchors and keys outlive the stack, and anchors outlive everybody',
  async () => {
    const holding = resources.filter(({ Type }) => /DynamoDB::Table$|KMS::Key$|S3::Bucket$/.test(Type));
    // The key of alarms encrypts them on their way and nothing that is kept: nothing but its topic names it.
    const [alarmKey, ...others] = holding.filter(({ stack }) => stack === 'MonitoringStack');
    expect(others).toEqual([]);
    const naming = resources.filter(({ Properties }) => JSON.stringify(Properties).includes(`"${alarmKey?.id}"`));
    expect([...new Set(naming.map(({ Type }) => Type))]).toEqual(['AWS::SNS::Topic']);
    const kept = holding.filter((one) => one !== alarmKey);
    expect(kept).toHaveLength(9);
    expect(kept.map(({ UpdateReplacePolicy }) => UpdateReplacePolicy)).toEqual(kept.map(() => 'Retain'));
    // A bucket that the very first deployment made and took back is empty: only then may it go, because AWS deletes no bucket
    // that holds something, and nothing here empties one.
    const wanted = kept.map(({ Type }) => (Type === 'AWS::S3::Bucket' ? 'RetainExceptOnCreate' : 'Retain'));
    expect(kept.map(({ DeletionPolicy }) => DeletionPolicy)).toEqual(wanted);
    expect(resources.filter(({ Type }) => Type.startsWith('Custom::'))).toEqual([]);
    const mayDeleteObjects = LAMBDA_NAMES.filter((name) =>
      LAMBDAS[name].permissions.some(({ action }) => action.startsWith('s3:Delete')),
    );
    expect(mayDeleteObjects).toEqual(['log-publisher']); // partial tiles, once they are full
    const tables = kept.filter(({ Type }) => Type === 'AWS::DynamoDB::Table');
    for (const { Properties } of tables)
      expect(Properties).toMatchObject({
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      });
    const locked = kept.filter(({ Properties }) => Properties['ObjectLockEnabled'] === true);
    expect(locked[0]?.Properties['ObjectLockConfiguration']).toMatchObject({
      Rule: { DefaultRetention: { Mode: 'COMPLIANCE' } },
    });
  },
);

interface Statement {
  readonly Effect: string;
  readonly Action?: readonly string[];
}

function statementsOf(properties: Record<string, unknown>): Statement[] {
  const inline = (properties['Policies'] ?? []) as { PolicyDocument: { Statement: RawStatement[] } }[];
  const own = properties['PolicyDocument'] as { Statement: RawStatement[] } | undefined;
  return [...inline.map(({ PolicyDocument }) => PolicyDocument), ...(own === undefined ? [] : [own])].flatMap(
    ({ Statement }) => Statement.map(({ Effect, Action = [] }) => ({ Effect, Action: [Action].flat() })),
  );
}

interface RawStatement {
  readonly Effect: string;
  readonly Action?: string | string[];
}

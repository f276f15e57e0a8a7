/** W2: who is who among IAM principals, from what people write to what API Gateway says of a caller. */
import { describe, expect, it } from 'vitest';
import { callerArn, iamMapping } from '../../../../adapters/aws/http/iam-principals.ts';
import { createPrincipals } from '../../../../adapters/aws/http/principals.ts';
import { createPolicy } from '../../../../core/policy/index.ts';
import { config } from '../../../api/test-system.ts';

const ROLE = 'arn:aws:iam::111122223333:role';
const SESSION = 'arn:aws:sts::111122223333:assumed-role';
const [module = ''] = Object.keys(config.modules);
const whoIs = (given: Record<string, string>, userArn: string): string | undefined =>
  createPrincipals({
    policy: createPolicy(config.roster, config.modules),
    claim: 'sub',
    iam: iamMapping(given).principals,
  })({ iam: { userArn } })?.id;

describe('W2: a mapping of IAM principals', () => {
  it.each([
    [`${ROLE}/bank-feed`, `${SESSION}/bank-feed/i-0abc`],
    [`${ROLE}/bank-feed/`, `${SESSION}/bank-feed/i-0abc`],
    [`${ROLE}/teams/payments/bank-feed`, `${SESSION}/bank-feed/i-0abc`],
    [`${SESSION}/bank-feed/`, `${SESSION}/bank-feed/i-0abc`],
    [`${SESSION}/bank-feed`, `${SESSION}/bank-feed/someone@example.com`],
    [`${SESSION}/bank-feed/one`, `${SESSION}/bank-feed/one`],
    [`${ROLE}/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_x_1`, `${SESSION}/AWSReservedSSO_x_1/ann`],
    ['arn:aws:iam::111122223333:user/teams/ann', 'arn:aws:iam::111122223333:user/teams/ann'],
    ['arn:aws-cn:iam::111122223333:role/r', 'arn:aws-cn:sts::111122223333:assumed-role/r/s'],
  ])('W2: %s is the caller %s', (written, caller) => {
    expect(whoIs({ [written]: module }, caller)).toBe(module);
  });

  it.each([
    [`${ROLE}/bank-feed`, `${SESSION}/bank-feed-2/s`],
    [`${ROLE}/bank-feed`, 'arn:aws:sts::999999999999:assumed-role/bank-feed/s'],
    [`${SESSION}/bank-feed/one`, `${SESSION}/bank-feed/two`],
    [`${ROLE}/bank-feed`, 'arn:aws:iam::111122223333:user/bank-feed'],
    ['arn:aws:iam::111122223333:user/ann', 'arn:aws:iam::111122223333:user/teams/ann'],
  ])('W2: %s is not the caller %s', (written, caller) => {
    expect(whoIs({ [written]: module }, caller)).toBeUndefined();
  });

  it.each([
    'bank-feed',
    'arn:aws:iam::111122223333:root',
    'arn:aws:iam::1:role/a',
    'arn:aws:iam::111122223333:role/',
    'arn:aws:iam::111122223333:role/*',
    'arn:aws:sts::111122223333:assumed-role/path/role/session',
    'arn:aws:lambda:eu-west-1:111122223333:function:f',
    '',
  ])('W2: %j could never match, and is said to', (written) => {
    expect(callerArn(written)).toBeUndefined();
    expect(iamMapping({ [written]: module }).faults).toHaveLength(1);
  });
});

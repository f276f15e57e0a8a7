/** The IAM roles of the tests, one for each principal of what is deployed, as a person writes them for `-c iamPrincipals`. */
import { principalsOf } from '../../../core/policy/index.ts';
import { config } from '../../support/executor-config.ts';

/** A caller's ARN lacks the path: people do not know, and write it. */
export const PATH = '/nervous-test/';
export const roleOf = (principal: string): string => `nervous-test-${principal}`;

export function iamPrincipalsOf(account: string): string {
  const ids = [...principalsOf(config.roster, config.modules).keys()];
  return JSON.stringify(Object.fromEntries(ids.map((id) => [`arn:aws:iam::${account}:role${PATH}${roleOf(id)}`, id])));
}

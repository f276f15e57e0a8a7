/** Roles of the functions whose `permissions.ts` name an action on a resource: those that a resource's own policy spares (W5). */
import { Aws } from 'aws-cdk-lib';
import { namesOf, type Deployment } from '../deployment.ts';
import { LAMBDA_NAMES, LAMBDAS, type LambdaContract } from '../functions/lambdas.ts';
import type { ResourceName } from './resource-arns.ts';

export function rolesThatMay(
  action: string,
  resource: ResourceName,
  deployment: Pick<Deployment, 'name'>,
): readonly string[] {
  const { role } = namesOf(deployment);
  return LAMBDA_NAMES.filter((name) =>
    (LAMBDAS[name] as LambdaContract).permissions.some((one) => one.action === action && one.resource === resource),
  ).map((name) => `arn:${Aws.PARTITION}:iam::${Aws.ACCOUNT_ID}:role/${role(name)}`);
}

/** Keep what holds or proves data, unless the stage is disposable. */
import { RemovalPolicy } from 'aws-cdk-lib';
import type { StageSettings } from '../environments.ts';

export function removalPolicyOf({ disposable }: Pick<StageSettings, 'disposable'>): RemovalPolicy {
  return disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;
}

/**
 * What CloudFormation does with a resource that it no longer wants. In a disposable stage everything goes. Elsewhere what
 * holds or proves data stays, and what holds no authority goes, so that neither a failed first deployment nor a destroyed
 * one stands in the way of the next.
 */
import { RemovalPolicy } from 'aws-cdk-lib';
import type { StageSettings } from '../environments.ts';

type Stage = Pick<StageSettings, 'disposable'>;

/** Kept, unless the deployment that makes it fails: then it is empty. */
export function removalPolicyOf({ disposable }: Stage): RemovalPolicy {
  return disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;
}

/**
 * For tables and keys: kept also when their first deployment fails, because deletion protection and the keys' policy refuse
 * their deletion, and a rollback that is refused leaves a stack that nothing but deleting it mends. They have no name that
 * could be taken.
 */
export function protectedRemovalPolicyOf({ disposable }: Stage): RemovalPolicy {
  return disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;
}

/**
 * On which chains a function may put entries, as IAM can say it: by the beginning of the table's partition key, which is the
 * ledger and the chain. Nobody who records events writes the policy, and nobody at all rotates the root key.
 */
import type { Conditions } from 'aws-cdk-lib/aws-iam';
import type { Deployment } from '../deployment.ts';
import type { LambdaName } from '../functions/lambdas.ts';

const KEY = 'dynamodb:LeadingKeys';
/** Certificates of session keys, which every function that signs makes for itself. */
const SESSION_KEYS = 'keys/*';
const ROOT_ROTATIONS = 'keys/root';
const POLICY = 'registry:policy';
/** What functions write that do not write on any entity. */
const NARROW: Readonly<Partial<Record<LambdaName, readonly string[]>>> = {
  sequencer: [SESSION_KEYS, 'system/tamper'],
  read: [SESSION_KEYS, 'access/*', 'system/tamper'],
  // What is told of webhooks.
  webhooks: [SESSION_KEYS, 'system/guards'],
  delivery: [SESSION_KEYS, 'system/guards'],
};
const RECORD_EVENTS: ReadonlySet<LambdaName> = new Set<LambdaName>(['publish', 'ingest']);

export function chainsOf(lambda: LambdaName, { config }: Pick<Deployment, 'config'>): Conditions {
  const of = (chains: readonly string[]): string[] => chains.map((chain) => `${config.ledger}#${chain}`);
  const never = RECORD_EVENTS.has(lambda) ? [ROOT_ROTATIONS, POLICY] : [ROOT_ROTATIONS];
  return {
    'ForAllValues:StringLike': { [KEY]: of(NARROW[lambda] ?? ['*']) },
    'ForAllValues:StringNotLike': { [KEY]: of(never) },
  };
}

/** The same for the state table: who verifies must not write what is verified, only what it hands over to itself. */
export function itemsOf(lambda: LambdaName, { config }: Pick<Deployment, 'config'>): Conditions {
  return lambda === 'verify' ? { 'ForAllValues:StringEquals': { [KEY]: [`${config.ledger}#audit`] } } : {};
}

/** Who sends webhooks opens their secrets with the data key, and no confidential field: what a key is wrapped for is its encryption context. */
export function secretsOf(lambda: LambdaName, { config }: Pick<Deployment, 'config'>): Conditions {
  const isSender = lambda === 'delivery' || lambda === 'webhooks';
  return isSender ? { StringLike: { 'kms:EncryptionContext:entity': `${config.ledger}#webhook-*` } } : {};
}

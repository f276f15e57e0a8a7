/**
 * What verification compares the tables with, in addition to the published log: the anchors, the witness's key and its memory.
 */
import { cosignerKey, type PointSources } from '../../../core/ledger/index.ts';
import { dynamoClient, kmsClient, s3Bucket } from './clients.ts';
import { openKmsRootSigner } from '../keys/kms-root-signer.ts';
import { createSampledAnchors, type AnchorFindings } from '../log/sampled-anchors.ts';
import { readWitnessTable } from '../log/witness-memory.ts';
import { witnessName } from '../log/witness-name.ts';

export interface LogPointsEnv {
  readonly ANCHOR_BUCKET: string;
  readonly WITNESS_KEY_ID: string;
  readonly WITNESS_TABLE: string;
}

export interface LogPoints {
  readonly points: Required<Pick<PointSources, 'anchors' | 'witnessKeys' | 'witnessMemory'>>;
  readonly seen: AnchorFindings;
}

/** Asks KMS for the witness's public key. @throws AwsError ROOT_KEY_INVALID */
export async function openLogPoints(env: LogPointsEnv, origin: string): Promise<LogPoints> {
  const name = witnessName(origin);
  const { publicKey } = await openKmsRootSigner({ kms: kmsClient(), keyId: env.WITNESS_KEY_ID, origin: name });
  const { anchors, seen } = createSampledAnchors(s3Bucket(env.ANCHOR_BUCKET));
  const load = readWitnessTable({ client: dynamoClient(), table: env.WITNESS_TABLE });
  return {
    points: { anchors, witnessKeys: [cosignerKey(name, publicKey)], witnessMemory: () => load(origin) },
    seen,
  };
}

/**
 * The log publisher: wires the log to its bucket, the anchors, the root key and the witness. Run by a schedule; whoever may
 * invoke it publishes at once. Throws on failure, and nothing is lost by that: the next run does the same work.
 */
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { config } from '#config';
import { dynamoClient, kmsClient, lambdaClient, s3Bucket } from '../../adapters/aws/wiring/clients.ts';
import { DynamoStore } from '../../adapters/aws/dynamo/dynamo-store.ts';
import { openKmsRootSigner } from '../../adapters/aws/keys/kms-root-signer.ts';
import { createAnchorBucket } from '../../adapters/aws/log/anchor-bucket.ts';
import { createLogBucket } from '../../adapters/aws/log/log-bucket.ts';
import { witnessFunction } from '../../adapters/aws/log/witness-function.ts';
import { witnessName } from '../../adapters/aws/log/witness-name.ts';
import { systemClock } from '../../adapters/aws/request/system-clock.ts';
import { cosignerKey, createLogPublisher } from '../../core/ledger/index.ts';
import { asError, scheduledHandler } from '../_middleware/handlers.ts';
import { once } from '../_middleware/once.ts';
import { readEnv } from '../_middleware/read-env.ts';
import { telemetryOf } from '../_middleware/telemetry.ts';
import { confirmedAt } from './confirmed-at.ts';
import { env as schema } from './env.ts';
import { publishAll, ROUND_ENTRIES } from './publish-all.ts';

const telemetry = telemetryOf('log-publisher');
const { logger, metrics } = telemetry;
const env = readEnv(schema, logger);
const { ledger, origin } = config;
const store = new DynamoStore({
  ...{ client: dynamoClient(), ledger },
  ...{ entriesTable: env.ENTRIES_TABLE, stateTable: env.STATE_TABLE },
});

const opened = once(async () => {
  const [kms, name] = [kmsClient(), witnessName(origin)];
  const [rootSigner, { publicKey }] = await Promise.all([
    openKmsRootSigner({ kms, keyId: env.ROOT_KEY_ID, origin }),
    openKmsRootSigner({ kms, keyId: env.WITNESS_KEY_ID, origin: name }),
  ]);
  const key = cosignerKey(name, publicKey);
  const publisher = createLogPublisher({
    ...{ origin, entries: store, rootSigner, clock: systemClock, maxGrowth: ROUND_ENTRIES },
    files: createLogBucket(s3Bucket(env.LOG_BUCKET)),
    anchors: createAnchorBucket({ bucket: s3Bucket(env.ANCHOR_BUCKET), onShadowed }),
    witnesses: [witnessFunction({ client: lambdaClient(), functionName: env.WITNESS_FUNCTION, key })],
    onWitnessError: (error) => logger.error('not cosigned', error),
  });
  return { publisher, key };
});

export const handler = scheduledHandler(telemetry, async (_event: unknown, context) => {
  const { publisher, key } = await opened();
  try {
    const remainingMs = (): number => context.getRemainingTimeInMillis();
    const { size, note, restored } = await publishAll({ publisher, size: () => store.size(), remainingMs });
    metrics.addMetric('LogSize', MetricUnit.Count, size);
    if (restored) onRestored(size);
    const at = confirmedAt(note, key);
    // Without a cosignature there is no age to tell, and the missing metric is the alarm.
    if (at !== undefined)
      metrics.addMetric('CheckpointAgeSeconds', MetricUnit.Seconds, (systemClock.now() - at) / 1_000);
    return { size };
  } catch (error) {
    metrics.addMetric('LogPublishFailed', MetricUnit.Count, 1);
    throw asError(error);
  }
});

function onRestored(size: number): void {
  logger.error('checkpoint restored: the published one was gone, or older than what is anchored', { size });
  metrics.addMetric('CheckpointRestored', MetricUnit.Count, 1);
}

function onShadowed(size: number): void {
  logger.error('anchor shadowed: somebody wrote over it or deleted it; the first version is used', { size });
  metrics.addMetric('AnchorShadowed', MetricUnit.Count, 1);
}

/** The witness: wires its key and its memory to questions. It knows nothing of the ledger but its public key. */
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { config } from '#config';
import { dynamoClient, kmsClient } from '../../adapters/aws/wiring/clients.ts';
import { openKmsRootSigner } from '../../adapters/aws/keys/kms-root-signer.ts';
import { witnessName } from '../../adapters/aws/log/witness-name.ts';
import { createWitnessTable } from '../../adapters/aws/log/witness-table.ts';
import { systemClock } from '../../adapters/aws/request/system-clock.ts';
import { createWitness, ed25519Key } from '../../core/ledger/index.ts';
import { directHandler } from '../_middleware/handlers.ts';
import { once } from '../_middleware/once.ts';
import { readEnv } from '../_middleware/read-env.ts';
import { telemetryOf } from '../_middleware/telemetry.ts';
import { answerQuestion } from './answer.ts';
import { env as schema } from './env.ts';

const telemetry = telemetryOf('witness');
const { logger, metrics } = telemetry;
const { WITNESS_TABLE: table, WITNESS_KEY_ID, ROOT_KEY_ID } = readEnv(schema, logger);
const { origin } = config;

const witness = once(async () => {
  const kms = kmsClient();
  const [signatory, log] = await Promise.all([
    openKmsRootSigner({ kms, keyId: WITNESS_KEY_ID, origin: witnessName(origin) }),
    openKmsRootSigner({ kms, keyId: ROOT_KEY_ID, origin }),
  ]);
  return createWitness({
    signatory,
    logs: new Map([[origin, [ed25519Key(origin, log.publicKey)]]]),
    memory: createWitnessTable({ client: dynamoClient(), table }),
    clock: systemClock,
  });
});

export const handler = directHandler(telemetry, async (event: unknown) => {
  const answer = await answerQuestion(await witness(), event);
  // 409 is also how a log that lost an answer learns where the witness stands.
  if (answer.status !== 200 && answer.status !== 409) {
    logger.warn('refused', { status: answer.status, reason: answer.body.trim() });
    metrics.addMetric('WitnessRefused', MetricUnit.Count, 1);
  }
  return answer;
});

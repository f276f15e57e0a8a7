/** The sequencer: wires the entries stream to the log. Throws on failure, so that the stream delivers again. */
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { config } from '#config';
import { dynamoClient, kmsClient } from '../../adapters/aws/wiring/clients.ts';
import { DynamoStore } from '../../adapters/aws/dynamo/dynamo-store.ts';
import { openKmsRootSigner } from '../../adapters/aws/keys/kms-root-signer.ts';
import { localSealer } from '../../adapters/aws/keys/local-sealer.ts';
import { createSequencer } from '../../adapters/aws/dynamo/sequencer.ts';
import { systemClock, systemIds } from '../../adapters/aws/request/system-clock.ts';
import { createAppender } from '../../core/ledger/index.ts';
import { streamHandler } from '../_middleware/handlers.ts';
import { once } from '../_middleware/once.ts';
import { readEnv } from '../_middleware/read-env.ts';
import { telemetryOf } from '../_middleware/telemetry.ts';
import { catchUp } from './catch-up.ts';
import { env as schema } from './env.ts';
import { followStream, type StreamDependencies, type StreamEvent } from './follow-stream.ts';

const telemetry = telemetryOf('sequencer');
const { logger, metrics } = telemetry;
const { ENTRIES_TABLE: entriesTable, STATE_TABLE: stateTable, ROOT_KEY_ID: keyId } = readEnv(schema, logger);
const { ledger, origin } = config;
const store = new DynamoStore({ client: dynamoClient(), entriesTable, stateTable, ledger });

const observed = (what: { readonly change: string; readonly chain: string; readonly seq: number }): void => {
  logger.error('tamper.observed', { ...what });
  metrics.addMetric('TamperObserved', MetricUnit.Count, 1);
};

const sequencer = createSequencer({ store });
const deps: StreamDependencies = {
  ledger,
  sequencer,
  keys: { items: store, entries: store },
  catchUp: (how) => catchUp({ ledger, sequencer, items: store, entries: store, clock: systemClock }, how),
  appender: once(async () => {
    const rootSigner = await openKmsRootSigner({ kms: kmsClient(), keyId, origin });
    return createAppender({
      ...{ ledger, origin, store, rootSigner, sealer: localSealer, clock: systemClock, ids: systemIds },
    });
  }),
  onSequenced: (entries) => void metrics.addMetric('EntriesSequenced', MetricUnit.Count, entries),
  onCaughtUp: ({ overdue, passAgeSeconds, finished }) => {
    logger.info('caught up', { overdue, passAgeSeconds, finished });
    metrics.addMetric('CatchUpRan', MetricUnit.Count, 1);
    metrics.addMetric('CatchUpAgeSeconds', MetricUnit.Seconds, passAgeSeconds);
    metrics.addMetric('EntriesCaughtUp', MetricUnit.Count, overdue);
  },
  onTampered: observed,
  onTamperRecorded: (place) => observed({ ...place, change: 'recorded' }),
  onGap: (place) => observed({ ...place, change: 'removed before it was sequenced' }),
};

export const handler = streamHandler(telemetry, (event: StreamEvent) => followStream(deps, event));

/** The outbox sweeper: wires the schedule to the log and EventBridge. Throws on failure; the next run does the same work. */
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { config } from '#config';
import { DynamoRelayMarks } from '../../adapters/aws/relay/relay-marks.ts';
import { dynamoClient, eventBridgeClient } from '../../adapters/aws/wiring/clients.ts';
import { DynamoStore } from '../../adapters/aws/dynamo/dynamo-store.ts';
import { systemClock, systemIds } from '../../adapters/aws/request/system-clock.ts';
import { createTopicIndexer, rebuildStore, upgradeStore } from '../../core/system/index.ts';
import { scheduledHandler } from '../_middleware/handlers.ts';
import { readEnv } from '../_middleware/read-env.ts';
import { telemetryOf } from '../_middleware/telemetry.ts';
import { env as schema } from './env.ts';
import { createSweeper } from './sweep.ts';

const telemetry = telemetryOf('outbox-sweeper');
const { logger, metrics } = telemetry;
const { ENTRIES_TABLE: entriesTable, STATE_TABLE: stateTable, BUS_PREFIX: busPrefix } = readEnv(schema, logger);
const { ledger } = config;
const dynamo = dynamoClient();
const store = new DynamoStore({ client: dynamo, entriesTable, stateTable, ledger });

const sweep = createSweeper({
  ...{ ledger, busPrefix, entries: store, items: store, clock: systemClock, ids: systemIds },
  client: eventBridgeClient(),
  topics: createTopicIndexer({ ledger, entries: store, items: store }),
  marks: new DynamoRelayMarks({ client: dynamo, stateTable, ledger, items: store }),
  upgrade: (goOn) => upgradeStore({ ledger, items: store }, goOn),
  rebuild: async () => {
    logger.warn('all indices are built again, because somebody asked for it');
    await rebuildStore({ ledger, items: store });
  },
  onUpgraded: (upgrade) => {
    if (upgrade.done.length > 0) logger.info('store upgraded', { ...upgrade });
  },
  onError: (error) => logger.error('not relayed', error as Error),
  onSwept: ({ relayed, lagSeconds, stuck }) => {
    metrics.addMetric('OutboxRelayed', MetricUnit.Count, relayed);
    metrics.addMetric('OutboxLagSeconds', MetricUnit.Seconds, lagSeconds);
    metrics.addMetric('OutboxStuck', MetricUnit.Count, stuck);
  },
});

export const handler = scheduledHandler(telemetry, sweep);

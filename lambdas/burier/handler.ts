/** The dead-letter writer: wires the dead-letter queues of all subscriptions to their dead letters. */
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { config } from '#config';
import { DeadLetterStore } from '../../adapters/aws/subscriptions/dead-letters.ts';
import { SubscriptionDirectory } from '../../adapters/aws/bus/directory.ts';
import { DynamoLogPositions } from '../../adapters/aws/bus/log-positions.ts';
import { dynamoClient } from '../../adapters/aws/wiring/clients.ts';
import { DynamoStore } from '../../adapters/aws/dynamo/dynamo-store.ts';
import { systemClock as clock } from '../../adapters/aws/request/system-clock.ts';
import { createQuarantine } from '../../core/events/index.ts';
import { queueHandler } from '../_middleware/handlers.ts';
import { readEnv } from '../_middleware/read-env.ts';
import { telemetryOf } from '../_middleware/telemetry.ts';
import { writeDeadLetters, type DeadLetterWriterDependencies } from './write-dead-letters.ts';
import { env as schema } from './env.ts';

const telemetry = telemetryOf('burier');
const { ENTRIES_TABLE: entriesTable, STATE_TABLE: stateTable } = readEnv(schema, telemetry.logger);
const { ledger } = config;
const client = dynamoClient();
const store = new DynamoStore({ client, entriesTable, stateTable, ledger });
const positions = new DynamoLogPositions({ client, stateTable, ledger });
const common = { ledger, items: store, entries: store, clock };

const deps: DeadLetterWriterDependencies = {
  directory: new SubscriptionDirectory(common),
  letters: new DeadLetterStore({ ...common, positions }),
  quarantine: createQuarantine(common),
  onDeadLetter: () => void telemetry.metrics.addMetric('DeadLettersBuried', MetricUnit.Count, 1),
};

export const handler = queueHandler(telemetry, ({ body }) => writeDeadLetters(deps, body));

/**
 * The system on the AWS adapters with every client counted, in this process: fresh tables, a fresh root key and a wake
 * queue on the endpoint that AWS_ENDPOINT_URL names. Each `process()` is one that has just started: cold until it is used.
 */
import { randomUUID } from 'node:crypto';
import { CreateTableCommand, type AttributeDefinition } from '@aws-sdk/client-dynamodb';
import { CreateEventBusCommand } from '@aws-sdk/client-eventbridge';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { CreateQueueCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { DynamoDeliveryNotes } from '../../adapters/aws/bus/delivery-notes.ts';
import { EventBridgeBus } from '../../adapters/aws/subscriptions/event-bridge-bus.ts';
import { DynamoLogPositions } from '../../adapters/aws/bus/log-positions.ts';
import { busName } from '../../adapters/aws/bus/names.ts';
import { DynamoRelayMarks } from '../../adapters/aws/relay/relay-marks.ts';
import { dynamoClient, eventBridgeClient, kmsClient, sqsClient } from '../../adapters/aws/wiring/clients.ts';
import { createCallCounter, type CallCounter } from '../../adapters/aws/wiring/count-calls.ts';
import { openKmsRootSigner } from '../../adapters/aws/keys/kms-root-signer.ts';
import { localSealer } from '../../adapters/aws/keys/local-sealer.ts';
import { openAwsSystem } from '../../adapters/aws/wiring/open-system.ts';
import { createSequencer, type Sequencer } from '../../adapters/aws/dynamo/sequencer.ts';
import { systemClock, systemIds } from '../../adapters/aws/request/system-clock.ts';
import { createResumeQueue } from '../../adapters/aws/workflow/resume-queue.ts';
import { createAppender, type Appender } from '../../core/ledger/index.ts';
import { changing, publishing, reading, type NervousSystem } from '../../core/system/index.ts';
import { config as sample } from '../support/bench-config.ts';

const config = { ...sample, access: {} };

/** A process; what it does is counted from its opening on. */
export interface CountedProcess {
  readonly system: Pick<NervousSystem, 'publish' | 'changes' | 'policy' | 'entities' | 'execute'>;
  /** An appender on the same store that relays nothing. */
  readonly appender: () => Promise<Appender>;
  /** Gives these entries their log index, as the sequencer function does. */
  readonly sequence: Sequencer['sequence'];
  /** Waits for relays and wake-ups, as a function does before it answers. */
  readonly flush: () => Promise<void>;
}

export interface CostSystem {
  readonly counter: CallCounter;
  /** A new process on the same ledger: nothing cached, no session key. */
  readonly process: () => Promise<CountedProcess>;
}

interface Resources {
  readonly entriesTable: string;
  readonly stateTable: string;
  readonly keyId: string;
  readonly queueUrl: string;
  readonly busPrefix: string;
}

export async function openCostSystem(): Promise<CostSystem> {
  const counter = createCallCounter();
  const clients = { dynamo: dynamoClient(), events: eventBridgeClient(), queues: sqsClient() };
  const resources = await createResources(clients);
  for (const client of Object.values(clients)) client.middlewareStack.use(counter.plugin);
  const kms = counter.counted(kmsClient());
  return { counter, process: () => openProcess({ ...clients, kms }, resources) };
}

interface Clients {
  readonly dynamo: ReturnType<typeof dynamoClient>;
  readonly events: ReturnType<typeof eventBridgeClient>;
  readonly kms: ReturnType<typeof kmsClient>;
  readonly queues: ReturnType<typeof sqsClient>;
}

async function createResources({ dynamo, events, queues }: Omit<Clients, 'kms'>): Promise<Resources> {
  const name = `costs-${randomUUID().slice(0, 8)}`;
  const [entriesTable, stateTable] = [`${name}-entries`, `${name}-state`];
  const table = (TableName: string, sortType: AttributeDefinition['AttributeType']): Promise<unknown> =>
    dynamo.send(
      new CreateTableCommand({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'sk', AttributeType: sortType },
        ],
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
      }),
    );
  await Promise.all([table(entriesTable, 'N'), table(stateTable, 'S')]);
  await events.send(new CreateEventBusCommand({ Name: busName(name, 'transactions.new') }));
  const { KeyMetadata } = await new KMSClient().send(
    new CreateKeyCommand({ KeySpec: 'ECC_NIST_EDWARDS25519', KeyUsage: 'SIGN_VERIFY' }),
  );
  const { QueueUrl = '' } = await queues.send(new CreateQueueCommand({ QueueName: `${name}-wake` }));
  return { entriesTable, stateTable, keyId: KeyMetadata?.KeyId ?? '', queueUrl: QueueUrl, busPrefix: name };
}

async function openProcess({ dynamo, events, kms, queues }: Clients, resources: Resources): Promise<CountedProcess> {
  const { entriesTable, stateTable, keyId, queueUrl, busPrefix } = resources;
  const { ledger, origin } = config;
  const tables = { client: dynamo, stateTable, ledger };
  const clockAndIds = { clock: systemClock, ids: systemIds };
  const onError = (error: unknown): void => {
    throw error instanceof Error ? error : new Error(String(error));
  };
  const opened = await openAwsSystem({
    ...{ config, client: dynamo, env: { ENTRIES_TABLE: entriesTable, STATE_TABLE: stateTable }, hooks: { onError } },
    useCases: { ...publishing, ...changing, createEntities: reading.createEntities },
    rootSigner: () => openKmsRootSigner({ kms, keyId, origin }),
    ports: ({ store, beforeAnswer }) => {
      const bus = new EventBridgeBus({
        ...{ ledger, entries: store, items: store, ...clockAndIds, events, queues, onError },
        ...{ busPrefix, subscriptionPrefix: busPrefix, reconcile: async () => {} },
        marks: new DynamoRelayMarks({ ...tables, items: store }),
        positions: new DynamoLogPositions(tables),
        notes: new DynamoDeliveryNotes(tables),
      });
      const resumes = createResumeQueue({
        send: async (QueueUrl, MessageBody) => {
          await queues.send(new SendMessageCommand({ QueueUrl, MessageBody }));
        },
        ...{ queueUrl, onError: (_, error) => onError(error) },
      });
      beforeAnswer(() => bus.flush());
      beforeAnswer(() => resumes.flush());
      return { bus, onChangeStep: (id) => resumes.onChangeStep(id) };
    },
  });
  await opened.refreshPolicy(); // as a function does before its first request
  const { store } = opened.base;
  const sequencer = createSequencer({ store });
  return {
    system: opened.system,
    flush: () => opened.flush(),
    appender: async () => {
      const rootSigner = await openKmsRootSigner({ kms, keyId, origin });
      return createAppender({ ledger, origin, store, sealer: localSealer, rootSigner, ...clockAndIds });
    },
    sequence: (entries) => sequencer.sequence(entries),
  };
}

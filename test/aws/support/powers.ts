/** What a tester with an administrator's credentials can do to the deployment: the powers that scenarios ask for. */
import { GetItemCommand, UpdateItemCommand, DynamoDBClient, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { ListExecutionsCommand, SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { itemOf, noteOf } from '../../../adapters/aws/dynamo/dynamo-items.ts';
import { changeOf } from '../../../adapters/aws/workflow/executions.ts';
import { config } from '../../../nervous.config.ts';
import { until, type Powers } from '../../scenarios/fixture.ts';
import { output } from './deployed.ts';

const MAX_PUT_EVENTS = 10;

/** What executors do on AWS is tested at their adapter (test/adapters/aws/wiring/executors.test.ts): no executor is deployed here. */
export function awsPowers(): Omit<Powers, 'limits' | 'functionCalls' | 'longBatches'> {
  const dynamo = new DynamoDBClient();
  const queues = new SQSClient({ useQueueUrlAsEndpoint: false });
  const [events, sfn] = [new EventBridgeClient(), new SFNClient()];
  return {
    tamper: async (entity, seq) => {
      const TableName = output('EntriesTableName');
      const Key = { pk: { S: `${config.ledger}#${entity}` }, sk: { N: String(seq) } };
      const { Item } = await dynamo.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
      const note = Item && noteOf(Item);
      if (note === undefined) throw new Error(`${entity} has no entry #${seq}`);
      const put = async (bytes: AttributeValue): Promise<void> => {
        const change = { UpdateExpression: 'SET b = :b REMOVE z', ExpressionAttributeValues: { ':b': bytes } };
        await dynamo.send(new UpdateItemCommand({ TableName, Key, ...change }));
      };
      await put({ B: note.map((byte, i) => (i === note.length >> 1 ? byte ^ 1 : byte)) });
      return () => put({ B: note });
    },
    tamperDocument: async (entity, document) => {
      const TableName = output('StateTableName');
      const Key = { pk: { S: `${config.ledger}#document` }, sk: { S: entity } };
      const { Item } = await dynamo.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
      if (Item === undefined) return undefined;
      const { value } = itemOf(Item);
      const put = async (json: string): Promise<void> => {
        const change = { UpdateExpression: 'SET v = :v REMOVE z', ExpressionAttributeValues: { ':v': { S: json } } };
        await dynamo.send(new UpdateItemCommand({ TableName, Key, ...change }));
      };
      await put(JSON.stringify({ ...(value as object), document }));
      return () => put(JSON.stringify(value));
    },
    deliver: async (event) => {
      const QueueUrl = output('IngestQueueUrl');
      await queues.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(event) }));
    },
    putOnIngressBus: async (entries) => {
      const EventBusName = output('IngressBusName');
      for (let start = 0; start < entries.length; start += MAX_PUT_EVENTS) {
        const Entries = entries.slice(start, start + MAX_PUT_EVENTS).map(({ source, detailType, detail }) => ({
          ...{ EventBusName, Source: source, DetailType: detailType, Detail: JSON.stringify(detail) },
        }));
        const { FailedEntryCount } = await events.send(new PutEventsCommand({ Entries }));
        if (FailedEntryCount !== 0) throw new Error(`EventBridge refused ${FailedEntryCount} events`);
      }
    },
    killWorkflow: async (changeId) => {
      const executionArn = await until('an execution should run', async () => {
        const list = new ListExecutionsCommand({
          stateMachineArn: output('StateMachineArn'),
          statusFilter: 'RUNNING',
          maxResults: 1000,
        });
        const { executions = [] } = await sfn.send(list);
        return executions.find(({ name = '' }) => changeOf(name) === changeId)?.executionArn;
      });
      await sfn.send(new StopExecutionCommand({ executionArn, cause: 'killed by a test' }));
    },
  };
}

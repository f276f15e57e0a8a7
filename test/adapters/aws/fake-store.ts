/** A store on the fake DynamoDB whose waits take no time, with an appender that signs for it. */
import { ConfiguredRetryStrategy } from '@smithy/core/retry';
import { DynamoStore } from '../../../adapters/aws/dynamo/dynamo-store.ts';
import { FakeDynamo, type Fault, type FakeRequest } from './dynamo/fake-dynamo.ts';

export const TABLES = { entriesTable: 'entries', stateTable: 'state', ledger: 'main' };

export function fakeStore(dynamo = new FakeDynamo()): { readonly dynamo: FakeDynamo; readonly store: DynamoStore } {
  const client = dynamo.client({ retryStrategy: new ConfiguredRetryStrategy(3, () => 0) });
  const sleep = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return { dynamo, store: new DynamoStore({ client, ...TABLES, sleep }) };
}

/** The faults, one per request of the operation, in order; then none. */
export function inOrder(operation: string, ...faults: Fault[]): (request: FakeRequest) => Fault {
  return (request) => (request.operation === operation ? faults.shift() : undefined);
}

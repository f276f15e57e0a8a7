/** An outbox in the module's own DynamoDB table: an item and its event are written in one transaction. */
export * from '../../clients/outbox/dynamodb/index.ts';

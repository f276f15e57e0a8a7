/**
 * The executor `refunds` on DynamoDB: what refunds.ts does with SQLite on your machine. It makes the same promise: the effect and
 * the mark of the operation are one write, which succeeds only if neither has changed since they were read.
 */
import {
  DynamoDBClient,
  GetItemCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  type AttributeValue,
  type TransactWriteItem,
} from '@aws-sdk/client-dynamodb';
import {
  defineExecutor,
  singleUse,
  statusOf,
  type Executor,
  type Mark,
  type Outcome,
  type RootKeys,
} from 'nervous-system/sdk';
import { refundInput, REFUNDS, type RefundInput } from './refund-input.ts';

/** Of one call, when others write the same at the same time; given up, the ledger asks again later. */
const MAX_ATTEMPTS = 5;

/** What is to be written; without a mark, nothing is. */
interface Decision {
  readonly outcome: Outcome;
  readonly mark?: Mark;
  readonly payment?: TransactWriteItem;
}

export class RefundsTable {
  readonly executor: Executor;
  private readonly client = new DynamoDBClient();
  private readonly table: string;

  /** @param now milliseconds since the Unix epoch */
  constructor(table: string, rootKeys: RootKeys, now: () => number = Date.now) {
    this.table = table;
    this.executor = defineExecutor<RefundInput>({
      ...{ ...REFUNDS, schema: refundInput, rootKeys, now },
      plan: async ({ order, cents }) => {
        const before = centsOf(await this.read(orderId(order)));
        return { facts: { order, cents }, precondition: { before }, inverse: { order, cents: before } };
      },
      apply: (input, { operation, precondition }) =>
        this.decide(operation, async (mark) => {
          const use = singleUse.apply(mark);
          if (use !== 'act') return { outcome: use };
          const paid = await this.read(orderId(input.order));
          if ((precondition as { before: number }).before !== centsOf(paid)) {
            const reason = `order ${input.order} has been refunded in the meantime: ${centsOf(paid)} cents`;
            return { outcome: { kind: 'refused', reason }, mark: 'refused' };
          }
          return { outcome: { kind: 'applied' }, mark: 'applied', payment: this.payment(input, paid) };
        }),
      undo: (inverse, { operation }) =>
        this.decide(operation, async (mark) => {
          const use = singleUse.undo(mark);
          if (use === 'close') return { outcome: { kind: 'applied' }, mark: 'undone' };
          if (use !== 'act') return { outcome: use };
          const paid = await this.read(orderId(inverse.order));
          return { outcome: { kind: 'applied' }, mark: 'undone', payment: this.payment(inverse, paid) };
        }),
      status: async (key) => statusOf(markOf(await this.read(operationId(key.operation))), key),
    });
  }

  /** Reads the mark, has the decision made, and writes all of it or nothing; whoever was quicker is seen by reading again. */
  private async decide(operation: string, make: (mark: Mark | undefined) => Promise<Decision>): Promise<Outcome> {
    const id = operationId(operation);
    for (let attempt = 1; ; attempt += 1) {
      const held = await this.read(id);
      const { outcome, mark, payment } = await make(markOf(held));
      if (mark === undefined) return outcome;
      const writes = [this.put(id, { S: mark }, held), ...(payment === undefined ? [] : [payment])];
      try {
        await this.client.send(new TransactWriteItemsCommand({ TransactItems: writes }));
        return outcome;
      } catch (error) {
        if (!(error instanceof TransactionCanceledException) || attempt === MAX_ATTEMPTS) throw error;
      }
    }
  }

  private payment({ order, cents }: RefundInput, paid: AttributeValue | undefined): TransactWriteItem {
    return this.put(orderId(order), { N: String(cents) }, paid);
  }

  private async read(id: string): Promise<AttributeValue | undefined> {
    const { Item } = await this.client.send(
      new GetItemCommand({ TableName: this.table, Key: { id: { S: id } }, ConsistentRead: true }),
    );
    return Item?.['held'];
  }

  /** On condition that it is still what was read. */
  private put(id: string, held: AttributeValue, read: AttributeValue | undefined): TransactWriteItem {
    const isNew = { ConditionExpression: 'attribute_not_exists(id)' };
    const isSame = {
      ConditionExpression: 'held = :read',
      ExpressionAttributeValues: { ':read': read ?? { NULL: true } },
    };
    return { Put: { TableName: this.table, Item: { id: { S: id }, held }, ...(read === undefined ? isNew : isSame) } };
  }
}

function orderId(order: string): string {
  return `order#${order}`;
}

function operationId(operation: string): string {
  return `operation#${operation}`;
}

function centsOf(held: AttributeValue | undefined): number {
  return Number(held?.N ?? 0);
}

function markOf(held: AttributeValue | undefined): Mark | undefined {
  return held?.S as Mark | undefined;
}

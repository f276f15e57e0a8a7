/** Where the executor `refunds` lives on AWS: its table, and its function, which may read and write that and nothing else. */
import { RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { ExecutorFunction, type LedgerResources } from 'nervous-system-aws';
import { config } from './nervous.config.ts';

export interface RefundsStackProps extends StackProps {
  readonly ledger: LedgerResources;
}

export class RefundsStack extends Stack {
  readonly executor: ExecutorFunction;

  constructor(scope: Construct, id: string, { ledger, ...props }: RefundsStackProps) {
    super(scope, id, props);
    const table = new Table(this, 'Refunds', {
      partitionKey: { name: 'id', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.executor = new ExecutorFunction(this, 'Executor', {
      entry: 'refunds-function.ts',
      ...{ ledger, origin: config.origin },
      environment: { REFUNDS_TABLE: table.tableName },
    });
    table.grant(this.executor, 'dynamodb:GetItem', 'dynamodb:PutItem');
  }
}

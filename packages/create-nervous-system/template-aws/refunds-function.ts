/** The executor `refunds` as a Lambda function. */
import { executorHandler } from 'nervous-system/sdk';
import { rootKeys } from 'nervous-system-aws/executor';
import { RefundsTable } from './refunds-table.ts';

const table = process.env['REFUNDS_TABLE'];
if (table === undefined)
  throw new Error('the environment has no REFUNDS_TABLE: deploy the function with refunds-stack.ts');

export const handler = executorHandler(new RefundsTable(table, await rootKeys()).executor);

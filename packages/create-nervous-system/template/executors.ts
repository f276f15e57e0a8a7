/** The executors that `npm start` runs in the engine's process. */
import type { CreateExecutors } from 'nervous-system/engine';
import { Refunds } from './refunds.ts';

export const createExecutors: CreateExecutors = ({ rootKeys }) => ({
  refunds: new Refunds('refunds.db', rootKeys).executor,
});

/**
 * The use cases that a process may leave out, with their code: a function on AWS starts the faster the less it loads.
 * Each group is what one kind of process needs together.
 */
import { createChanges, operationTypes, type Changes, type ChangesDependencies } from '../changes/index.ts';
import { createIngress, createPublish } from '../events/index.ts';
import { createAppender } from '../ledger/index.ts';
import type { NervousConfig } from './config.ts';
import { createEntities } from './entities.ts';
import { verifyPart } from './verify-part.ts';

export interface UseCases {
  readonly createAppender: typeof createAppender;
  readonly createPublish: typeof createPublish;
  readonly createIngress: typeof createIngress;
  readonly createChanges: (
    deps: Omit<ChangesDependencies, 'operations'> & Pick<NervousConfig, 'operations'>,
  ) => Changes;
  readonly createEntities: typeof createEntities;
  readonly verifyPart: typeof verifyPart;
}

export const publishing = { createAppender, createPublish };
export const ingesting = { createAppender, createPublish, createIngress };
export const changing: Pick<UseCases, 'createAppender' | 'createChanges'> = {
  createAppender,
  createChanges: ({ operations, ...deps }) => createChanges({ ...deps, operations: operationTypes(operations) }),
};
export const reading = { createEntities };
export const verifying = { verifyPart };

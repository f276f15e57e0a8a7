/**
 * The use cases that a process may leave out, with their code: a function on AWS starts the faster the less it loads.
 * Each group is what one kind of process needs together.
 */
import {
  createActs,
  createDecisionUseCases,
  createPolicyUseCases,
  createProposalUseCases,
  createQueryUseCases,
  createWorkflowUseCases,
  operationTypes,
  type Acts,
  type ChangesDependencies,
} from '../../changes/index.ts';
import { createGuards, createIngress, createPublish, createReveal, createSubscriptions } from '../../events/index.ts';
import { createAppender } from '../../ledger/index.ts';
import type { NervousConfig } from '../config/config.ts';
import { createEntities } from '../verify/entities.ts';
import { createFeed } from '../feed/feed.ts';
import { createMapView } from '../map/map-view.ts';
import { createPublicLog } from '../verify/public-log.ts';
import { createTrace } from '../monitor/trace.ts';
import { verifyPart } from '../verify/verify-part.ts';

export interface UseCases {
  readonly createAppender: typeof createAppender;
  readonly createPublish: typeof createPublish;
  readonly createIngress: typeof createIngress;
  readonly createReveal: typeof createReveal;
  readonly createGuards: typeof createGuards;
  /** what the groups of acts on change-sets share */
  readonly createActs: typeof actsOf;
  readonly createProposalUseCases: typeof createProposalUseCases;
  readonly createDecisionUseCases: typeof createDecisionUseCases;
  readonly createWorkflowUseCases: typeof createWorkflowUseCases;
  readonly createQueryUseCases: typeof createQueryUseCases;
  readonly createPolicyUseCases: typeof createPolicyUseCases;
  readonly createEntities: typeof createEntities;
  readonly createFeed: typeof createFeed;
  readonly createPublicLog: typeof createPublicLog;
  readonly createTrace: typeof createTrace;
  readonly createMapView: typeof createMapView;
  readonly createSubscriptions: typeof createSubscriptions;
  readonly verifyPart: typeof verifyPart;
}

export const publishing = { createAppender, createPublish, createGuards, createReveal };
export const ingesting = { createAppender, createPublish, createIngress, createGuards };
export const proposing = { createAppender, createActs: actsOf, createProposalUseCases, createQueryUseCases };
export const deciding = { createAppender, createActs: actsOf, createDecisionUseCases };
export const working = { createAppender, createActs: actsOf, createWorkflowUseCases };
/** Everything on change-sets. Written out: what is spread stays in every bundle, used or not. */
export const changing = {
  createAppender,
  createActs: actsOf,
  createProposalUseCases,
  createDecisionUseCases,
  createWorkflowUseCases,
  createQueryUseCases,
};
export const governing = { createPolicyUseCases };
export const reading = { createEntities, createFeed, createPublicLog, createTrace, createSubscriptions };
export const mapping = { createMapView, createSubscriptions };
export const subscribing = { createSubscriptions };
export const verifying = { verifyPart };

function actsOf({
  operations,
  ...deps
}: Omit<ChangesDependencies, 'operations'> & Pick<NervousConfig, 'operations'>): Acts {
  return createActs({ ...deps, operations: operationTypes(operations, deps.executors?.declared) });
}

/**
 * The parts that a process may leave out, with their code: a function on AWS starts the faster the less it loads. Each
 * group is what one kind of process needs together.
 */
import { noticesPart } from './notice-parts.ts';
import {
  accessesPart,
  entitiesPart,
  feedPart,
  mapPart,
  publicLogPart,
  quarantinePart,
  reportsPart,
  subscriptionQueriesPart,
  subscriptionsPart,
  tracePart,
  verificationPart,
  webhookStandingPart,
} from './reading-parts.ts';
import {
  accessJournalPart,
  actEdgePart,
  appenderPart,
  decisionPart,
  guardsPart,
  ingressPart,
  keyRevocationPart,
  policyPart,
  proposalPart,
  publishPart,
  queryPart,
  revealPart,
  vaultPart,
  webhookRecordPart,
  webhooksPart,
  workflowPart,
  workPart,
} from './writing-parts.ts';

/** Every part there is, by the name under which a process is given it. */
export interface UseCases {
  readonly createAppender: typeof appenderPart;
  readonly createAccessJournal: typeof accessJournalPart;
  readonly createVault: typeof vaultPart;
  readonly createGuards: typeof guardsPart;
  readonly createPublish: typeof publishPart;
  readonly createIngress: typeof ingressPart;
  readonly createWork: typeof workPart;
  readonly createReveal: typeof revealPart;
  readonly createActEdge: typeof actEdgePart;
  readonly createProposalUseCases: typeof proposalPart;
  readonly createDecisionUseCases: typeof decisionPart;
  readonly createWorkflowUseCases: typeof workflowPart;
  readonly createQueryUseCases: typeof queryPart;
  readonly createPolicyUseCases: typeof policyPart;
  readonly createKeyRevocation: typeof keyRevocationPart;
  readonly createEntities: typeof entitiesPart;
  readonly createFeed: typeof feedPart;
  readonly createAccesses: typeof accessesPart;
  readonly createNotices: typeof noticesPart;
  readonly createPublicLog: typeof publicLogPart;
  readonly createQuarantineView: typeof quarantinePart;
  readonly createSubscriptionQueries: typeof subscriptionQueriesPart;
  readonly createSubscriptions: typeof subscriptionsPart;
  readonly createWebhookStanding: typeof webhookStandingPart;
  readonly createWebhooks: typeof webhooksPart;
  readonly createWebhookRecord: typeof webhookRecordPart;
  readonly createTrace: typeof tracePart;
  readonly createMapView: typeof mapPart;
  readonly createReports: typeof reportsPart;
  readonly createLedgerVerification: typeof verificationPart;
}

// Each written out: what is spread here stays in every bundle, used or not.
export const publishing = {
  createAppender: appenderPart,
  createAccessJournal: accessJournalPart,
  createVault: vaultPart,
  createGuards: guardsPart,
  createPublish: publishPart,
  createReveal: revealPart,
};
export const ingesting = {
  createAppender: appenderPart,
  createVault: vaultPart,
  createGuards: guardsPart,
  createPublish: publishPart,
  createIngress: ingressPart,
};
export const proposing = {
  createAppender: appenderPart,
  createAccessJournal: accessJournalPart,
  createActEdge: actEdgePart,
  createProposalUseCases: proposalPart,
  createQueryUseCases: queryPart,
};
export const deciding = {
  createAppender: appenderPart,
  createAccessJournal: accessJournalPart,
  createActEdge: actEdgePart,
  createDecisionUseCases: decisionPart,
};
export const working = {
  createAppender: appenderPart,
  createActEdge: actEdgePart,
  createWorkflowUseCases: workflowPart,
};
export const claiming = { createAppender: appenderPart, createAccessJournal: accessJournalPart, createWork: workPart };
/** Everything on change-sets. */
export const changing = {
  createAppender: appenderPart,
  createAccessJournal: accessJournalPart,
  createActEdge: actEdgePart,
  createProposalUseCases: proposalPart,
  createDecisionUseCases: decisionPart,
  createWorkflowUseCases: workflowPart,
  createQueryUseCases: queryPart,
};
export const governing = { createAppender: appenderPart, createPolicyUseCases: policyPart };
export const revoking = { createAppender: appenderPart, createKeyRevocation: keyRevocationPart };
export const reading = {
  createAppender: appenderPart,
  createAccessJournal: accessJournalPart,
  createEntities: entitiesPart,
  createFeed: feedPart,
  createAccesses: accessesPart,
  createPublicLog: publicLogPart,
  createQuarantineView: quarantinePart,
  createSubscriptionQueries: subscriptionQueriesPart,
  createTrace: tracePart,
};
export const noticing = { createNotices: noticesPart };
export const mapping = { createSubscriptionQueries: subscriptionQueriesPart, createMapView: mapPart };
export const reporting = { createReports: reportsPart };
export const subscribing = { createSubscriptions: subscriptionsPart };
export const sending = { createWebhooks: webhooksPart };
export const webhooking = {
  createAppender: appenderPart,
  createWebhookStanding: webhookStandingPart,
  createWebhooks: webhooksPart,
};
/** For who delivers: what owners of webhooks must know is recorded. */
export const delivering = {
  createAppender: appenderPart,
  createWebhookStanding: webhookStandingPart,
  createWebhookRecord: webhookRecordPart,
};
export const verifying = { createLedgerVerification: verificationPart };

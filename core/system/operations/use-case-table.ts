/**
 * Names every use case that somebody can ask for: what its caller must be before anything is read, and the budget that pays
 * for it. The use case itself checks the right to its subject (this entity, that topic), because it knows the subject.
 */
import type { BudgetName } from '../../guard/index.ts';
import type { Action } from '../../policy/index.ts';

export interface UseCase {
  /**
   * `open`: anybody, also without credentials. `known`: whoever the policy in force knows. `auditor`: that role.
   * `everything`: may read all there is. An action: holds that right for something. What agents are refused and is told
   * of them (`agent.policy_violated`) is `known` here: the use case refuses, and tells.
   */
  readonly for: 'open' | 'known' | 'auditor' | 'everything' | Action;
  /** absent: costs little and writes nothing, or (publishing) is counted by the event */
  readonly budget?: BudgetName;
  /**
   * In the access journal: which class of reading it is (`journal`: always), or `acts`: only when it is refused, because what it does
   * is an entry anyway. Absent: it shows nothing of the ledger's that is not known by other entries.
   */
  readonly access?: 'entities' | 'changes' | 'events' | 'journal' | 'acts';
  /** it may wait for what is to come, so its duration says nothing of how fast the system is */
  readonly waits?: true;
}

const USE_CASE_TABLE = {
  getHealth: { for: 'open' },
  getState: { for: 'known' },
  getDependencies: { for: 'known' },
  getCapabilities: { for: 'known' },
  getMetrics: { for: 'everything' },
  getOpenApi: { for: 'open' },
  getAsyncApi: { for: 'known' },
  getCatalog: { for: 'known' },
  getMap: { for: 'everything', budget: 'heavy' },

  publishEvents: { for: 'known', access: 'acts' },
  /** an event that came in by the ingress bus */
  ingestEvent: { for: 'open' },
  traceEvent: { for: 'known', access: 'events' },
  readFeed: { for: 'known', waits: true, access: 'events' },
  streamFeed: { for: 'known', waits: true, access: 'events' },
  listAccesses: { for: 'auditor', access: 'journal' },
  listQuarantine: { for: 'auditor', access: 'events' },
  listGuards: { for: 'known' },
  resetGuard: { for: 'known', budget: 'operate' },

  createSubscription: { for: 'known', budget: 'subscribe' },
  listSubscriptions: { for: 'known' },
  getSubscription: { for: 'known' },
  changeSubscription: { for: 'known', budget: 'subscribe' },
  deleteSubscription: { for: 'known', budget: 'subscribe' },
  pauseSubscription: { for: 'known', budget: 'operate' },
  resumeSubscription: { for: 'known', budget: 'operate' },
  resetSubscription: { for: 'known', budget: 'operate' },
  receiveMessages: { for: 'known', budget: 'settle', waits: true },
  ackMessages: { for: 'known', budget: 'settle' },
  extendMessages: { for: 'known', budget: 'settle' },
  nackMessages: { for: 'known', budget: 'settle' },
  listDeadLetters: { for: 'known' },
  redriveDeadLetters: { for: 'known', budget: 'operate' },

  getWebhookKeys: { for: 'known' },
  rotateWebhookSecret: { for: 'known', budget: 'operate' },
  verifyWebhook: { for: 'known', budget: 'operate', waits: true },
  testWebhook: { for: 'known', budget: 'operate', waits: true },
  listWebhookAttempts: { for: 'known' },
  resendWebhook: { for: 'known', budget: 'operate' },
  recoverWebhook: { for: 'known', budget: 'operate' },

  listNotices: { for: 'known' },
  streamNotices: { for: 'known', waits: true },
  readNotices: { for: 'known', budget: 'settle' },
  getNoticePreferences: { for: 'known' },
  setNoticePreferences: { for: 'known', budget: 'operate' },

  getEntity: { for: 'known', access: 'entities' },
  listEntries: { for: 'known', access: 'entities' },
  getEntityHistory: { for: 'reads', budget: 'heavy', access: 'entities' },
  verifyEntity: { for: 'reads', budget: 'heavy', access: 'entities' },
  revealFields: { for: 'reveals', budget: 'reveal', access: 'acts' },
  verifyLedger: { for: 'auditor', budget: 'heavy' },
  getCheckpoint: { for: 'known' },
  getTile: { for: 'known', access: 'entities' },
  getProof: { for: 'known', access: 'entities' },

  proposeChangeSet: { for: 'known', budget: 'propose', access: 'acts' },
  assessChangeSet: { for: 'known', budget: 'assess', access: 'changes' },
  revertChangeSet: { for: 'known', budget: 'propose', access: 'acts' },
  listChangeSets: { for: 'known', access: 'changes' },
  getChangeSet: { for: 'known', access: 'changes' },
  reviseChangeSet: { for: 'known', budget: 'revise', access: 'acts' },
  withdrawChangeSet: { for: 'known', budget: 'revise', access: 'acts' },
  abortChangeSet: { for: 'known', budget: 'decide', access: 'acts' },
  decideChangeSet: { for: 'known', budget: 'decide', access: 'acts' },
  revokeVote: { for: 'known', budget: 'decide', access: 'acts' },
  overrideChangeSet: { for: 'known', budget: 'decide', access: 'acts' },
  reviewChangeSet: { for: 'known', budget: 'decide', access: 'acts' },
  resolveChangeSet: { for: 'known', budget: 'decide', access: 'acts' },

  claimWork: { for: 'claims', budget: 'settle', access: 'acts' },
  renewWork: { for: 'claims', budget: 'settle' },
  releaseWork: { for: 'known', budget: 'settle', access: 'acts' },
  completeWork: { for: 'known', budget: 'settle', access: 'acts' },
  stealWork: { for: 'steals', budget: 'operate', access: 'acts' },
  listWork: { for: 'known', access: 'entities' },
  getWork: { for: 'known', access: 'entities' },

  getPolicy: { for: 'known' },
  delegateVote: { for: 'known', budget: 'delegate', access: 'acts' },
  listDelegations: { for: 'known' },
  endDelegation: { for: 'known', budget: 'delegate', access: 'acts' },

  revokeSessionKey: { for: 'auditor', budget: 'operate', access: 'acts' },
} as const satisfies Readonly<Record<string, UseCase>>;

export type UseCaseName = keyof typeof USE_CASE_TABLE;
export const USE_CASES: Readonly<Record<UseCaseName, UseCase>> = USE_CASE_TABLE;

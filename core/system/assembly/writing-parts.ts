/**
 * The parts of a system that record something, on one appender. Each takes the ground, the ports it needs and the parts it
 * rests on, and gives what it adds.
 */
import {
  createActEdge,
  createDecisionUseCases,
  createPolicyUseCases,
  createProposalUseCases,
  createQueryUseCases,
  createWorkflowUseCases,
  operationTypes,
  type ActEdge,
  type ChangesDependencies,
  type DecisionUseCases,
  type PolicyUseCases,
  type ProposalUseCases,
  type QueryUseCases,
  type WorkflowUseCases,
} from '../../changes/index.ts';
import {
  createGuards,
  createIngress,
  createPublish,
  createQuarantine,
  createReveal,
  createVault,
  createWebhooks,
  createWebhookSecrets,
  recordWebhookChange,
  eraseField,
  type EventRelay,
  type Guards,
  type Ingest,
  type Publish,
  type Reveal,
  type SubscriptionBus,
  type Subscriptions,
  type Vault,
  type WebhookChange,
  type Webhooks,
  type WebhookStanding,
} from '../../events/index.ts';
import { createAppender, createGatedAppender, revokeKey, type GatedAppender } from '../../ledger/index.ts';
import { actorOf, type AccessPolicy } from '../../policy/index.ts';
import { defined } from '../../values/index.ts';
import { createWork, type Work } from '../../work/index.ts';
import type { NervousSystem } from '../contract/nervous-system.ts';
import type { Ports } from '../contract/ports.ts';
import { createAccessJournal, type AccessJournal } from '../operations/access-journal.ts';
import { requireAuditor } from '../verify/ledger-verification.ts';
import type { Ground } from './ground.ts';

/** The one that everything is recorded with. */
interface Appending {
  readonly appender: GatedAppender;
}

interface Sealing {
  /** undefined: this process was given no keys for confidential fields */
  readonly vault: Vault | undefined;
}

export function appenderPart({
  committed,
  config: { ledger, origin },
  ...from
}: Ground & Pick<Ports, 'sealer' | 'onCommit' | 'pause'> & { readonly bus: EventRelay }): Appending {
  const { entries: store, sealer, rootSigner, clock, ids, bus, onCommit, pause } = from;
  return {
    appender: createGatedAppender(
      createAppender({
        ...{ ledger, origin, store, sealer, rootSigner, clock, ids },
        ...defined({ gather: pause }),
        onCommit: (appended) => {
          bus.relay(appended);
          committed.tell();
          onCommit?.(appended);
        },
      }),
    ),
  };
}

export function accessJournalPart({ appender, governance, ids, clock, onError }: Ground & Appending): {
  readonly accessJournal: AccessJournal;
} {
  const policy = (): AccessPolicy | undefined => governance.inForce().document.access;
  return { accessJournal: createAccessJournal({ appender, policy, ids, clock, onError }) };
}

export function vaultPart({ items, ids, fieldKeys, config: { ledger } }: Ground & Pick<Ports, 'fieldKeys'>): Sealing {
  const randomBytes = (length: number): Uint8Array => ids.bytes(length);
  return { vault: fieldKeys === undefined ? undefined : createVault({ ledger, items, keys: fieldKeys, randomBytes }) };
}

export function guardsPart({
  config: { ledger, protection },
  ...from
}: Ground & Appending & Pick<Ports, 'sharedCounts' | 'onGuard'>): { readonly guards: Guards } {
  const { appender, policy, catalog, entries, items, clock, ids, onError, sharedCounts, onGuard } = from;
  return {
    guards: createGuards({
      ...{ ledger, protection, appender, policy, catalog, items, clock, ids, onError },
      isAlone: entries.exclusive,
      ...defined({ shared: sharedCounts, onCount: onGuard }),
    }),
  };
}

export function publishPart(
  from: Ground & Appending & Sealing & { readonly guards: Guards } & Pick<Ports, 'onPublished'>,
): { readonly publish: Publish } {
  const { config, appender, entries, catalog, policy, ids, guards: guard, vault, metrics, onPublished } = from;
  const { ledger } = config;
  const publish = createPublish({
    ...{ appender, catalog, policy, ids, guard, claims: { ledger, entries } },
    ...defined({ vault }),
  });
  return {
    publish: async (...args) => {
      const results = await publish(...args);
      onPublished?.(results);
      return metrics.countPublished(results);
    },
  };
}

export function workPart({ config: { ledger }, ...from }: Ground & Appending): { readonly work: Work } {
  const { appender, entries, items, policy, clock, ids } = from;
  return { work: createWork({ ledger, appender, entries, items, policy, clock, ids }) };
}

/** Beside the subscriptions, because it records what it does. */
export function webhooksPart(
  from: Ground &
    Appending & {
      readonly bus: Pick<SubscriptionBus, 'webhooks'>;
      readonly subscriptions: Pick<Subscriptions, 'get' | 'verified'>;
    } & Pick<Ports, 'fieldKeys'>,
): { readonly webhooks: Webhooks } {
  const {
    config,
    subscriptions,
    policy,
    appender,
    entries,
    items,
    ids,
    clock,
    fieldKeys: keys,
    bus,
    rootSigner: root,
  } = from;
  const { ledger } = config;
  const secrets = keys === undefined ? undefined : createWebhookSecrets({ ledger, items, keys, clock, ids });
  return {
    webhooks: createWebhooks({
      ...{ ledger, root, subscriptions, policy, appender, entries, ids, clock, secrets },
      bus: bus.webhooks,
    }),
  };
}

/** For who sends webhooks and does nothing else with subscriptions: it waits until what their owners must know is recorded. */
export function webhookRecordPart({
  appender,
  subscriptions,
}: Appending & { readonly subscriptions: Pick<WebhookStanding, 'disable'> }): {
  readonly recordWebhookChange: (change: WebhookChange) => Promise<void>;
} {
  return { recordWebhookChange: recordWebhookChange({ appender, subscriptions }) };
}

export function ingressPart({ config: { ledger, ingress: rules }, ...from }: Ground & { readonly publish: Publish }): {
  readonly ingest: Ingest;
} {
  const { items, clock, policy, publish } = from;
  return {
    ingest: createIngress({ ledger, rules, policy, publish, quarantine: createQuarantine({ ledger, items, clock }) }),
  };
}

export function revealPart({ appender, entries, policy, ids, vault }: Ground & Appending & Sealing): {
  readonly reveal: Reveal;
} {
  return { reveal: createReveal({ appender, entries, policy, ids, vault }) };
}

type Changing = Ground & Appending & Pick<Ports, 'executors' | 'onChangeStep'>;

/** What the groups of acts on change-sets share. */
export function actEdgePart(from: Changing): { readonly actEdge: ActEdge } {
  const { operations, executors } = from.config;
  return { actEdge: createActEdge({ ...changing(from), operations: operationTypes(operations, executors) }) };
}

interface EdgeParts {
  readonly actEdge: ActEdge;
  /** what other groups of acts have given */
  readonly changes?: object;
}

export function proposalPart({ actEdge, changes }: EdgeParts): { readonly changes: ProposalUseCases } {
  return { changes: { ...changes, ...createProposalUseCases(actEdge) } };
}

export function decisionPart({ actEdge, changes }: EdgeParts): { readonly changes: DecisionUseCases } {
  return { changes: { ...changes, ...createDecisionUseCases(actEdge) } };
}

export function workflowPart({ actEdge, changes }: EdgeParts): { readonly changes: WorkflowUseCases } {
  return { changes: { ...changes, ...createWorkflowUseCases(actEdge) } };
}

export function queryPart({ actEdge, changes }: EdgeParts): { readonly changes: QueryUseCases } {
  return { changes: { ...changes, ...createQueryUseCases(actEdge) } };
}

export function policyPart(from: Changing): { readonly governing: PolicyUseCases } {
  return { governing: createPolicyUseCases(changing(from)) };
}

export function keyRevocationPart({ policy, appender, entries }: Ground & Appending): Pick<NervousSystem, 'revokeKey'> {
  return {
    revokeKey: async (principal, key, reason) => {
      requireAuditor(policy, principal, 'session keys are revoked by auditors');
      return revokeKey({ appender, entries }, { key, reason, actor: actorOf(principal) });
    },
  };
}

function changing({ config: { ledger, executors: declared }, ...from }: Changing): ChangesDependencies {
  const { appender, items, entries, governance, catalog, clock, ids, executors, rootSigner: root, onChangeStep } = from;
  return {
    ...{ ledger, appender, items, entries, governance, catalog, clock, ids },
    executors: { declared, executors, root },
    erase: (entity, seq, path) => eraseField(ledger, { entity, seq, path }),
    onStep: onChangeStep,
  };
}

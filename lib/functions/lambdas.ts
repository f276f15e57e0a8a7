/**
 * Every function that is deployed, with its contract: what it must be told (`env.ts`) and what it may do
 * (`permissions.ts`), both written beside its code. Adding a folder to `lambdas/` means adding a line here.
 */
import type { z } from 'zod';
import type { ResourceName } from '../constructs/resource-arns.ts';
import { env as publishEnv } from '../../lambdas/publish/env.ts';
import { permissions as publishPermissions } from '../../lambdas/publish/permissions.ts';
import { env as readEnv } from '../../lambdas/read/env.ts';
import { permissions as readPermissions } from '../../lambdas/read/permissions.ts';
import { env as changeSetsEnv } from '../../lambdas/change-sets/env.ts';
import { permissions as changeSetsPermissions } from '../../lambdas/change-sets/permissions.ts';
import { env as decisionsEnv } from '../../lambdas/decisions/env.ts';
import { permissions as decisionsPermissions } from '../../lambdas/decisions/permissions.ts';
import { env as subscriptionsEnv } from '../../lambdas/subscriptions/env.ts';
import { permissions as subscriptionsPermissions } from '../../lambdas/subscriptions/permissions.ts';
import { env as webhooksEnv } from '../../lambdas/webhooks/env.ts';
import { permissions as webhooksPermissions } from '../../lambdas/webhooks/permissions.ts';
import { env as verifyEnv } from '../../lambdas/verify/env.ts';
import { permissions as verifyPermissions } from '../../lambdas/verify/permissions.ts';
import { env as serviceEnv } from '../../lambdas/service/env.ts';
import { permissions as servicePermissions } from '../../lambdas/service/permissions.ts';
import { env as sequencerEnv } from '../../lambdas/sequencer/env.ts';
import { permissions as sequencerPermissions } from '../../lambdas/sequencer/permissions.ts';
import { env as logPublisherEnv } from '../../lambdas/log-publisher/env.ts';
import { permissions as logPublisherPermissions } from '../../lambdas/log-publisher/permissions.ts';
import { env as witnessEnv } from '../../lambdas/witness/env.ts';
import { permissions as witnessPermissions } from '../../lambdas/witness/permissions.ts';
import { env as routerEnv } from '../../lambdas/router/env.ts';
import { permissions as routerPermissions } from '../../lambdas/router/permissions.ts';
import { env as outboxSweeperEnv } from '../../lambdas/outbox-sweeper/env.ts';
import { permissions as outboxSweeperPermissions } from '../../lambdas/outbox-sweeper/permissions.ts';
import { env as subscriptionReconcilerEnv } from '../../lambdas/subscription-reconciler/env.ts';
import { permissions as subscriptionReconcilerPermissions } from '../../lambdas/subscription-reconciler/permissions.ts';
import { env as burierEnv } from '../../lambdas/burier/env.ts';
import { permissions as burierPermissions } from '../../lambdas/burier/permissions.ts';
import { env as deliveryEnv } from '../../lambdas/delivery/env.ts';
import { permissions as deliveryPermissions } from '../../lambdas/delivery/permissions.ts';
import { env as ingestEnv } from '../../lambdas/ingest/env.ts';
import { permissions as ingestPermissions } from '../../lambdas/ingest/permissions.ts';
import { env as lakeExporterEnv } from '../../lambdas/lake-exporter/env.ts';
import { permissions as lakeExporterPermissions } from '../../lambdas/lake-exporter/permissions.ts';
import { env as workflowStepEnv } from '../../lambdas/workflow-step/env.ts';
import { permissions as workflowStepPermissions } from '../../lambdas/workflow-step/permissions.ts';
import { env as wakerEnv } from '../../lambdas/waker/env.ts';
import { permissions as wakerPermissions } from '../../lambdas/waker/permissions.ts';
import { env as workflowReconcilerEnv } from '../../lambdas/workflow-reconciler/env.ts';
import { permissions as workflowReconcilerPermissions } from '../../lambdas/workflow-reconciler/permissions.ts';

export interface Permission {
  /** an IAM action */
  readonly action: string;
  readonly resource: ResourceName;
}

export interface LambdaContract {
  readonly env: z.ZodObject;
  readonly permissions: readonly Permission[];
}

export const LAMBDAS = {
  publish: { env: publishEnv, permissions: publishPermissions },
  read: { env: readEnv, permissions: readPermissions },
  'change-sets': { env: changeSetsEnv, permissions: changeSetsPermissions },
  decisions: { env: decisionsEnv, permissions: decisionsPermissions },
  subscriptions: { env: subscriptionsEnv, permissions: subscriptionsPermissions },
  webhooks: { env: webhooksEnv, permissions: webhooksPermissions },
  verify: { env: verifyEnv, permissions: verifyPermissions },
  service: { env: serviceEnv, permissions: servicePermissions },
  sequencer: { env: sequencerEnv, permissions: sequencerPermissions },
  'log-publisher': { env: logPublisherEnv, permissions: logPublisherPermissions },
  witness: { env: witnessEnv, permissions: witnessPermissions },
  router: { env: routerEnv, permissions: routerPermissions },
  'outbox-sweeper': { env: outboxSweeperEnv, permissions: outboxSweeperPermissions },
  'subscription-reconciler': { env: subscriptionReconcilerEnv, permissions: subscriptionReconcilerPermissions },
  burier: { env: burierEnv, permissions: burierPermissions },
  delivery: { env: deliveryEnv, permissions: deliveryPermissions },
  ingest: { env: ingestEnv, permissions: ingestPermissions },
  'lake-exporter': { env: lakeExporterEnv, permissions: lakeExporterPermissions },
  'workflow-step': { env: workflowStepEnv, permissions: workflowStepPermissions },
  waker: { env: wakerEnv, permissions: wakerPermissions },
  'workflow-reconciler': { env: workflowReconcilerEnv, permissions: workflowReconcilerPermissions },
} as const satisfies Readonly<Record<string, LambdaContract>>;

export type LambdaName = keyof typeof LAMBDAS;
export const LAMBDA_NAMES = Object.keys(LAMBDAS) as readonly LambdaName[];

/** Those that a deployment has: the lake is for who asks for it. */
export function lambdasOf({ lake }: { readonly lake: boolean }): readonly LambdaName[] {
  return lake ? LAMBDA_NAMES : LAMBDA_NAMES.filter((name) => name !== 'lake-exporter');
}

/** Assumed to run one at a time; a second one beside it does no harm. AWS refuses the second run, which is no failure. */
export const ALONE: ReadonlySet<LambdaName> = new Set<LambdaName>([
  'sequencer',
  'log-publisher',
  'outbox-sweeper',
  'subscription-reconciler',
  'workflow-reconciler',
]);

/** Called by streams, schedules and queues: nobody waits for the answer. */
export const BEHIND: ReadonlySet<LambdaName> = new Set<LambdaName>([
  ...ALONE,
  'router',
  'burier',
  'delivery',
  'waker',
  'witness',
  'lake-exporter',
]);

export function lambdasThatMay(action: string, resource: ResourceName): readonly LambdaName[] {
  return LAMBDA_NAMES.filter((name) =>
    (LAMBDAS[name] as LambdaContract).permissions.some((one) => one.action === action && one.resource === resource),
  );
}

/** The variables of a function, as they are written into its configuration. */
export type LambdaEnvironment<Name extends LambdaName> = z.input<(typeof LAMBDAS)[Name]['env']>;

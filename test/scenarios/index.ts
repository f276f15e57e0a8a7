/** The one suite that every engine passes: each scenario uses entities of its own, so they run at the same time on one ledger. */
import { changeSets } from './change-sets.ts';
import { cloudEvents } from './cloud-events.ts';
import { delivery } from './delivery.ts';
import { executors } from './executors.ts';
import { finding } from './finding.ts';
import { fields } from './fields.ts';
import { governance } from './governance.ts';
import { ingress } from './ingress.ts';
import { lifecycleActions } from './lifecycle-actions.ts';
import { protection } from './protection.ts';
import { publishing } from './publishing.ts';
import { riskAndTimers } from './risk-and-timers.ts';
import { service } from './service.ts';
import { subscriptions } from './subscriptions.ts';
import { verification } from './verification.ts';
import { work } from './work.ts';
import type { Scenario } from './fixture.ts';

export const SCENARIOS: readonly Scenario[] = [
  ...publishing,
  ...delivery,
  ...subscriptions,
  ...service,
  ...protection,
  ...cloudEvents,
  ...fields,
  ...changeSets,
  ...finding,
  ...lifecycleActions,
  ...riskAndTimers,
  ...executors,
  ...governance,
  ...ingress,
  ...work,
  ...verification,
];
export { describeScenarios } from './describe.ts';
export type { BridgeEntry, BridgeEvent, Powers, Scenario, Fixture } from './fixture.ts';

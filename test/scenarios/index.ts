/** The one suite that every engine passes: each scenario uses entities of its own, so they run at the same time on one ledger. */
import { changeSets } from './change-sets.ts';
import { delivery } from './delivery.ts';
import { ingress } from './ingress.ts';
import { publishing } from './publishing.ts';
import { verification } from './verification.ts';
import type { Scenario } from './world.ts';

export const SCENARIOS: readonly Scenario[] = [...publishing, ...delivery, ...changeSets, ...ingress, ...verification];
export { describeScenarios } from './describe.ts';
export type { BridgeEntry, BridgeEvent, Powers, Scenario, World } from './world.ts';

/**
 * What no risk table can lower: entities under `registry:` say who may do what, so whatever is done to one of them needs an
 * owner, risk and security, three people and a day. Built in, because a table that could lower it could be edited to.
 */

export const REGISTRY_PREFIX = 'registry:';

/** Named like a rule in assessments. */
const REGISTRY_FLOOR = {
  name: 'registry (built in)',
  level: 'L4',
  roles: ['owner', 'risk', 'security'],
  approvals: 3,
  timelockMinutes: 1_440,
} as const;
/** Three people and a day's lock need time, however short the table makes everybody else's. */
const REGISTRY_DECISION_HOURS = 168;

/** What the entity demands beside the rules that match. */
export function floorOf(entityId: unknown): readonly (typeof REGISTRY_FLOOR)[] {
  return isRegistry(entityId) ? [REGISTRY_FLOOR] : [];
}

/** Hours from proposal to deadline. */
export function decisionHoursFor(entityId: string, configured: number): number {
  return isRegistry(entityId) ? Math.max(configured, REGISTRY_DECISION_HOURS) : configured;
}

function isRegistry(entityId: unknown): boolean {
  return typeof entityId === 'string' && entityId.startsWith(REGISTRY_PREFIX);
}

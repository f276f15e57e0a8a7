/** Freeze windows: times, by the server's clock in UTC, in which changes of some entities need the strictest look. */
import { msOf, type EntityId, type EpochMs, type Given } from '../../brands/index.ts';
import { matchesGlob } from '../../policy/index.ts';
import type { RiskConfig } from './risk-config.ts';

/** Names of the windows that are open for the entity at the time `now`, sorted. */
export function activeFreezes(freezes: RiskConfig['freezes'], entityId: Given<EntityId>, now: EpochMs): string[] {
  return freezes
    .filter(({ from, until }) => msOf(from) <= now && now < msOf(until))
    .filter(({ entities }) => entities === undefined || entities.some((glob) => matchesGlob(glob, entityId)))
    .map(({ name }) => name)
    .sort();
}

/** Freeze windows: times, by the server's clock in UTC, in which changes of some entities need the strictest look. */
import { matchesGlob } from '../../policy/index.ts';
import type { RiskConfig } from './risk-config.ts';

/** Names of the windows that are open for the entity at the time `now` (milliseconds since the Unix epoch), sorted. */
export function activeFreezes(freezes: RiskConfig['freezes'], entityId: string, now: number): string[] {
  return freezes
    .filter(({ from, until }) => Date.parse(from) <= now && now < Date.parse(until))
    .filter(({ entities }) => entities === undefined || entities.some((glob) => matchesGlob(glob, entityId)))
    .map(({ name }) => name)
    .sort();
}

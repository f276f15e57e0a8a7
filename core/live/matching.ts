/**
 * Matching: which sessions can help, best first. The order is total, so every process that sees the same sessions chooses the same
 * one, and who asks again after silence goes on with the next.
 */
import type { EpochMs } from '../brands/index.ts';
import { isAlive, type Heard } from './presence.ts';

export interface Candidate extends Heard {
  readonly id: string;
  readonly capabilities: readonly string[];
  readonly isIdle: boolean;
  /** how many claims of work it holds */
  readonly claims: number;
  /** when it last had something to do */
  readonly lastActive: EpochMs;
}

export interface Need {
  /** each of them; none: whoever is there */
  readonly capabilities: readonly string[];
  /** ids of sessions that are not to be asked: who asks, and who did not answer */
  readonly except?: ReadonlySet<string>;
}

/** Those that are there and offer all that is needed: idle first, then the fewest claims, the longest idle, the id. */
export function matchSessions<Session extends Candidate>(
  sessions: Iterable<Session>,
  { capabilities, except }: Need,
  now: EpochMs,
): Session[] {
  return [...sessions]
    .filter((session) => except?.has(session.id) !== true && isAlive(session, now) && offers(session, capabilities))
    .sort(byFitness);
}

function offers(session: Candidate, needed: readonly string[]): boolean {
  return needed.every((capability) => session.capabilities.includes(capability));
}

function byFitness(one: Candidate, other: Candidate): number {
  return (
    Number(other.isIdle) - Number(one.isIdle) ||
    one.claims - other.claims ||
    one.lastActive - other.lastActive ||
    byCodeUnits(one.id, other.id)
  );
}

/** Not by a locale, which differs between machines. */
function byCodeUnits(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

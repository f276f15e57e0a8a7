/** Presence: a session is there as long as the server heard from it lately. What a session says of its own time counts for nothing. */
import { later, type EpochMs } from '../brands/index.ts';

/** One heartbeat may be lost, and the next be late, before a session counts as gone. */
const HEARTBEATS_MISSED = 2.5;

export interface Heard {
  readonly lastSeen: EpochMs;
  readonly heartbeatMs: number;
}

/** When the session counts as gone, unless it is heard before. */
export function goneAt({ lastSeen, heartbeatMs }: Heard): EpochMs {
  return later(lastSeen, HEARTBEATS_MISSED * heartbeatMs);
}

export function isAlive(session: Heard, now: EpochMs): boolean {
  return now < goneAt(session);
}

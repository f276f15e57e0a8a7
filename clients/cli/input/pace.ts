/** How fast: `500/s`, `30000/m`, or a number a second. */
import { setTimeout as sleep } from 'node:timers/promises';
import { InvalidArgumentError } from 'commander';

/** A timer that wakes late, or a slow answer, may be made up for. */
const SLACK_MS = 1_000;
const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600 };

/** @returns events per second */
export function parseRate(text: string): number {
  const [, count, unit = 's'] = /^(\d{1,7})(?:\/([smh]))?$/.exec(text) ?? [];
  if (count !== undefined && Number(count) > 0) return Number(count) / (UNIT_SECONDS[unit] ?? 1);
  throw new InvalidArgumentError('events and a unit of time, such as 500/s, 30000/m or 100000/h.');
}

/** Waits until as many more may go: never more than the rate allows since the first. undefined: as fast as they can. */
export function createPace(perSecond: number | undefined): (count: number) => Promise<void> {
  if (perSecond === undefined) return () => Promise.resolve();
  let due = performance.now();
  return async (count) => {
    const waitMs = due - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    // Time in which nothing came is not made up for.
    due = Math.max(due, performance.now() - SLACK_MS) + (count * 1_000) / perSecond;
  };
}

/** Time that stands still until a test moves it: retries, leases, time locks and deadlines come when they are due, at once. */
import { FakeClock } from '../adapters/memory/index.ts';
import type { Clock } from '../core/ledger/index.ts';
import type { Activity } from './activity.ts';

export interface TestClock {
  /** milliseconds since the Unix epoch */
  now(): number;
  /**
   * Moves time on, stopping wherever something is due, until that is done.
   * @param duration such as `250ms`, `30s`, `90m`, `1h`, `2d`, or milliseconds
   */
  advance(duration: string | number): Promise<void>;
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** @returns the test's clock, and the system's, which runs on it */
export function createTestClock(
  start: number,
  activity: Activity,
): { readonly clock: TestClock; readonly system: Clock } {
  const fake = new FakeClock(start, () => activity.settled());
  return {
    clock: {
      now: () => fake.now(),
      advance: (duration) => fake.advance(typeof duration === 'number' ? duration : millisecondsOf(duration)),
    },
    system: {
      now: () => fake.now(),
      monotonic: () => fake.monotonic(),
      sleep: async (ms, signal) => {
        activity.sign();
        await fake.sleep(ms, signal);
        activity.sign();
      },
    },
  };
}

function millisecondsOf(duration: string): number {
  const [, count, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration) ?? [];
  if (count === undefined)
    throw new TypeError(`"${duration}" is no duration: write 250ms, 30s, 90m, 1h or 2d, or a number of milliseconds`);
  return Number(count) * (UNIT_MS[unit] ?? 1);
}

/**
 * Waiting for others to be done with the same items. DynamoDB refuses a write while another transaction holds one of its
 * items; nothing was written then, and the same request may be sent again. How often and how long is decided here.
 */
import { AwsError } from '../request/errors.ts';

const MAX_TRIES = 10;
const FIRST_WAIT_MS = 10;
const MAX_WAIT_MS = 640;
const CONTENTION = new Set(['TransactionConflictException', 'TransactionInProgressException']);

export interface ContentionOptions {
  readonly sleep: (ms: number) => Promise<void>;
  /** uniform in [0, 1) */
  readonly random: () => number;
}

export interface Contention {
  /** Repeats what was refused because of others, with full jitter. @throws AwsError STORE_CONTENDED: nothing written */
  outlast<T>(attempt: () => Promise<T>): Promise<T>;
  /** Repeats `attempt` while it reports leftovers, waiting longer each time it gets none of them. */
  exhaust<T>(work: readonly T[], attempt: (work: readonly T[]) => Promise<readonly T[]>): Promise<void>;
}

export function createContention({ sleep, random }: ContentionOptions): Contention {
  const pause = (tries: number): Promise<void> => sleep(Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** tries) * random());
  return {
    outlast: async (attempt) => {
      for (let tries = 0; ; tries++) {
        try {
          return await attempt();
        } catch (error) {
          if (!isContention(error)) throw error;
          if (tries + 1 >= MAX_TRIES) throw contended(error);
          await pause(tries);
        }
      }
    },
    exhaust: async (work, attempt) => {
      let left = work;
      for (let tries = 0; left.length > 0;) {
        const next = await attempt(left);
        tries = next.length < left.length ? 0 : tries + 1;
        if (tries >= MAX_TRIES) throw contended(undefined);
        if (next.length > 0) await pause(tries);
        left = next;
      }
    },
  };
}

function isContention(error: unknown): boolean {
  return error instanceof Error && ('isContention' in error || CONTENTION.has(error.name));
}

function contended(cause: unknown): AwsError {
  return new AwsError({
    code: 'STORE_CONTENDED',
    message: `the store refused ${MAX_TRIES} tries because of others at work on the same items: retry later`,
    cause,
  });
}

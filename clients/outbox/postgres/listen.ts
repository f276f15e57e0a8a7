/**
 * Wakes the relay when something was written down. A notification that is lost costs delay, not an event: the relay looks by itself
 * after a while. Behind a pool of connections that cannot listen, that is how it goes.
 */
import { backoffMs, isAborted } from '../../sdk/connection/transport.ts';
import type { ClientClock } from '../../sdk/connection/clock.ts';
import type { Queryable } from './enqueue.ts';
import { problemOf, type OutboxProblem } from './problem.ts';
import { OUTBOX_CHANNEL } from './schema.ts';

type Listener = (...about: unknown[]) => void;

/** A `Pool` of `pg`, or what answers alike. Without `connect` the relay does not listen. */
export interface OutboxPool extends Queryable {
  connect?(): Promise<OutboxConnection>;
  on?(event: 'error' | 'connect', listener: Listener): unknown;
  off?(event: 'error' | 'connect', listener: Listener): unknown;
}

export interface OutboxConnection extends Queryable {
  on?(event: 'notification' | 'error' | 'end', listener: Listener): unknown;
  /** true: the connection is not used again */
  release(isBroken?: boolean): unknown;
}

export interface Ear {
  /** Resolves at the next notification, or at once when one came since the last call; otherwise after this time. */
  next(afterMs: number): Promise<void>;
  close(): Promise<void>;
}

interface Listening {
  readonly pool: OutboxPool;
  readonly clock: ClientClock;
  readonly stopping: AbortSignal;
  readonly onProblem: (problem: OutboxProblem) => void;
}

export function listenForEvents(options: Listening): Ear {
  const { clock, stopping } = options;
  let hasHeard = false;
  let wake: () => void = () => {};
  const hear = (): void => {
    hasHeard = true;
    wake();
  };
  const closed = keepListening(options, hear);
  return {
    next: async (afterMs) => {
      const waiting = new AbortController();
      wake = () => waiting.abort();
      if (!hasHeard) await clock.sleep(afterMs, AbortSignal.any([waiting.signal, stopping]));
      hasHeard = false;
    },
    close: () => closed,
  };
}

async function keepListening({ pool, clock, stopping, onProblem }: Listening, hear: () => void): Promise<void> {
  for (let failures = 0; !isAborted(stopping); failures++) {
    let connection: OutboxConnection | undefined;
    try {
      connection = await pool.connect?.();
      if (connection?.on === undefined) return;
      const lost = new Promise<unknown>((resolve) => {
        connection?.on?.('error', resolve);
        connection?.on?.('end', resolve);
        stopping.addEventListener('abort', resolve, { once: true });
      });
      connection.on('notification', hear);
      await connection.query(`LISTEN ${OUTBOX_CHANNEL}`);
      failures = 0;
      hear(); // what was written down while nobody listened
      await lost;
    } catch (cause) {
      if (!isAborted(stopping)) onProblem(problemOf('database', cause));
    } finally {
      connection?.release(true); // it listens: nobody else may get it
    }
    if (!isAborted(stopping)) await clock.sleep(backoffMs(failures + 1), stopping);
  }
}

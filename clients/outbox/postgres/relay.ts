/**
 * Carries events from the outbox table into the ledger: takes some for a while, publishes them in order, deletes what is
 * acknowledged. Killed between any two steps nothing is lost, because a row is there until the ledger has its event, and nothing is recorded
 * twice, because the event's id was chosen in the transaction. Any number of relays may work on one table.
 */
import { backoffMs, isAborted } from '../../sdk/connection/transport.ts';
import { realClock, type ClientClock } from '../../sdk/connection/clock.ts';
import { publishInOrder, type Outcome, type Publisher } from '../publishing/publish-in-order.ts';
import type { Queryable } from './enqueue.ts';
import { listenForEvents, type OutboxConnection, type OutboxPool } from './listen.ts';
import { problemOf, type OutboxProblem } from './problem.ts';
import { giveBack, installedVersion, parkRow, removeRows, takeRows, tryAgainLater, type Row } from './rows.ts';
import { OUTBOX_VERSION } from './schema.ts';

export interface RelayOptions {
  readonly pool: OutboxPool;
  /** who publishes: it needs the right to every topic that is written down */
  readonly client: Publisher;
  /** events taken at once, 1-1000, default 100 */
  readonly batchSize?: number;
  /** s after which others go on with what a relay that died had taken, default 60 */
  readonly leaseSeconds?: number;
  /** s between two looks when no notification comes, default 2 */
  readonly sweepSeconds?: number;
  /** tries of an event that is refused, but not for good, until it is parked; default 100, about 8 hours */
  readonly maxAttempts?: number;
  /** told of everything that did not go well; default: a warning of the process */
  readonly onProblem?: (problem: OutboxProblem) => void;
  readonly clock?: ClientClock;
}

export interface OutboxRelay {
  /** Resolves when it has stopped; rejects when it cannot work here: the table is missing, or of another version. */
  readonly done: Promise<void>;
  /** Ends what is under way and gives back what was taken. */
  stop(): Promise<void>;
}

const DEFAULT_BATCH = 100;
const MAX_BATCH = 1_000;
const DEFAULT_LEASE_SECONDS = 60;
const DEFAULT_SWEEP_SECONDS = 2;
const DEFAULT_MAX_ATTEMPTS = 100;
const MS_PER_SECOND = 1_000;
const RETRY_BASE_MS = 500;
const RETRY_MAX_MS = 300_000;

interface Relaying extends Required<Omit<RelayOptions, 'leaseSeconds'>> {
  /** who has taken a row */
  readonly name: string;
  readonly leaseMs: number;
  readonly stopping: AbortSignal;
  readonly stop: () => void;
}

export function relayPostgresOutbox(options: RelayOptions): OutboxRelay {
  const stopper = new AbortController();
  const { leaseSeconds = DEFAULT_LEASE_SECONDS, batchSize = DEFAULT_BATCH } = options;
  if (!(batchSize >= 1 && batchSize <= MAX_BATCH))
    throw new RangeError(`batchSize is 1-${MAX_BATCH}, not ${batchSize}`);
  const relay: Relaying = {
    ...{ sweepSeconds: DEFAULT_SWEEP_SECONDS, maxAttempts: DEFAULT_MAX_ATTEMPTS, clock: realClock, onProblem: warn },
    ...{ ...options, batchSize, leaseMs: leaseSeconds * MS_PER_SECOND },
    ...{ name: crypto.randomUUID(), stopping: stopper.signal, stop: () => stopper.abort() },
  };
  const done = run(relay);
  return {
    done,
    stop: () => {
      relay.stop();
      return done;
    },
  };
}

async function run(relay: Relaying): Promise<void> {
  const { pool, clock, stopping, onProblem, sweepSeconds } = relay;
  const unguard = guard(pool, onProblem);
  const ear = listenForEvents(relay);
  try {
    let isChecked = false;
    for (let failures = 0; !isAborted(stopping);) {
      try {
        isChecked ||= await checkVersion(pool);
        const { taken, halted } = await relayOnce(relay);
        failures = halted === undefined ? 0 : failures + 1;
        if (halted !== undefined) onProblem(problemOf('service', halted));
        else if (taken === 0) await ear.next(sweepSeconds * MS_PER_SECOND);
      } catch (cause) {
        if (cause instanceof WrongVersion) throw cause;
        failures += 1;
        onProblem(problemOf('database', cause));
      }
      if (failures > 0) await clock.sleep(backoffMs(failures), stopping);
    }
  } finally {
    relay.stop(); // the ear listens until then
    await ear.close();
    unguard();
  }
}

/** A connection that breaks tells so twice, and what nobody listens to ends the process. The query under way fails by itself. */
function guard(pool: OutboxPool, onProblem: Relaying['onProblem']): () => void {
  const tell = (cause: unknown): void => onProblem(problemOf('database', cause));
  const guardOne = (connection: unknown): unknown => (connection as OutboxConnection).on?.('error', () => {});
  pool.on?.('error', tell);
  pool.on?.('connect', guardOne);
  return () => {
    pool.off?.('error', tell);
    pool.off?.('connect', guardOne);
  };
}

async function relayOnce(relay: Relaying): Promise<{ readonly taken: number; readonly halted: unknown }> {
  const { pool, client, name, batchSize, leaseMs, stopping } = relay;
  const rows = await takeRows(pool, name, batchSize, leaseMs);
  if (rows.length === 0) return { taken: 0, halted: undefined };
  const { outcomes, halted } = await publishInOrder(client, rows, stopping);
  const those = (kind: Outcome['kind']): Row[] => rows.filter((row) => outcomes.get(row)?.kind === kind);
  await removeRows(pool, those('done'));
  for (const [row, outcome] of outcomes) await settle(relay, row, outcome);
  await giveBack(pool, name, those('unsent'));
  return { taken: rows.length, halted };
}

/** What is neither in the ledger nor untouched. */
async function settle({ pool, name, maxAttempts, onProblem }: Relaying, row: Row, outcome: Outcome): Promise<void> {
  if (!('reason' in outcome)) return;
  const { reason } = outcome;
  const { eventId } = row.event;
  const attempts = row.attempts + (outcome.kind === 'later' && !outcome.counts ? 0 : 1);
  if (outcome.kind === 'later' && attempts < maxAttempts) {
    const afterMs = Math.max(outcome.afterMs, retryMs(attempts));
    await tryAgainLater(pool, name, row, { attempts, afterMs, reason });
    onProblem({ kind: 'later', message: `${eventId}: ${reason}`, eventId });
    return;
  }
  const why = outcome.kind === 'later' ? `after ${attempts} attempts: ${reason}` : reason;
  await parkRow(pool, name, row, why);
  onProblem({ kind: 'parked', message: `${eventId}: ${why}`, eventId });
}

/** Between half and all of a span that doubles. */
function retryMs(attempts: number): number {
  return (0.5 + Math.random() / 2) * Math.min(RETRY_MAX_MS, RETRY_BASE_MS * 2 ** Math.min(attempts, 16));
}

class WrongVersion extends Error {}

async function checkVersion(db: Queryable): Promise<true> {
  const installed = await installedVersion(db);
  if (installed === OUTBOX_VERSION) return true;
  const found = installed === undefined ? 'has no outbox' : `has version ${installed} of the outbox`;
  throw new WrongVersion(
    `the database ${found}, and this relay needs version ${OUTBOX_VERSION}: run POSTGRES_OUTBOX_SQL of the newest release first`,
  );
}

function warn({ kind, message }: OutboxProblem): void {
  process.emitWarning(message, { type: 'OutboxWarning', code: `NERVOUS_OUTBOX_${kind.toUpperCase()}` });
}

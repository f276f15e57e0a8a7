/**
 * Finds events that were recorded but never handed to EventBridge, and hands them over: walks the log behind a cursor, up
 * to a minute ago. The cursor moves after the events it passes were relayed, or put on the list of those that cannot be.
 */
import { msOf } from '../../../core/brands/index.ts';
import { createQuarantine, keepGap, readEvent, recordedEvent, type LoggedEvent } from '../../../core/events/index.ts';
import type { Clock, EntryStore, ItemKey, ItemStore, LoggedEntry } from '../../../core/ledger/index.ts';
import { withoutPosition } from '../bus/directory.ts';
import { putEvents, type PutEventsDependencies, type UnrelayedEvent } from '../bus/put-events.ts';
import { placeKey, type RecordedPlace, type RelayMarks } from './relay-marks.ts';
import { codecOf, MS_PER_SECOND, whole } from '../../../core/values/index.ts';

/** An event younger than this may still be on its way. */
const RELAY_TIME_MS = 60_000;
const STEP = 100;
const POSITION_DIGITS = 16;

export const cursorCodec = codecOf<number>('cursor of the outbox', whole);
export const stuckCodec = codecOf<number>('position that is stuck', whole);

export interface SweepDependencies extends PutEventsDependencies {
  readonly items: ItemStore;
  readonly entries: Pick<EntryStore, 'readLog'>;
  readonly marks: RelayMarks;
  readonly onError: (error: unknown) => void;
}

export interface SweepReport {
  readonly relayed: number;
  /** age of the oldest event that had to be relayed here or still must be; 0: none */
  readonly lagSeconds: number;
  /** events EventBridge refuses for a reason that does not pass; tried again every time */
  readonly stuck: number;
  /** false: time was up before the end of the log */
  readonly reachedEnd: boolean;
}

interface OutboxScan {
  readonly event: LoggedEvent;
  readonly at: string;
}

/** @param deadline milliseconds since the Unix epoch. @throws when EventBridge cannot be reached: nothing was passed over */
export async function sweepOutbox(deps: SweepDependencies, deadline: number): Promise<SweepReport> {
  const total = { relayed: 0, oldest: Infinity };
  const stuck = await retryStuck(deps, total);
  const cursorKey = { pk: `${deps.ledger}#outbox`, sk: 'cursor' };
  for (;;) {
    const cursor = await deps.items.get(cursorKey);
    const from = cursor === undefined ? 0 : cursorCodec.decode(cursor);
    const { stable, isLast } = stablePart(await deps.entries.readLog(from, STEP), deps.clock);
    await keepGaps(deps, stable);
    const refused = await relayUnmarked(deps, eventsOf(stable), total);
    if (stable.length > 0) {
      const write = {
        kind: 'put',
        key: cursorKey,
        value: from + stable.length,
        expect: cursor?.version ?? 'absent',
      } as const;
      await deps.items.write([write]); // another sweeper moved it: start from there
    }
    if (isLast || deps.clock.now() >= deadline) {
      const lag = total.oldest === Infinity ? 0 : (deps.clock.now() - total.oldest) / MS_PER_SECOND;
      return { relayed: total.relayed, lagSeconds: Math.round(lag), stuck: stuck + refused, reachedEnd: isLast };
    }
  }
}

/** Entries old enough to be judged; the log's end, or the first that is too young, ends the walk. */
function stablePart(
  page: readonly LoggedEntry[],
  clock: Clock,
): { readonly stable: readonly LoggedEntry[]; readonly isLast: boolean } {
  const before = clock.now() - RELAY_TIME_MS;
  const young = page.findIndex((entry) => {
    const recorded = recordedEvent(entry);
    return recorded !== undefined && msOf(recorded.at) > before;
  });
  const stable = young === -1 ? page : page.slice(0, young);
  return { stable, isLast: young !== -1 || page.length < STEP };
}

async function relayUnmarked(
  deps: SweepDependencies,
  found: readonly OutboxScan[],
  total: { relayed: number; oldest: number },
): Promise<number> {
  if (found.length === 0) return 0;
  const marked = await deps.marks.read(found.map(placeOf));
  const unmarked = found.filter((one) => !marked.has(placeKey(placeOf(one))));
  const failed = await relay(deps, unmarked, total);
  const passing = failed.find((one) => one.passing);
  if (passing !== undefined) throw new Error(`EventBridge takes no events, the sweep stops here: ${passing.reason}`);
  for (const { event, reason } of failed) {
    deps.onError(new Error(`event "${event.eventId}" cannot be relayed, correct the deployment: ${reason}`));
  }
  const refused = new Set(failed.map(({ event }) => event.ledger.hash));
  const positions = unmarked.map(({ event }) => event.ledger).filter(({ hash }) => refused.has(hash));
  if (positions.length > 0) {
    await deps.items.write(
      positions.map(({ position }) => ({ kind: 'put', key: stuckKey(deps, position), value: position, expect: 'any' })),
    );
  }
  return failed.length;
}

async function relay(
  deps: SweepDependencies,
  found: readonly OutboxScan[],
  total: { relayed: number; oldest: number },
): Promise<readonly UnrelayedEvent[]> {
  if (found.length === 0) return [];
  for (const { at } of found) total.oldest = Math.min(total.oldest, msOf(at));
  const { relayed, failed } = await putEvents(
    deps,
    found.map(({ event }) => withoutPosition(event)),
  );
  const hashes = new Set(relayed.map(({ ledger }) => ledger.hash));
  const done = found.filter(({ event }) => hashes.has(event.ledger.hash));
  total.relayed += done.length;
  if (done.length > 0) await deps.marks.write(done.map(placeOf));
  return failed;
}

/** @returns how many stay stuck */
async function retryStuck(deps: SweepDependencies, total: { relayed: number; oldest: number }): Promise<number> {
  const stuck = await deps.items.list(stuckPartition(deps), { limit: STEP });
  const positions = stuck.map((item) => stuckCodec.decode(item));
  const entries = await Promise.all(positions.map((position) => deps.entries.readLog(position, 1)));
  const found = eventsOf(entries.flat());
  const failed = new Set((await relay(deps, found, total)).map(({ event }) => event.ledger.hash));
  const freed = found.filter(({ event }) => !failed.has(event.ledger.hash));
  if (freed.length > 0) {
    await deps.items.write(
      freed.map(({ event }) => ({ kind: 'delete', key: stuckKey(deps, event.ledger.position), expect: 'any' })),
    );
  }
  return failed.size;
}

/** What says it is an event and can be handed to nobody must not stop those behind it. */
async function keepGaps(deps: SweepDependencies, entries: readonly LoggedEntry[]): Promise<void> {
  for (const read of entries.map((entry) => readEvent(entry)))
    if (read !== undefined && 'reason' in read) await keepGap(createQuarantine(deps), read);
}

function eventsOf(entries: readonly LoggedEntry[]): readonly OutboxScan[] {
  return entries.map((entry) => recordedEvent(entry)).filter((recorded) => recorded !== undefined);
}

function placeOf({ event: { ledger }, at }: OutboxScan): RecordedPlace {
  return { chain: ledger.entity, seq: ledger.seq, at };
}

function stuckPartition({ ledger }: SweepDependencies): string {
  return `${ledger}#outbox#stuck`;
}

function stuckKey(deps: SweepDependencies, position: number): ItemKey {
  return { pk: stuckPartition(deps), sk: String(position).padStart(POSITION_DIGITS, '0') };
}

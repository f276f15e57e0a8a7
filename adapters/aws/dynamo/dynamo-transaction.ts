/**
 * Sends units as TransactWriteItems, or one entry alone as a PutItem, and reads from a refusal which unit failed and why.
 * An answer that got lost and was asked for again must not make our own write look like somebody else's.
 */
import { randomUUID } from 'node:crypto';
import {
  ConditionalCheckFailedException,
  PutItemCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  type CancellationReason,
} from '@aws-sdk/client-dynamodb';
import type { CommitOutcome, EntryToStore } from '../../../core/ledger/index.ts';
import { MAX_ACTIONS, MAX_TRANSACTION_BYTES, type Action, type Unit } from './dynamo-actions.ts';
import type { Contention } from './dynamo-contention.ts';
import { entryOf, noteOf, unreadable, type Attributes, type DynamoTables } from './dynamo-items.ts';

/** Why a cancelled transaction may go through when it is sent again as it is. */
const PASSING = new Set(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded']);

/** Units of one transaction, in order. */
export interface Batch {
  readonly units: Unit[];
  /** the only unit costs half as much by itself, so it is joined only by what builds on it */
  readonly alone: boolean;
}

interface OpenBatch extends Batch {
  actions: number;
  bytes: number;
  /** chain → the seq a unit must begin with to build on this batch */
  readonly next: Map<string, number>;
}

/**
 * Distributes units, in order, to transactions that may run side by side: what shares a chain goes into one transaction or
 * waits for a later round, what touches the same item waits.
 */
export function packRound(units: readonly Unit[]): readonly Batch[] {
  const batches: OpenBatch[] = [];
  const ofChain = new Map<string, OpenBatch>();
  const taken = new Set<string>();
  const waiting = new Set<string>();
  for (const unit of units) {
    const chains = [...unit.spans.keys()];
    const keys = unit.actions.map(({ key }) => key);
    const touched = [...new Set(chains.flatMap((chain) => ofChain.get(chain) ?? []))];
    const mustWait =
      touched.length > 1 ||
      chains.some((chain) => waiting.has(chain)) ||
      keys.some((key) => taken.has(key) || waiting.has(key));
    const batch = mustWait ? undefined : (touched[0] ?? roomyBatch(batches, unit));
    if (batch === undefined || !fits(batch, unit)) {
      for (const name of [...chains, ...keys]) waiting.add(name);
      continue;
    }
    batch.units.push(unit);
    batch.actions += unit.actions.length;
    batch.bytes += unit.bytes;
    for (const [chain, { last }] of unit.spans) {
      batch.next.set(chain, last + 1);
      ofChain.set(chain, batch);
    }
    for (const key of keys) taken.add(key);
  }
  return batches;
}

function roomyBatch(batches: OpenBatch[], unit: Unit): OpenBatch {
  const alone = isAlone(unit);
  const open = alone ? undefined : batches.findLast((batch) => !batch.alone);
  if (open !== undefined && fits(open, unit)) return open;
  const fresh: OpenBatch = { units: [], alone, actions: 0, bytes: 0, next: new Map() };
  batches.push(fresh);
  return fresh;
}

function fits(batch: OpenBatch, { actions, bytes, spans }: Unit): boolean {
  const hasRoom = batch.actions + actions.length <= MAX_ACTIONS && batch.bytes + bytes <= MAX_TRANSACTION_BYTES;
  return hasRoom && [...spans].every(([chain, { first }]) => (batch.next.get(chain) ?? first) === first);
}

function isAlone(unit: Unit): boolean {
  return unit.actions.length === 1 && unit.entries.length === 1;
}

/** @returns the outcomes that are final, at least one; units without one may be sent again without those that failed */
export async function writeBatch(
  tables: DynamoTables,
  contention: Contention,
  { units }: Batch,
): Promise<ReadonlyMap<Unit, CommitOutcome>> {
  const [first] = units;
  if (units.length === 1 && first !== undefined && isAlone(first))
    return new Map([[first, await contention.outlast(() => putEntry(tables, first))]]);
  const actions = units.flatMap((unit) => unit.actions);
  if (actions.length === 0) return new Map(units.map((unit) => [unit, committed(unit)]));
  // One token for all tries: a transaction that was applied although its answer got lost answers the same again.
  const command = new TransactWriteItemsCommand({
    TransactItems: actions.map(({ write }) => write),
    ClientRequestToken: randomUUID(),
  });
  return contention.outlast(async () => {
    try {
      await tables.client.send(command);
      return new Map(units.map((unit) => [unit, committed(unit)]));
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error;
      return outcomesOf(tables, units, error);
    }
  });
}

/** Put-if-absent. If this dies before the answer: the entry is there or not, and its unique bytes tell whose it is. */
async function putEntry({ client, ledger }: DynamoTables, unit: Unit): Promise<CommitOutcome> {
  const [action] = unit.actions as [Action];
  try {
    await client.send(new PutItemCommand(action.write.Put as NonNullable<typeof action.write.Put>));
    return committed(unit);
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    const [entry] = unit.entries as [EntryToStore];
    return isOurs(entry, error.Item) ? committed(unit) : conflict(ledger, entry, error.Item);
  }
}

function outcomesOf(
  { ledger }: DynamoTables,
  units: readonly Unit[],
  error: TransactionCanceledException,
): ReadonlyMap<Unit, CommitOutcome> {
  const reasons = error.CancellationReasons ?? [];
  const outcomes = new Map<Unit, CommitOutcome>();
  let at = 0;
  for (const unit of units) {
    const ofUnit = reasons.slice(at, (at += unit.actions.length));
    const outcome = outcomeOf(ledger, unit, ofUnit);
    if (outcome !== undefined) outcomes.set(unit, outcome);
  }
  const isPassing = reasons.every(({ Code = 'None' }) => Code === 'None' || PASSING.has(Code));
  // Nothing failed for good: whoever outlasts contention sends it again. Anything else we do not understand.
  if (outcomes.size === 0) throw isPassing ? Object.assign(error, { isContention: true }) : error;
  return outcomes;
}

/** An item not as expected outweighs a known key, which outweighs a taken place: as in every other store. */
function outcomeOf(ledger: string, unit: Unit, reasons: readonly CancellationReason[]): CommitOutcome | undefined {
  const failed = unit.actions
    .map(({ about }, i) => ({ about, reason: reasons[i] }))
    .filter(({ reason }) => reason?.Code === 'ConditionalCheckFailed');
  const entries = failed.flatMap(({ about, reason }) =>
    about.kind === 'entry' ? [{ entry: about.entry, found: reason?.Item }] : [],
  );
  if (entries.length > 0 && entries.length === unit.entries.length && entries.every((e) => isOurs(e.entry, e.found)))
    return committed(unit);
  for (const { about } of failed) if (about.kind === 'item') return { kind: 'precondition', failed: about.key };
  for (const { about } of failed) if (about.kind === 'idem') return { kind: 'exists', idemKey: about.idemKey };
  const [taken] = entries;
  return taken === undefined ? undefined : conflict(ledger, taken.entry, taken.found);
}

function committed(unit: Unit): CommitOutcome {
  return { kind: 'committed', positions: unit.entries.map(() => undefined) };
}

/** The bytes hold a signature over everything, so equal bytes are the same write. */
function isOurs({ note, hash }: EntryToStore, found: Attributes | undefined): boolean {
  const [stored, h] = [found && noteOf(found), found?.['h']?.B];
  if (stored === undefined || h === undefined) return false;
  return Buffer.compare(stored, note) === 0 && Buffer.compare(h, hash) === 0;
}

function conflict(ledger: string, { chain, seq }: EntryToStore, found: Attributes | undefined): CommitOutcome {
  if (found === undefined) throw unreadable(`entry "${chain}" #${seq}`, 'its place is taken, but it was not shown');
  return { kind: 'conflict', chain, winner: entryOf(ledger, found) };
}

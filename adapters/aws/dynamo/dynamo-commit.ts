/**
 * Commits groups in rounds: what can run side by side does, what builds on another waits for it, what builds on a failure
 * is refused. Every round settles at least one group, so a commit ends. Positions come later, from the sequencer.
 */
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { CommitGroup, CommitOutcome } from '../../../core/ledger/index.ts';
import { unitOf, type Unit } from './dynamo-actions.ts';
import type { Contention } from './dynamo-contention.ts';
import { entryKey, type DynamoTables } from './dynamo-items.ts';
import { packRound, writeBatch } from './dynamo-transaction.ts';
import type { KnownSeqs } from './known-seqs.ts';

/** Transactions under way at once; of other work too, if nothing else is asked for. */
const PARALLEL = 8;

export interface CommitDependencies {
  readonly tables: DynamoTables;
  readonly contention: Contention;
  /** newest committed seq of chains this process has met */
  readonly known: KnownSeqs;
}

interface Commit extends CommitDependencies {
  readonly outcomes: (CommitOutcome | undefined)[];
  /** chain → the lowest seq at which a group of this commit failed: what is built on it is void */
  readonly broken: Map<string, number>;
}

export async function commitGroups(
  deps: CommitDependencies,
  groups: readonly CommitGroup[],
): Promise<readonly CommitOutcome[]> {
  const commit: Commit = { ...deps, outcomes: new Array<CommitOutcome | undefined>(groups.length), broken: new Map() };
  let open = groups.flatMap((group, index) => {
    const unit = unitOf(deps.tables, index, group);
    if ('actions' in unit) return [unit];
    commit.outcomes[index] = unit;
    for (const { chain, seq } of group.entries) breakChain(commit, chain, seq);
    return [];
  });
  while (open.length > 0) {
    await refuseVoid(commit, open);
    const sound = open.filter(({ index }) => commit.outcomes[index] === undefined);
    await writeSideBySide(commit, packRound(sound));
    open = sound.filter(({ index }) => commit.outcomes[index] === undefined);
  }
  return commit.outcomes as readonly CommitOutcome[];
}

/** Groups that build on a failed group, or on a place that is empty. */
async function refuseVoid(commit: Commit, units: readonly Unit[]): Promise<void> {
  const gaps = await findGaps(commit, units);
  for (const unit of units) {
    const chain = [...unit.spans].find(
      ([name, { first }]) => gaps.has(placeName(name, first)) || first > (commit.broken.get(name) ?? Infinity),
    )?.[0];
    if (chain !== undefined) resolveUnit(commit, unit, { kind: 'conflict', chain, winner: undefined });
  }
}

/** Only the first unit of a chain builds on what is stored; the others build on it. Places known to be filled cost no read. */
async function findGaps({ tables, known }: Commit, units: readonly Unit[]): Promise<ReadonlySet<string>> {
  const firsts = new Map<string, number>();
  for (const { spans } of units)
    for (const [chain, { first }] of spans) if (!firsts.has(chain)) firsts.set(chain, first);
  const doubtful = [...firsts].filter(([chain, first]) => first > 0 && first - 1 > known.get(chain));
  const gaps = new Set<string>();
  await eachSideBySide(doubtful, async ([chain, first]) => {
    const { client, entriesTable: TableName, ledger } = tables;
    const Key = entryKey(ledger, chain, first - 1);
    const get = new GetItemCommand({ TableName, Key, ConsistentRead: true, ProjectionExpression: 'pk' });
    if ((await client.send(get)).Item === undefined) gaps.add(placeName(chain, first));
    else known.raise(chain, first - 1);
  });
  return gaps;
}

async function writeSideBySide(commit: Commit, batches: ReturnType<typeof packRound>): Promise<void> {
  await eachSideBySide(batches, async (batch) => {
    const outcomes = await writeBatch(commit.tables, commit.contention, batch);
    for (const unit of batch.units) {
      const outcome = outcomes.get(unit);
      if (outcome !== undefined) resolveUnit(commit, unit, outcome);
    }
  });
}

function resolveUnit(commit: Commit, unit: Unit, outcome: CommitOutcome): void {
  commit.outcomes[unit.index] = outcome;
  for (const [chain, { first, last }] of unit.spans) {
    if (outcome.kind === 'committed') {
      commit.known.raise(chain, last);
      if (last >= (commit.broken.get(chain) ?? Infinity)) commit.broken.delete(chain);
    } else breakChain(commit, chain, first);
  }
  if (outcome.kind === 'conflict' && outcome.winner !== undefined)
    commit.known.raise(outcome.chain, outcome.winner.seq);
}

function breakChain({ broken }: Commit, chain: string, seq: number): void {
  broken.set(chain, Math.min(seq, broken.get(chain) ?? Infinity));
}

function placeName(chain: string, seq: number): string {
  return `${chain}#${seq}`;
}

/** Waits for all even when one fails: who reads back afterwards must not be overtaken by a write still under way. */
export async function eachSideBySide<T>(
  work: readonly T[],
  run: (one: T) => Promise<void>,
  parallel = PARALLEL,
): Promise<void> {
  const queue = [...work];
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
      try {
        await run(one);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, work.length) }, worker));
  if (failures.length > 0) throw failures[0];
}

/**
 * The record of a change-set, proved from its entries before anything decisive rests on it: all of them are there, signed,
 * numbered without a gap, with none behind them that the record does not know, and the record is their fold. What this
 * process proved or folded itself is not read again, as long as nobody else writes.
 */
import { canonicalize, toHex } from '../../canonical/index.ts';
import { parseEntry, type EntryStore, type Finding, type StoredEntry } from '../../ledger/index.ts';
import { orNone } from '../../values/index.ts';
import type { ChangeStore, StoredChange } from '../store/change-store.ts';
import type { Governance } from '../policy/governance.ts';
import { readProven } from '../store/proofs.ts';
import type { ProvenRecords } from '../store/proven-records.ts';
import type { ChangeRecord } from '../model/record.ts';
import { inconsistent, type Refusal } from '../model/refusal.ts';
import { foldChange } from '../reducer/reduce.ts';
import { isStepType, type ChainEntry } from '../model/steps.ts';

/** Entries of others between two of ours that are read along rather than asked for separately. */
const MAX_BETWEEN = 16;

/** CHANGE_STATE_CONFLICT: the record is not what its entries say; undefined: it is. */
export type ProveRecord = (current: StoredChange) => Promise<Refusal | undefined>;

export interface ProverDependencies {
  readonly entries: EntryStore;
  readonly store: Pick<ChangeStore, 'find'>;
  readonly proofs: Governance['proofs'];
  readonly proven: ProvenRecords;
}

export function createRecordProver(deps: ProverDependencies): ProveRecord {
  const { proven, entries: store, proofs } = deps;
  return async (current) => {
    const isProved = proven.has(current.record);
    if (isProved && store.exclusive) return undefined;
    const wrong = (isProved ? undefined : await problemOf(deps, current.record)) ?? (await stepBehind(deps, current));
    if (wrong === undefined) {
      proven.remember(current.record);
      return undefined;
    }
    const { id, entityId, entries } = current.record;
    proofs.onTamper({
      ...{ verdict: 'DRIFT', entity: entityId, seq: orNone(entries.at(-1)?.seq) },
      ...(typeof wrong === 'string' ? { detail: `the record of ${id} is not what its entries say: ${wrong}` } : wrong),
    });
    return inconsistent(`the record of ${id} is not what its entries say: nothing is executed; verify the ledger`);
  };
}

async function problemOf(deps: ProverDependencies, record: ChangeRecord): Promise<string | Finding | undefined> {
  const { verifier } = deps.proofs;
  const checker = verifier();
  const entries: ChainEntry[] = [];
  for (const stored of await readListed(deps.entries, record)) {
    const checked = await checker.check(stored);
    if (checked.kind === 'bad') return checked.finding;
    if (checked.body.idem !== `${record.id}#${entries.length}`)
      return `entry #${stored.seq} is not step ${entries.length}`;
    entries.push({ body: checked.body, hash: toHex(stored.hash) });
  }
  const folded = foldChange(entries);
  if (folded.kind === 'refused') return folded.message;
  if (canonicalize(folded.record) !== canonicalize(record)) return 'they lead to another record';
  const nonces = entries.flatMap(({ body }) => (body.data['nonce'] === undefined ? [] : [body.data['nonce']]));
  return new Set(nonces).size === nonces.length ? undefined : 'two decisions have the same nonce';
}

/** The entries that the record lists, as many as are there. */
async function readListed(
  store: Pick<EntryStore, 'read'>,
  { entityId, entries }: ChangeRecord,
): Promise<readonly StoredEntry[]> {
  const runs: { from: number; to: number }[] = [];
  for (const { seq } of entries) {
    const run = runs.at(-1);
    if (run !== undefined && seq > run.to && seq - run.to <= MAX_BETWEEN) run.to = seq;
    else runs.push({ from: seq, to: seq });
  }
  const listed = new Set(entries.map(({ seq }) => seq));
  const read = await Promise.all(runs.map(({ from, to }) => store.read(entityId, from, to - from + 1)));
  return read.flat().filter(({ seq }) => listed.has(seq));
}

/** Something recorded of it behind the last step that the record knows; unless another process has moved it meanwhile. */
async function stepBehind(
  { entries, store, proofs }: ProverDependencies,
  { record, version }: StoredChange,
): Promise<string | Finding | undefined> {
  const last = record.entries.at(-1);
  if (last === undefined) return 'there is none';
  const behind = await readProven({ entries, ...proofs }, record.entityId, {
    ...{ from: last.seq + 1, prev: last.hash },
    isOurs: ({ note }) => isStepOf(note, record.id),
  });
  const found =
    behind.bad ?? (behind.entries.length === 0 ? undefined : `step #${behind.entries[0]?.body.seq} is missing in it`);
  return found === undefined || (await store.find(record.id))?.version !== version ? undefined : found;
}

function isStepOf(note: Uint8Array, id: string): boolean {
  // Most entries on a chain are events, which need not be parsed to know that they are not about this change-set.
  if (!Buffer.from(note.buffer, note.byteOffset, note.byteLength).includes(`"change":"${id}"`)) return false;
  const parsed = parseEntry(note);
  return parsed.kind === 'entry' && isStepType(parsed.body.type) && parsed.body.data['change'] === id;
}

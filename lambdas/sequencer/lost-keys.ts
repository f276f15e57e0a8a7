/**
 * Idempotency keys are put once, never changed and never removed: with a key gone, its event would be recorded again when the
 * publisher tries again. The stream of the state table tells when it happens, and of nothing else, so that honest traffic causes
 * no call. A key that was removed is put back; what was not prevented by that is told.
 */
import type { DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { idemItemKey, idemKeyIn } from '../../adapters/aws/dynamo/dynamo-items.ts';
import type { EntryPlace } from '../../adapters/aws/dynamo/sequencer.ts';
import type { EntryStore, ItemStore } from '../../core/ledger/index.ts';

export interface LostKey extends EntryPlace {
  readonly change: 'modified' | 'removed';
  readonly idemKey: string;
  /** the stream's name for what happened: the same when it is delivered again */
  readonly eventId: string;
}

export interface KeyDependencies {
  readonly ledger: string;
  readonly items: Pick<ItemStore, 'get' | 'write'>;
  readonly entries: Pick<EntryStore, 'read'>;
}

/** Where a key stood that named no entry. */
const NOWHERE: EntryPlace = { chain: '(idempotency)', seq: 0 };

export function readLostKeys(ledger: string, { Records }: DynamoDBStreamEvent): readonly LostKey[] {
  return Records.flatMap((record) => {
    const idemKey = idemKeyIn(ledger, record.dynamodb?.Keys?.['pk']?.S);
    if (idemKey === undefined || record.eventName === 'INSERT') return [];
    const change = record.eventName === 'REMOVE' ? 'removed' : 'modified';
    return [{ ...(placeIn(record) ?? NOWHERE), change, idemKey, eventId: record.eventID ?? `${idemKey}#${change}` }];
  });
}

/**
 * Dies in here: the stream tells of it again.
 * @returns what became of it, for people
 */
export async function putBack({ ledger, items, entries }: KeyDependencies, lost: LostKey): Promise<string> {
  const { chain, seq, idemKey, change } = lost;
  const what = `its idempotency key "${idemKey}" was ${change}`;
  // What it says now was not said by this system, but no entry may be recorded under it either.
  if (change === 'modified') return `${what}: see what it names now`;
  const [entry] = await entries.read(chain, seq, 1);
  if (entry?.seq !== seq) return `${what}, and the entry is not there`;
  const key = idemItemKey(ledger, idemKey);
  const written = await items.write([{ kind: 'put', key, value: { chain, seq }, expect: 'absent' }]);
  if (written.kind === 'written') return `${what}, and was put back`;
  const now = placeOf((await items.get(key))?.value);
  return now?.chain === chain && now.seq === seq
    ? `${what}, and is there again`
    : `${what}, and before it could be put back "${now?.chain ?? '?'}" #${now?.seq ?? '?'} was recorded under it: the same, twice`;
}

function placeIn({ dynamodb }: DynamoDBRecord): EntryPlace | undefined {
  try {
    return placeOf(JSON.parse(dynamodb?.OldImage?.['v']?.S ?? 'null') as unknown);
  } catch {
    return undefined; // no JSON: somebody had changed it before
  }
}

function placeOf(value: unknown): EntryPlace | undefined {
  if (typeof value !== 'object' || value === null || !('chain' in value) || !('seq' in value)) return undefined;
  const { chain, seq } = value;
  if (typeof chain !== 'string' || chain === '' || typeof seq !== 'number') return undefined;
  return Number.isSafeInteger(seq) && seq >= 0 ? { chain, seq } : undefined;
}

/**
 * What a batch of the entries stream says: which entries are new, and which were changed or removed, which nobody may do.
 * Order and repetition mean nothing here: the sequencer looks up what it needs.
 */
import type { DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';

export interface NewEntry {
  readonly chain: string;
  readonly seq: number;
  /** absent when the item has none that could be one: then the table is asked */
  readonly hash?: Uint8Array;
}

export interface Tampering {
  readonly change: 'modified' | 'removed';
  readonly chain: string;
  readonly seq: number;
  /** the stream's name for what happened: the same when it is delivered again */
  readonly eventId: string;
}

export interface StreamReport {
  readonly added: readonly NewEntry[];
  readonly tampered: readonly Tampering[];
}

export function readRecords(ledger: string, event: DynamoDBStreamEvent): StreamReport {
  const added: NewEntry[] = [];
  const tampered: Tampering[] = [];
  for (const record of event.Records) {
    const place = placeOf(ledger, record);
    if (place === undefined) continue;
    if (record.eventName === 'INSERT') {
      const hash = record.dynamodb?.NewImage?.['h']?.B;
      added.push({ ...place, ...(hash === undefined ? {} : { hash: bytesOf(hash) }) });
    } else {
      const change = record.eventName === 'REMOVE' ? 'removed' : 'modified';
      tampered.push({ ...place, change, eventId: record.eventID ?? `${place.chain}#${place.seq}#${change}` });
    }
  }
  return { added, tampered };
}

/** undefined: an item of another ledger, or none of ours at all. */
function placeOf(ledger: string, { dynamodb }: DynamoDBRecord): { chain: string; seq: number } | undefined {
  const { pk, sk } = dynamodb?.Keys ?? {};
  const seq = Number(sk?.N);
  if (pk?.S?.startsWith(`${ledger}#`) !== true || !Number.isSafeInteger(seq)) return undefined;
  return { chain: pk.S.slice(ledger.length + 1), seq };
}

/** Lambda hands binary over as base64 text, whatever the types say. */
function bytesOf(binary: unknown): Uint8Array {
  return Buffer.from(String(binary), 'base64');
}

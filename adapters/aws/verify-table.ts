/**
 * Verifies the ledger in its tables, with nothing but what they hold and the root public key: every entry in log order
 * against the sequencer's records, then the entries that have no place in the log yet, then the documents. Reads only;
 * memory grows with the number of chains, not of entries.
 */
import {
  findingAt,
  joinSegments,
  verifySegment,
  type ChainSpan,
  type Clock,
  type EntryVerifier,
  type Finding,
  type TrustedRoot,
  type VerificationReport,
} from '../../core/ledger/index.ts';
import { createEntryVerifier, verifyDocuments, verifyEntity } from '../../core/system/index.ts';
import type { DynamoStore } from './dynamo-store.ts';
import { systemClock } from './system-world.ts';
import { readLogPairs } from './verify-log-pairs.ts';
import { verifyTail } from './verify-tail.ts';

export interface VerifyTableOptions {
  readonly store: DynamoStore;
  readonly ledger: string;
  readonly origin: string;
  /** from a source other than the tables */
  readonly root: TrustedRoot;
  /** default true; false checks bytes, hashes, links and places only */
  readonly signatures?: boolean;
  /** only this entity's chain and document */
  readonly entity?: string;
  readonly clock?: Pick<Clock, 'now'>;
}

export async function verifyTable(options: VerifyTableOptions): Promise<VerificationReport> {
  const { store, ledger, origin, root, entity, signatures = true, clock = systemClock } = options;
  const verifier = createEntryVerifier({ ledger, root, entries: store, signatures });
  if (entity !== undefined)
    return verifyEntity({ ledger, origin, entries: store, items: store, verifier: () => verifier }, entity);
  const log = await verifyLog(options, verifier);
  const tail =
    log.finding === undefined
      ? await verifyTail({ store, origin, verifier, now: clock.now() }, log.heads)
      : { entries: 0, chains: log.heads };
  const found = log.finding ?? tail.finding ?? (await verifyStoredDocuments(options, tail.chains));
  return report({ finding: found, signatures, inLog: log.entries, tail: tail.entries, chains: tail.chains.size });
}

async function verifyLog(
  { store, origin }: VerifyTableOptions,
  verifier: EntryVerifier,
): Promise<{
  readonly entries: number;
  readonly heads: ReadonlyMap<string, ChainSpan>;
  readonly finding?: Finding;
}> {
  const segment = await verifySegment(readLogPairs(store), verifier);
  return { entries: segment.entries, ...joinSegments(origin, [segment]) };
}

async function verifyStoredDocuments(
  { store, ledger }: VerifyTableOptions,
  chains: ReadonlyMap<string, Pick<ChainSpan, 'hasChanges'>>,
): Promise<Finding | undefined> {
  const changed = [...chains].filter(([, { hasChanges }]) => hasChanges).map(([chain]) => chain);
  try {
    return await verifyDocuments({ ledger, entries: store, items: store }, changed);
  } catch (error) {
    // A document that cannot be read was changed past the ledger, like one that says something else.
    if (!(error instanceof Error && 'code' in error && error.code === 'DATA_UNREADABLE')) throw error;
    return findingAt({ chain: '(documents)', seq: 0 }, 'UNREADABLE', error.message);
  }
}

function report(result: {
  readonly finding: Finding | undefined;
  readonly signatures: boolean;
  readonly inLog: number;
  readonly tail: number;
  readonly chains: number;
}): VerificationReport {
  const { finding, signatures, inLog, tail, chains } = result;
  const signed = 'signatures up to the root key';
  return {
    verdict: finding?.verdict ?? 'OK',
    ...(finding === undefined ? {} : { firstBad: finding }),
    entries: inLog + tail,
    chains,
    checked: [
      'bytes and hashes',
      'links of every chain',
      "every entry of the log is there, in its place, and the log's right edge is theirs",
      'documents against the chains',
      ...(signatures ? [signed] : []),
    ],
    notChecked: [
      ...(signatures ? [] : [signed]),
      ...(tail === 0 ? [] : [`the place in the log of ${tail} entries too new to have one: only their chains`]),
      'the log indices shown beside single entries, which are copies',
      'whether the end of the ledger was removed together with every record of it: that needs a checkpoint kept elsewhere',
    ],
  };
}

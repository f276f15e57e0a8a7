/** Verifies one segment of the log in the tables and its published files. Its memory does not grow with the log. */
import {
  checkTile,
  NOT_RECORDED,
  publishedEntry,
  verifySegment,
  type EntryVerifier,
  type Finding,
  type ReadLogFile,
  type Segment,
  type Window,
} from '../../../core/ledger/index.ts';
import type { DynamoStore } from '../dynamo/dynamo-store.ts';
import { readLogPairs } from './verify-log-pairs.ts';

export interface SegmentSources {
  readonly store: DynamoStore;
  readonly verifier: EntryVerifier;
  /** default: nothing was published */
  readonly read?: ReadLogFile | undefined;
}

export async function verifyTableSegment({ store, verifier, read }: SegmentSources, window: Window): Promise<Segment> {
  const { from, to, sizes, published, isShort, replay } = window;
  const find = async (chain: string, seq: number) =>
    (await store.read(chain, seq, 1)).find((entry) => entry.seq === seq);
  const segment = await verifySegment(readLogPairs(store, { from, to }), verifier, {
    ...{ from, sizes, replay },
    ...(read === undefined
      ? {}
      : { onTile: (index, tile) => checkTile({ read, size: published, find, isLenient: isShort }, index, tile) }),
  });
  const { finding } = segment;
  return finding === undefined || read === undefined
    ? segment
    : { ...segment, finding: await named(finding, read, published) };
}

/** An entry of which no record is left may still have its name in the published files. */
async function named(finding: Finding, read: ReadLogFile, published: number): Promise<Finding> {
  if (finding.verdict !== 'MISSING_ENTRY' || finding.entity !== NOT_RECORDED || finding.position === undefined)
    return finding;
  const lost = await publishedEntry(read, finding.position, [published]);
  return lost === undefined ? finding : { ...finding, entity: lost.chain, seq: lost.seq };
}

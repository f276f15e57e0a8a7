/**
 * Verifies the ledger in its tables: every entry in log order against the sequencer's records, the log's tree against
 * everything that was signed or remembered of it, then the entries that have no place in the log yet, then the documents.
 * Reads only; memory grows with the number of chains, not of entries. What one invocation has no time for, the next one goes on
 * with (verify-legs.ts), over the same log against the same checkpoints.
 */
import {
  DOCUMENTS,
  ed25519Key,
  everything,
  findingAt,
  joinSegments,
  logFinding,
  nothingChecked,
  tooNewOf,
  COPIED_INDICES,
  IMPORTED_IF_ANY,
  anchorsLeftOut,
  readPoints,
  SEQUENCER,
  verifyWindow,
  type ChainSpan,
  type Clock,
  type Finding,
  type PointSources,
  type Segment,
  type TrustedRoot,
  type VerificationReport,
  type Window,
} from '../../../core/ledger/index.ts';
import { defined, isUnreadable } from '../../../core/values/index.ts';
import {
  createEntryVerifier,
  replayLog,
  verifyDocuments,
  verifyEntity,
  type Ports,
} from '../../../core/system/index.ts';
import type { DynamoStore } from '../dynamo/dynamo-store.ts';
import { anchorKey } from '../log/anchor-reader.ts';
import type { AnchorFindings } from '../log/sampled-anchors.ts';
import { findEntryOutside } from '../dynamo/rows-outside.ts';
import { systemClock } from '../request/system-clock.ts';
import { paceOf, type Leg, type Pace } from './verify-legs.ts';
import { verifyInSegments, type InSegmentsOptions } from './verify-in-segments.ts';
import { verifyTableSegment } from './verify-table-segment.ts';
import { verifyTail, type Tail } from './verify-tail.ts';

export interface VerifyTableOptions extends Partial<Parameters<Ports['verifyLog']>[0]> {
  readonly store: DynamoStore;
  readonly ledger: string;
  readonly origin: string;
  /** from a source other than the tables */
  readonly root: TrustedRoot;
  /** default: nothing was published, so nothing to hold the tables against */
  readonly points?: Pick<PointSources, 'read' | 'anchors' | 'witnessKeys' | 'witnessMemory'>;
  /** what reading the anchors has shown, filled while `points` are read */
  readonly seen?: AnchorFindings;
  /** only this entity's chain and document */
  readonly entity?: string;
  readonly clock?: Pick<Clock, 'now'>;
  /** who verifies segments of a long log; default: this process alone */
  readonly workers?: Omit<InSegmentsOptions, 'local' | 'begun' | 'after'>;
  /** absent: all is done at once */
  readonly leg?: Leg;
}

export async function verifyTable(options: VerifyTableOptions): Promise<VerificationReport> {
  try {
    return await verify(options);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return unreadable(error, await findEntryOutside(options.store.tables));
  }
}

/** What somebody put where it cannot be read is a verdict, not a failure. */
function unreadable(error: Error, outside: Finding | undefined): VerificationReport {
  const firstBad = outside ?? logFinding('UNREADABLE', error.message);
  return nothingChecked(firstBad, everything('what is stored there could not be read to its end'));
}

async function verify(options: VerifyTableOptions): Promise<VerificationReport> {
  const { store, ledger, origin, root, entity, signatures = true, clock = systemClock } = options;
  const { remembered, requireAnchored, maxAgeMinutes } = options;
  const verifier = createEntryVerifier({ ledger, root, entries: store, signatures });
  const asked = {
    ...defined({ requireAnchored, maxAgeMinutes }),
  };
  const points: PointSources = {
    ...{ origin, rootKeys: [ed25519Key(origin, root.publicKey)], ...options.points },
    ...defined({ remembered }),
  };
  const pace = paceOf(options);
  const { left } = pace;
  const now = left.now ?? clock.now();
  const sources = { ledger, entries: store, items: store };
  if (entity !== undefined)
    return verifyEntity({ ...sources, origin, verifier: () => verifier, points, now, ...asked }, entity);
  const local = (segment: Window): Promise<Segment> =>
    verifyTableSegment({ store, verifier, read: points.read }, segment);
  const begun = left.begun ?? { points: await readPoints(points), size: await store.size() };
  pace.keep({ now, begun });
  let inLog: Segment = { entries: 0, spans: new Map() };
  const report = await verifyWindow({
    ...{ ...points, ...asked, scope: { mode: 'full' }, entries: store, signatures, now, begun },
    size: async () => begun.size,
    replay: async (index) =>
      pace.once('replayed', () => replayLog({ ledger, entries: store, chains: store, ...pace.replaying() }, index)),
    segments: async (window) => {
      inLog = await verifyInSegments(window, { ...options.workers, local, ...pace.walking() });
      pace.keep({ segment: inLog });
      return [inLog];
    },
  });
  if (report.verdict !== 'OK') return { ...report, notChecked: [...report.notChecked, ...alsoNotChecked(options)] };
  const { heads } = joinSegments(origin, [inLog]);
  const tail = await pace.once('tail', () =>
    verifyTail({ store, origin, verifier, now: clock.now(), ...pace.scanning() }, heads),
  );
  const finding = tail.finding ?? (await verifyStoredDocuments(options, tail.chains, pace)) ?? shadowed(options);
  return withTail(report, options, { ...tail, ...defined({ finding }) });
}

async function verifyStoredDocuments(
  { store, ledger }: VerifyTableOptions,
  chains: ReadonlyMap<string, Pick<ChainSpan, 'hasChanges'>>,
  pace: Pace,
): Promise<Finding | undefined> {
  const changed = [...chains].filter(([, { hasChanges }]) => hasChanges).map(([chain]) => chain);
  try {
    return await verifyDocuments({ ledger, entries: store, items: store }, changed, pace.comparing());
  } catch (error) {
    // A document that cannot be read was changed past the ledger, like one that says something else.
    if (!isUnreadable(error)) throw error;
    return findingAt({ chain: '(documents)', seq: 0 }, 'UNREADABLE', error.message);
  }
}

/** The first version still is what was anchored, but whoever reads anchors by name is shown something else. */
function shadowed({ seen }: VerifyTableOptions): Finding | undefined {
  const [size] = seen?.shadowed ?? [];
  if (size === undefined) return undefined;
  const detail =
    'a newer version or a delete marker lies over the anchor, whose first version is right: who put it there?';
  return logFinding('CONTENT_MISMATCH', detail, { path: anchorKey(size) });
}

function withTail(report: VerificationReport, options: VerifyTableOptions, tail: Tail): VerificationReport {
  const { finding, entries, chains } = tail;
  return {
    ...report,
    ...(finding === undefined ? {} : { verdict: finding.verdict, firstBad: finding }),
    entries: report.entries + entries,
    chains: chains.size,
    checked: [...report.checked, SEQUENCER, DOCUMENTS],
    notChecked: [...report.notChecked, ...(entries === 0 ? [] : [tooNewOf(entries)]), ...alsoNotChecked(options)],
  };
}

function alsoNotChecked({ seen }: VerifyTableOptions): string[] {
  return [
    COPIED_INDICES,
    IMPORTED_IF_ANY,
    ...(seen === undefined || seen.leftOut === 0 ? [] : [anchorsLeftOut(seen.leftOut)]),
  ];
}

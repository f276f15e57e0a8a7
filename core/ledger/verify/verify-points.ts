/**
 * The signed or remembered states of the log that a ledger is held against: the published checkpoint and its cosignatures,
 * the anchors, what a witness and what the auditor remember. It reads and opens them; whether the ledger leads to them is
 * core/ledger/verify/verify-against's business. All input is untrusted.
 */
import { isoOf, ofSeconds, type EpochMs } from '../../brands/index.ts';
import { defined } from '../../values/index.ts';
import { openCheckpoint, type Checkpoint, type OpenedCheckpoint } from '../notes/checkpoint.ts';
import { cosignatureTime } from '../notes/checkpoint-cosignature.ts';
import type { AnchorStore } from '../log/log-ports.ts';
import type { NoteKey } from '../notes/open-note.ts';
import type { ReadLogFile } from '../merkle/tile-reader.ts';
import { logFinding, type Finding, type TrustedPoint } from '../entries/verification.ts';
import type { Remembered } from '../log/witness.ts';

const CHECKPOINT = 'checkpoint';
const PAGE = 100_000;
const SIZE_DIGITS = 20;

export interface PointSources {
  /** identity of the log: the ledger's origin */
  readonly origin: string;
  /** root keys, from a source other than the ledger */
  readonly rootKeys: readonly NoteKey[];
  readonly witnessKeys?: readonly NoteKey[];
  /** files of the published log; absent: they are not looked at */
  readonly read?: ReadLogFile;
  readonly anchors?: Pick<AnchorStore, 'read' | 'sizes'>;
  readonly witnessMemory?: () => Promise<Remembered | undefined>;
  /** a checkpoint that the auditor kept */
  readonly remembered?: Uint8Array;
  /** what would have to be looked at and cannot be */
  readonly unusable?: readonly Finding[];
  /** true: it is known that this log was published, so its checkpoint must be there */
  readonly mustBePublished?: boolean;
}

export interface Point {
  readonly kind: TrustedPoint['kind'];
  readonly checkpoint: Pick<Checkpoint, 'size' | 'root'>;
  readonly by: string;
  readonly path?: string;
  /** cosignatures: when it was made */
  readonly time?: EpochMs;
}

export interface Points {
  readonly published?: Point & { readonly note: Uint8Array };
  readonly cosignatures: readonly Point[];
  /** witness memory, what the auditor remembers */
  readonly others: readonly Point[];
  /** sizes that are anchored, ascending: names only, opened one by one later */
  readonly anchored: readonly number[];
  /** what could not be opened */
  readonly findings: readonly Finding[];
}

/**
 * Read in the opposite order of publishing, and before the ledger's size is asked: then a log that grows meanwhile never
 * looks as if it had shrunk.
 */
export async function readPoints(sources: PointSources): Promise<Points> {
  const findings: Finding[] = [...(sources.unusable ?? [])];
  const others: Point[] = [];
  const keep = (point: Point | Finding): void => {
    if ('verdict' in point) findings.push(point);
    else others.push(point);
  };
  if (sources.remembered !== undefined) keep(openRemembered(sources, sources.remembered));
  const memory = await readMemory(sources);
  if (memory !== undefined) keep(memory);
  const anchored = sources.anchors === undefined ? [] : await allSizes(sources.anchors);
  const note = await sources.read?.(CHECKPOINT);
  if (note === undefined) {
    if (sources.mustBePublished === true)
      findings.push(logFinding('ROLLED_BACK', 'the log was begun anew, but has no checkpoint', { path: CHECKPOINT }));
    return { cosignatures: [], others, anchored, findings };
  }
  const opened = openCheckpoint(note, [...sources.rootKeys, ...(sources.witnessKeys ?? [])], sources.origin);
  const root =
    opened.kind === 'opened' ? opened.signatures.find(({ key }) => sources.rootKeys.includes(key)) : undefined;
  if (opened.kind === 'refused' || root === undefined) {
    const { verdict, reason } =
      opened.kind === 'refused' ? opened : { verdict: 'KEY_UNKNOWN' as const, reason: 'only witnesses signed it' };
    findings.push(logFinding(verdict, `the published checkpoint: ${reason}`, { path: CHECKPOINT }));
    return { cosignatures: [], others, anchored, findings };
  }
  const { checkpoint } = opened;
  const published = { kind: 'published' as const, checkpoint, by: root.key.name, path: CHECKPOINT, note };
  return { published, cosignatures: cosignaturesOf(opened, sources), others, anchored, findings };
}

/** The anchor of a size, opened. */
export async function readAnchor(
  { anchors, rootKeys, origin }: Pick<PointSources, 'anchors' | 'rootKeys' | 'origin'>,
  size: number,
): Promise<Point | Finding> {
  const path = anchorPath(size);
  const note = await anchors?.read(size);
  if (note === undefined) return logFinding('UNREADABLE', 'the anchor is listed, but cannot be read', { path });
  const opened = openCheckpoint(note, rootKeys, origin);
  if (opened.kind === 'refused') return logFinding(opened.verdict, `the anchor: ${opened.reason}`, { path });
  const { checkpoint } = opened;
  if (checkpoint.size !== size)
    return logFinding('CONTENT_MISMATCH', `the anchor holds the checkpoint of size ${checkpoint.size}`, { path });
  return { kind: 'anchor', checkpoint, by: opened.signatures[0]?.key.name ?? origin, path };
}

export function anchorPath(size: number): string {
  return `ckpt/${String(size).padStart(SIZE_DIGITS, '0')}`;
}

export function trustedPoint({ kind, checkpoint, by, time }: Point, count?: number): TrustedPoint {
  const { size, root } = checkpoint;
  return {
    ...{ kind, size, root: Buffer.from(root).toString('base64'), by },
    ...(time === undefined ? {} : { at: isoOf(time) }),
    ...defined({ count }),
  };
}

function openRemembered({ rootKeys, origin }: PointSources, note: Uint8Array): Point | Finding {
  const opened = openCheckpoint(note, rootKeys, origin);
  return opened.kind === 'refused'
    ? logFinding(opened.verdict, `the remembered checkpoint: ${opened.reason}`)
    : { kind: 'remembered', checkpoint: opened.checkpoint, by: opened.signatures[0]?.key.name ?? origin };
}

async function readMemory({ witnessMemory, origin }: PointSources): Promise<Point | Finding | undefined> {
  try {
    const checkpoint = await witnessMemory?.();
    return checkpoint === undefined ? undefined : { kind: 'witness-memory', checkpoint, by: `${origin}/witness` };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return logFinding('UNREADABLE', `what the witness remembers cannot be read: ${detail}`, { path: 'witness' });
  }
}

async function allSizes(anchors: Pick<AnchorStore, 'sizes'>): Promise<number[]> {
  const sizes: number[] = [];
  for (;;) {
    const page = await anchors.sizes(sizes.at(-1) ?? -1, PAGE);
    sizes.push(...page);
    if (page.length < PAGE) return sizes;
  }
}

function cosignaturesOf({ checkpoint, signatures }: OpenedCheckpoint, { rootKeys }: PointSources): Point[] {
  return signatures.flatMap(({ key, signature }) => {
    const seconds = rootKeys.includes(key) ? undefined : cosignatureTime(signature);
    return seconds === undefined
      ? []
      : [{ kind: 'cosignature' as const, checkpoint, by: key.name, path: CHECKPOINT, time: ofSeconds(seconds) }];
  });
}

/**
 * The one way a change-set's steps get into the ledger: the entries, the record that follows from them and everything else
 * that must become true with them, in one transaction conditional on the record as it was read.
 */
import { isoOf, msOf, type EntityId, type EpochMs } from '../../brands/index.ts';
import type {
  AppendedEntry,
  Appender,
  Clock,
  EntryDraft,
  ItemKey,
  ItemWrite,
  PlacedEntry,
  StoredEntry,
} from '../../ledger/index.ts';
import { MS_PER_MINUTE, orNone } from '../../values/index.ts';
import { fenceCheck, fenceStale, isFence } from '../../work/index.ts';
import { announce, type AnnouncementCatalog } from './announce.ts';
import type { ChangeStore, StoredChange } from '../store/change-store.ts';
import { UNDER_POLICY } from '../policy/authority.ts';
import type { Governance } from '../policy/governance.ts';
import { ROOT_SIGNED, type StepType } from '../model/lifecycle.ts';
import type { AppendUnder } from './append-under.ts';
import type { ProveRecord } from './prove-record.ts';
import type { ChangeRecord } from '../model/record.ts';
import { isRefused, refused, type Refusal } from '../model/refusal.ts';
import { foldSteps } from '../reducer/fold-steps.ts';
import { POLICY_ENTITY } from '../store/document-store.ts';
import type { ProvenRecords } from '../store/proven-records.ts';
import { NOT_PLACED, type ChangeStep, type ClaimedWork, type StepDraft } from '../model/steps.ts';

/** Steps that let something happen: the record that they rest on is proved first. A claim does so by itself. */
const DECISIVE: ReadonlySet<StepType> = new Set([
  'change.approved',
  'change.overridden',
  'change.resolved-executed',
  'change.resolved-rolled-back',
] as const);

/** A process that was halted for longer between looking at the clock and stamping what rests on that begins anew. */
const MAX_LAG_MS = MS_PER_MINUTE;

/** Readings and decisions of one call before it is told that the change-set is too busy. */
export const MAX_TRIES = 32;

export interface Recording {
  readonly id: string;
  readonly entityId: EntityId;
  /** undefined: the first step of a new change-set */
  readonly current: StoredChange | undefined;
  readonly steps: readonly StepDraft[];
  readonly writes?: readonly ItemWrite[] | ((placed: readonly PlacedEntry[]) => readonly ItemWrite[]);
  /** entries that are no steps, recorded behind them with the same fate */
  readonly extras?: readonly EntryDraft[];
  /** of the first step */
  readonly idemKey?: string;
  /** recorded only if this claim stands */
  readonly work?: ClaimedWork | undefined;
  /** when the clock was read for what the steps rest on: a vote that is lent, a freeze */
  readonly asOf?: EpochMs;
}

export type Recorded =
  | { readonly kind: 'recorded'; readonly stored: StoredChange; readonly entries: readonly AppendedEntry[] }
  /** nothing written: something is no longer as it was read */
  | { readonly kind: 'precondition'; readonly failed: ItemKey }
  /** nothing written: the idempotency key is recorded */
  | { readonly kind: 'exists'; readonly entry: StoredEntry | undefined }
  /** nothing written: the record is not proved, the reducer refuses a step, the policy has changed, or the claim has ended */
  | Refusal;

export interface StepRecorder {
  /** @throws LedgerError, CanonicalError. Nothing was written. */
  readonly record: (recording: Recording) => Promise<Recorded>;
}

export interface RecorderDependencies {
  readonly ledger: string;
  readonly appender: Appender;
  /** appends on the condition that the policy is still in force */
  readonly appendUnder: AppendUnder['append'];
  readonly prove: ProveRecord;
  readonly proven: ProvenRecords;
  readonly store: ChangeStore;
  readonly clock: Clock;
  readonly governance: Governance;
  /** what the bus may be told of the steps; absent: nothing */
  readonly catalog: AnnouncementCatalog | undefined;
}

export function createStepRecorder(deps: RecorderDependencies): StepRecorder {
  return { record: (recording) => recordSteps(deps, recording) };
}

async function recordSteps(
  { ledger, appender, appendUnder, prove, proven, store, clock, governance, catalog }: RecorderDependencies,
  { id, entityId, current, steps, writes = [], extras = [], idemKey, asOf, work }: Recording,
): Promise<Recorded> {
  const before = current?.record;
  const isDecisive = steps.some(({ type }) => DECISIVE.has(type));
  const unproven = current !== undefined && isDecisive ? await prove(current) : undefined;
  if (unproven !== undefined) return unproven;

  // Provisional places: a refusal is told before anything is signed.
  const at = isoOf(clock.now());
  const { lastSeq, stepsSoFar } = endOf(before);
  const after = foldSteps(
    before,
    steps.map((step, i) => ({ ...step, entity: entityId, seq: lastSeq + 1 + i, hash: NOT_PLACED, at })),
  );
  if (isRefused(after)) return after;

  const told = catalog === undefined ? [] : announce(catalog, { before, steps, after });
  const placed: { next: ChangeRecord | Refusal } = { next: after };
  const append = steps.some(({ type }) => UNDER_POLICY.has(type)) ? appendUnder : appender.append.bind(appender);
  const result = await append({
    entries: [
      ...steps.map((step, i) => ({
        chain: entityId,
        draft: draftOf(step, `${id}#${stepsSoFar + i}`),
        ...(i === 0 && idemKey !== undefined ? { idemKey } : {}),
      })),
      ...extras.map((draft) => ({ chain: entityId, draft })),
      ...told.map((one) => ({ chain: entityId, ...one })),
    ],
    // Another process may have taken the steps so far.
    ...(lastSeq < 0 ? {} : { after: { chain: entityId, seq: lastSeq } }),
    writes: (places) => {
      // In its true place, and at its true time, a step may be refused all the same.
      const next = (placed.next = lagOf(asOf, places) ?? foldSteps(before, placedSteps(entityId, steps, places)));
      if (isRefused(next)) return 'withdraw';
      return [
        ...store.recordWrites(current, next),
        ...(typeof writes === 'function' ? writes(places) : writes),
        ...(work === undefined ? [] : [fenceCheck(ledger, work, work.by)]),
      ];
    },
  });
  const { next } = placed;
  if (isRefused(next)) return next;
  if (result.kind === 'refused') return result;
  if (result.kind === 'precondition')
    return work !== undefined && isFence(ledger, result.failed, work, work.by) ? staleClaim(work) : result;
  if (entityId === POLICY_ENTITY) await governance.refresh(); // its own writer must not be the last to know
  if (result.kind !== 'appended') return { kind: 'exists', entry: 'entries' in result ? result.entries[0] : undefined };
  proven.follow(before, next);
  const stored = { record: next, version: orNone(current?.version) + 1 };
  return { kind: 'recorded', stored, entries: result.entries };
}

/** Where the next step goes; -1: nothing was recorded before. */
function endOf(record: ChangeRecord | undefined): { readonly lastSeq: number; readonly stepsSoFar: number } {
  return { lastSeq: record?.entries.at(-1)?.seq ?? -1, stepsSoFar: orNone(record?.entries.length) };
}

function staleClaim(work: ClaimedWork): Refusal {
  const { message } = fenceStale(work, work.by);
  return refused('FENCE_STALE', message);
}

function draftOf({ type, actor, data }: StepDraft, idem: string): EntryDraft {
  return { type, actor, idem, data, ...(ROOT_SIGNED.has(type) ? { rootSigned: true } : {}) };
}

function lagOf(asOf: EpochMs | undefined, [first]: readonly PlacedEntry[]): Refusal | undefined {
  return asOf !== undefined && first !== undefined && msOf(first.at) - asOf > MAX_LAG_MS
    ? refused('CHANGE_BUSY', `it was looked at as of ${isoOf(asOf)}, too long before ${first.at}: try again`)
    : undefined;
}

/** Said when every attempt met a writer who was faster. */
export function tooBusy(): Refusal {
  return refused('CHANGE_BUSY', `${MAX_TRIES} writers were faster; nothing was written: retry after a pause`);
}

function placedSteps(entity: EntityId, steps: readonly StepDraft[], placed: readonly PlacedEntry[]): ChangeStep[] {
  return steps.map((step, i) => {
    const { seq, hash, at } = placed[i] as PlacedEntry;
    return { ...step, entity, seq, hash, at };
  });
}

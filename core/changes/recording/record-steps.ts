/**
 * The one way a change-set's steps get into the ledger: the entries, the record that follows from them and everything else
 * that must become true with them, in one transaction conditional on the record as it was read.
 */
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
import type { Announcement, RecordedStep } from './announce.ts';
import type { ChangeStore, StoredChange } from '../store/change-store.ts';
import { UNDER_POLICY } from '../policy/authority.ts';
import { ChangeError, refuse } from '../model/errors.ts';
import type { Governance } from '../policy/governance.ts';
import { ROOT_SIGNED, type StepType } from '../model/lifecycle.ts';
import type { RecordProver } from './prove-record.ts';
import type { ChangeRecord } from '../model/record.ts';
import { reduceChange } from '../reducer/reduce.ts';
import { POLICY_ENTITY } from '../store/document-store.ts';
import type { ChangeStep, StepDraft } from '../model/steps.ts';

/** Steps that let something happen: the record that they rest on is proved first. A claim does so by itself. */
const DECISIVE: ReadonlySet<StepType> = new Set([
  'change.approved',
  'change.overridden',
  'change.resolved-executed',
  'change.resolved-rolled-back',
] as const);

/** Readings and decisions of one call before it is told that the change-set is too busy. */
const MAX_TRIES = 32;

export interface Recording {
  readonly id: string;
  readonly entityId: string;
  /** undefined: the first step of a new change-set */
  readonly current: StoredChange | undefined;
  readonly steps: readonly StepDraft[];
  readonly writes?: readonly ItemWrite[] | ((placed: readonly PlacedEntry[]) => readonly ItemWrite[]);
  /** entries that are no steps, recorded behind them with the same fate */
  readonly extras?: readonly EntryDraft[];
  /** of the first step */
  readonly idemKey?: string;
}

export type Recorded =
  | { readonly kind: 'recorded'; readonly stored: StoredChange; readonly entries: readonly AppendedEntry[] }
  /** nothing written: something is no longer as it was read */
  | { readonly kind: 'precondition'; readonly failed: ItemKey }
  /** nothing written: the idempotency key is recorded */
  | { readonly kind: 'exists'; readonly entry: StoredEntry | undefined };

export interface StepRecorder {
  /** @throws ChangeError when the reducer refuses a step, or POLICY_CHANGED; LedgerError, CanonicalError. Nothing was written. */
  readonly record: (recording: Recording) => Promise<Recorded>;
}

export function createStepRecorder(deps: {
  readonly appender: Appender;
  /** appends on the condition that the policy is still in force; throws POLICY_CHANGED when it is not */
  readonly appendUnder: Appender['append'];
  readonly prover: RecordProver;
  readonly store: ChangeStore;
  readonly clock: Clock;
  readonly governance: Governance;
  /** what the bus is told of the steps; absent: nothing */
  readonly announce?: ((taken: RecordedStep) => readonly Announcement[]) | undefined;
}): StepRecorder {
  const { appender, appendUnder, prover, store, clock, governance, announce = () => [] } = deps;
  return {
    record: async ({ id, entityId, current, steps, writes = [], extras = [], idemKey }) => {
      const before = current?.record;
      if (current !== undefined && steps.some(({ type }) => DECISIVE.has(type))) await prover.prove(current);
      const stepsSoFar = before?.entries.length ?? 0;
      // Provisional places: a refusal is told before anything is signed.
      const at = new Date(clock.now()).toISOString();
      const lastSeq = before?.entries.at(-1)?.seq ?? -1;
      const after = fold(
        before,
        steps.map((step, i) => ({ ...step, entity: entityId, seq: lastSeq + 1 + i, hash: '', at })),
      );

      let next: ChangeRecord | undefined;
      const append = steps.some(({ type }) => UNDER_POLICY.has(type)) ? appendUnder : appender.append.bind(appender);
      const result = await append({
        entries: [
          ...steps.map((step, i) => ({
            chain: entityId,
            draft: {
              type: step.type,
              actor: step.actor,
              idem: `${id}#${stepsSoFar + i}`,
              data: step.data,
              ...(ROOT_SIGNED.has(step.type) ? { rootSigned: true } : {}),
            },
            ...(i === 0 && idemKey !== undefined ? { idemKey } : {}),
          })),
          ...extras.map((draft) => ({ chain: entityId, draft })),
          ...announce({ before, steps, after }).map((told) => ({ chain: entityId, ...told })),
        ],
        // Another process may have taken the steps so far.
        ...(lastSeq < 0 ? {} : { after: { chain: entityId, seq: lastSeq } }),
        writes: (placed) => {
          next = fold(before, placedSteps(steps, placed));
          return [...store.recordWrites(current, next), ...(typeof writes === 'function' ? writes(placed) : writes)];
        },
      });
      if (result.kind === 'precondition') return result;
      if (entityId === POLICY_ENTITY) await governance.refresh(); // its own writer must not be the last to know
      if (result.kind === 'exists') return { kind: 'exists', entry: result.entries[0] };
      prover.follow(before, next as unknown as ChangeRecord);
      const stored = { record: next as unknown as ChangeRecord, version: (current?.version ?? 0) + 1 };
      return { kind: 'recorded', stored, entries: result.entries };
    },
  };
}

/** Reads and decides until the decision could be written. @throws ChangeError CHANGE_BUSY */
export async function decideUntilWritten<Result>(
  attempt: () => Promise<{ readonly kind: 'done'; readonly result: Result } | { readonly kind: 'again' }>,
): Promise<Result> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const outcome = await attempt();
    if (outcome.kind === 'done') return outcome.result;
  }
  return refuse('CHANGE_BUSY', `${MAX_TRIES} writers were faster; nothing was written: retry after a pause`);
}

function placedSteps(steps: readonly StepDraft[], placed: readonly PlacedEntry[]): ChangeStep[] {
  return steps.map((step, i) => {
    const { chain, seq, hash, at } = placed[i] as PlacedEntry;
    return { ...step, entity: chain, seq, hash, at };
  });
}

function fold(before: ChangeRecord | undefined, steps: readonly ChangeStep[]): ChangeRecord {
  let record = before;
  for (const step of steps) {
    const reduced = reduceChange(record, step);
    if (reduced.kind === 'refused') throw new ChangeError(reduced);
    record = reduced.record;
  }
  return record as ChangeRecord;
}

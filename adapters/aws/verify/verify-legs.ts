/**
 * Verification in legs: the next invocation continues with what one has no time for. A leg stops between two pieces of work
 * and hands over everything that was found as plain data, so nothing is verified twice and nothing is left out. Points and
 * size are those of the first leg, so the log may grow meanwhile.
 */
import type { EpochMs } from '../../../core/brands/index.ts';
import type { Points, ReplayReport, Segment } from '../../../core/ledger/index.ts';
import type { AuthoritySources, DocumentsProgress, ReplayCursor } from '../../../core/system/index.ts';
import type { InSegmentsOptions } from './verify-in-segments.ts';
import type { Tail, TailCursor, TailDependencies } from './verify-tail.ts';

/** What is handed over: plain data that structured cloning keeps. */
export interface Handover {
  /** when it began */
  readonly now?: EpochMs;
  readonly begun?: { readonly points: Points; readonly size: number };
  /** the log, as far as it was verified */
  readonly segment?: Segment;
  readonly replay?: ReplayCursor;
  readonly replayed?: ReplayReport;
  readonly scan?: TailCursor;
  readonly tail?: Tail;
  /** entities whose documents were verified */
  readonly documents?: Set<string>;
}

export interface Leg {
  /** what the leg before handed over; absent: this is the first */
  readonly from?: Handover | undefined;
  /** Asked between two pieces of work. */
  readonly isTimeUp: () => boolean;
}

/** Not a failure: the time is up, and this is where it was left off. */
export class LegEnded extends Error {
  readonly handover: Handover;

  constructor(handover: Handover) {
    super('the time of this call is up');
    this.handover = handover;
  }
}

export interface Pace {
  readonly left: Handover;
  readonly keep: (more: Handover) => void;
  /** Does it unless a leg before has; what was found is handed over. */
  readonly once: <Name extends 'replayed' | 'tail'>(
    name: Name,
    work: () => Promise<NonNullable<Handover[Name]>>,
  ) => Promise<NonNullable<Handover[Name]>>;
  readonly walking: () => Pick<InSegmentsOptions, 'begun' | 'after'>;
  readonly replaying: () => Pick<AuthoritySources, 'progress'>;
  readonly scanning: () => Pick<TailDependencies, 'progress'>;
  readonly comparing: () => DocumentsProgress;
}

/** @param options.signal aborted: nobody waits any more, and the work ends between two pieces */
export function paceOf({ leg, signal }: { readonly leg?: Leg; readonly signal?: AbortSignal }): Pace {
  let left: Handover = leg?.from ?? {};
  const keep = (more: Handover): void => void (left = { ...left, ...more });
  const after = (more: () => Handover): void => {
    signal?.throwIfAborted();
    if (leg?.isTimeUp() === true) throw new LegEnded({ ...left, ...more() });
  };
  const at =
    <Of extends unknown[]>(more: (...of: Of) => Handover) =>
    (...of: Of): void => {
      after(() => more(...of));
    };
  /** Nobody ends it: it has no pauses. */
  const given = <Hooks>(hooks: Hooks): Hooks | Record<string, never> =>
    leg === undefined && signal === undefined ? {} : hooks;
  return {
    left,
    keep,
    once: async (name, work) => {
      const known = left[name];
      if (known !== undefined) return known;
      const found = await work();
      const { replay, scan, ...rest } = left; // done with one of them
      const unfinished = name === 'replayed' ? scan && { scan } : replay && { replay };
      left = { ...rest, ...unfinished, [name]: found };
      after(() => ({})); // only after work that was done now: a leg without any would go on for ever
      return found;
    },
    walking: () => given({ begun: left.segment, after: at((joined: () => Segment) => ({ segment: joined() })) }),
    replaying: () =>
      given({ progress: { from: left.replay, after: at((cursor: () => ReplayCursor) => ({ replay: cursor() })) } }),
    scanning: () => given({ progress: { from: left.scan, after: at((scan: TailCursor) => ({ scan })) } }),
    comparing: () => {
      const done = left.documents ?? new Set<string>();
      return { done, after: at(() => ({ documents: done })) };
    },
  };
}

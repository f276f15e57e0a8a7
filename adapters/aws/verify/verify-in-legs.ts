/**
 * Runs one leg of a verification in a function that has limited time. The leg reaches a verdict, or hands over to another call
 * of the function and says so. Lambda tries a leg that dies again from its handover, which is kept until the next leg has
 * handed over, too. The verification always ends, and one that did not check everything is never OK.
 */
import { isoOf } from '../../../core/brands/index.ts';
import {
  everything,
  logFinding,
  nothingChecked,
  type Clock,
  type ItemStore,
  type VerificationReport,
} from '../../../core/ledger/index.ts';
import { isUnreadable } from '../../../core/values/index.ts';
import { forgetHandover, keepHandover, readHandover, type LegName } from './leg-notes.ts';
import { LegEnded, type Leg } from './verify-legs.ts';

/** For the piece of work under way, and to hand over. */
const RESERVE_MS = 180_000;
/** For the answer, when a piece of work takes longer than that. */
const ANSWER_MS = 15_000;
/** Two days of a quarter of an hour each: the next audit should have begun long ago. */
const MAX_LEGS = 192;

/** Not a verdict: another call goes on, and its verdict is in the function's log and metrics. */
export interface Continued {
  readonly kind: 'continues';
  readonly run: string;
  /** the one that goes on */
  readonly leg: number;
}

export interface LegsDependencies {
  readonly ledger: string;
  readonly items: Pick<ItemStore, 'get' | 'list' | 'write'>;
  /** Verifies what is left. @throws LegEnded */
  readonly verify: (leg: Leg) => Promise<VerificationReport>;
  /** Calls the function again, without waiting for it. */
  readonly goOn: (name: LegName) => Promise<void>;
  /** of this call */
  readonly remainingMs: () => number;
  readonly clock: Pick<Clock, 'now'>;
  readonly newId: () => string;
}

/** @param name the leg that this is; absent: the first */
export async function verifyInLegs(deps: LegsDependencies, name?: LegName): Promise<VerificationReport | Continued> {
  const { ledger, items, clock, goOn } = deps;
  const run = name?.run ?? `${isoOf(clock.now())}-${deps.newId()}`;
  const leg = name?.leg ?? 1;
  const done = async (report: VerificationReport): Promise<VerificationReport> => {
    await forgetHandover({ ledger, items }, { run, leg }, clock.now());
    return report;
  };
  try {
    const from = name === undefined ? undefined : await readHandover({ ledger, items }, name);
    return await done(await inTime(deps, { from, isTimeUp: () => deps.remainingMs() < RESERVE_MS }));
  } catch (error) {
    if (isUnreadable(error)) return done(unfinished(error.message));
    if (!(error instanceof LegEnded)) throw error;
    if (leg === MAX_LEGS) return done(unfinished(`handed over ${MAX_LEGS} times`));
    const next = await keepHandover({ ledger, items }, { run, leg: leg + 1 }, error.handover);
    await goOn(next);
    // Dying before this, it is tried again: then two go on, side by side, to the same verdict.
    await forgetHandover({ ledger, items }, { run, leg }, clock.now());
    return { kind: 'continues', run, leg: next.leg };
  }
}

/** A piece of work without a pause may take longer than the time there is. */
async function inTime({ verify, remainingMs }: LegsDependencies, leg: Leg): Promise<VerificationReport> {
  const { promise: late, resolve } = Promise.withResolvers<VerificationReport>();
  const timer = setTimeout(
    () => resolve(unfinished('a piece of work took longer than a call may')),
    Math.max(0, remainingMs() - ANSWER_MS),
  );
  try {
    return await Promise.race([verify(leg), late]);
  } finally {
    clearTimeout(timer);
  }
}

function unfinished(why: string): VerificationReport {
  const firstBad = logFinding('UNREADABLE', `the verification did not come to its end: ${why}`);
  return nothingChecked(firstBad, everything('the rest was not looked at'));
}

/**
 * Which change-sets have something to do now, and when the next one will: for an engine that keeps time itself. Each is named
 * once for each of its times, so the reader says how far it has read; a clock that was set back, or another policy, and it begins anew.
 */
import { isoOf, later, msOf, type EpochMs } from '../../brands/index.ts';
import type { ItemStore } from '../../ledger/index.ts';
import { defined, MS_PER_HOUR } from '../../values/index.ts';
import { timerPlace, TIMERS, type TimerKind } from '../store/change-index.ts';
import type { TimerRules } from './timers.ts';

/** How far a reader has read; opaque, lives in its process. */
export interface DueCursor {
  readonly at: EpochMs;
  readonly rules: string;
  readonly read: { readonly [Kind in TimerKind]?: string };
}

export interface DueChanges {
  /** at most `limit` of each kind of time */
  readonly ids: readonly string[];
  /** there may be more */
  readonly isFull: boolean;
  /** ms since the Unix epoch; undefined while nothing has a time. When `isFull`, ask again at once */
  readonly next: EpochMs | undefined;
  readonly cursor: DueCursor;
}

export interface DueQuery {
  readonly cursor?: DueCursor | undefined;
  readonly limit: number;
  /** What was due before is left out, what is being worked on is not. Default: nothing is */
  readonly since?: EpochMs | undefined;
}

interface Deps {
  readonly ledger: string;
  readonly items: Pick<ItemStore, 'list'>;
  readonly now: EpochMs;
  readonly rules: TimerRules;
}

/** One read for each kind of time. */
export async function dueChanges(deps: Deps, { cursor, limit, since }: DueQuery): Promise<DueChanges> {
  const { ledger, items, now } = deps;
  const rules = JSON.stringify([deps.rules.reminderHours, deps.rules.escalation]);
  const isContinued = cursor !== undefined && cursor.rules === rules && cursor.at <= now;
  const read: { [Kind in TimerKind]?: string } = isContinued ? { ...cursor.read } : {};
  const ids = new Set<string>();
  const coming: EpochMs[] = [];
  let isFull = false;
  for (const kind of TIMERS) {
    const delay = delayOf(kind, deps.rules);
    if (delay === undefined) continue;
    const after = read[kind] ?? justBefore({ ledger, kind }, since === undefined ? undefined : later(since, -delay));
    const page = await items.list(...placeOf(ledger, kind, { after, limit }));
    let named = 0;
    for (const { sk } of page) {
      const [, at = '', id = ''] = splitOf(sk);
      const time = at === '' ? now : later(msOf(at), delay);
      if (time > now) {
        coming.push(time);
        break;
      }
      ids.add(id);
      // What is being worked on is taken up once, by who starts; it wakes itself from then on.
      read[kind] = sk;
      named += 1;
    }
    isFull ||= named === limit;
  }
  const next = coming.sort((a, b) => a - b)[0];
  return { ids: [...ids], isFull, next, cursor: { at: now, rules, read } };
}

/** From the time in the index to when something is to be done; undefined: never, by these rules. */
function delayOf(kind: TimerKind, { reminderHours, escalation }: TimerRules): number | undefined {
  switch (kind) {
    case 'reminded':
      return reminderHours === undefined ? undefined : reminderHours * MS_PER_HOUR;
    case 'assessed':
      return escalation === undefined ? undefined : escalation.afterHours * MS_PER_HOUR;
    case 'deadline':
    case 'timelock':
    case 'working':
      return 0;
  }
}

function placeOf(
  ledger: string,
  kind: TimerKind,
  { after, limit }: { readonly after: string | undefined; readonly limit: number },
): Parameters<ItemStore['list']> {
  const { pk, prefix } = timerPlace(ledger, kind);
  return [pk, { prefix, limit, ...defined({ after }) }];
}

/** The place before the first that is named for this time; times before 1970 have none. */
function justBefore(
  { ledger, kind }: { readonly ledger: string; readonly kind: TimerKind },
  at: EpochMs | undefined,
): string | undefined {
  if (at === undefined || kind === 'working') return undefined;
  return `${timerPlace(ledger, kind).prefix}${isoOf(at < 0 ? later(at, 0 - at) : at)}`;
}

/** kind, time, id; neither a kind nor a time has a `#`. */
function splitOf(sk: string): readonly string[] {
  const first = sk.indexOf('#');
  const second = sk.indexOf('#', first + 1);
  return [sk.slice(0, first), sk.slice(first + 1, second), sk.slice(second + 1)];
}

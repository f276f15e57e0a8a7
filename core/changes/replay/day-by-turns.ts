/**
 * What each assessment must have counted of the last 24 hours at least, where the order of the log says nothing: assessments of
 * one sponsor, and on one entity, name the turn they took. It is asked when everything is known, and keeps a line for each.
 */
import { MAX_RECENT } from '../store/recent-changes.ts';
import { CLOCK_SLACK_MS } from './authority.ts';
import { firsts, WINDOW_MS, type AssessedChange } from './recent-window.ts';

type Recent = { readonly recentChanges?: unknown; readonly recentMoved?: unknown; readonly recentEntities?: unknown };

export interface TurnRecord extends AssessedChange {
  /** log index */
  readonly position: number;
  /** ms since the Unix epoch, when the window was counted at the latest */
  readonly asOf: number;
  readonly turns: { readonly sponsor: number; readonly entity: number };
  /** what it says it counted, this one included */
  readonly initiator: Recent;
  readonly onEntity: Recent;
  /** assessed on another document than the chain led to: it counted for others, and what it says of itself is nobody's concern */
  readonly isExternal?: true;
}

/** Plain data: where it was left off. */
export interface DayByTurnsState {
  readonly taken: readonly TurnRecord[];
  readonly ends: ReadonlyMap<string, number>;
}

export class DayByTurns {
  private readonly taken: TurnRecord[];
  /** change-sets that ended without having had an effect; ms since the Unix epoch */
  private readonly ends: Map<string, number>;

  constructor(from?: DayByTurnsState) {
    this.taken = [...(from?.taken ?? [])];
    this.ends = new Map(from?.ends);
  }

  state(): DayByTurnsState {
    return { taken: this.taken, ends: this.ends };
  }

  take(one: TurnRecord): void {
    this.taken.push(one);
  }

  ended(change: string, at: number): void {
    this.ends.set(change, at);
  }

  /** The first that counted less than it must have. */
  firstShort(): { readonly position: number; readonly reason: string } | undefined {
    const short = [
      ...this.shortOf(
        'sponsor',
        ({ sponsor }) => sponsor,
        ({ initiator }) => initiator,
      ),
      ...this.shortOf(
        'entity',
        ({ entityId }) => entityId,
        ({ onEntity }) => onEntity,
      ),
    ];
    return short.sort((a, b) => a.position - b.position)[0];
  }

  private shortOf(
    turn: keyof TurnRecord['turns'],
    keyOf: (one: TurnRecord) => string,
    recordedBy: (one: TurnRecord) => Recent,
  ): { position: number; reason: string }[] {
    const groups = new Map<string, TurnRecord[]>();
    for (const one of this.taken) {
      const group = groups.get(keyOf(one));
      if (group === undefined) groups.set(keyOf(one), [one]);
      else group.push(one);
    }
    return groups
      .values()
      .toArray()
      .flatMap((group) => {
        group.sort((a, b) => a.turns[turn] - b.turns[turn]);
        const before = new Map<string, TurnRecord>();
        return group.flatMap((one) => {
          const least = this.least(one, before);
          before.delete(one.change);
          before.set(one.change, one);
          forget(before, one.at);
          const reason = one.isExternal === true ? undefined : missing(recordedBy(one), least);
          return reason === undefined ? [] : [{ position: one.position, reason }];
        });
      });
  }

  private least(asked: TurnRecord, before: ReadonlyMap<string, TurnRecord>): Required<Record<keyof Recent, number>> {
    const counted = firsts(
      before
        .values()
        .filter(
          ({ change, at }) =>
            change !== asked.change &&
            at >= asked.asOf - WINDOW_MS &&
            (this.ends.get(change) ?? Infinity) > asked.at + CLOCK_SLACK_MS,
        ),
    );
    const all = [...counted, asked];
    const moved = all.reduce((sum, one) => sum + one.moved, 0);
    return {
      recentChanges: all.length,
      recentMoved: all.length > MAX_RECENT ? 0 : Math.min(moved, Number.MAX_SAFE_INTEGER),
      recentEntities: new Set(all.map(({ entityId }) => entityId)).size,
    };
  }
}

function missing(recorded: Recent, least: Required<Record<keyof Recent, number>>): string | undefined {
  for (const key of ['recentChanges', 'recentMoved', 'recentEntities'] as const) {
    const said = recorded[key];
    if (typeof said === 'number' && said < least[key])
      return `its fact ${key} is ${said}, at least ${least[key]} counted`;
  }
  return undefined;
}

function forget(before: Map<string, TurnRecord>, now: number): void {
  for (const [change, { at }] of before) {
    if (at >= now - 2 * WINDOW_MS) return;
    before.delete(change);
  }
}

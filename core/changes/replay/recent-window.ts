/**
 * What was assessed in the 24 hours before an assessment, by who answers for it and by entity: what certainly counted, and
 * what possibly did. Both are the same but for change-sets that ended at about that moment. It keeps a day of assessments.
 */
import { MAX_RECENT, type RecentChange } from '../store/recent-changes.ts';
import { CLOCK_SLACK_MS } from './authority.ts';

export const WINDOW_MS = 86_400_000;
const KEPT_MS = WINDOW_MS + 3_600_000;

export interface AssessedChange extends RecentChange {
  readonly change: string;
  readonly sponsor: string;
  /** of the entry; ms since the Unix epoch */
  readonly at: number;
}

export interface RecentQuery extends Pick<AssessedChange, 'change' | 'sponsor' | 'entityId'> {
  /** the clock when the window was counted: not before, not after; ms since the Unix epoch */
  readonly from: number;
  readonly to: number;
}

export interface RecentCounts {
  readonly byInitiator: readonly RecentChange[];
  readonly onEntity: readonly RecentChange[];
}

/** Less and more than any window could count: where nothing says yet what did. */
const ENDLESS = Array.from({ length: 3 * MAX_RECENT }, (_, i) => ({
  entityId: `(${i})`,
  moved: Number.MAX_SAFE_INTEGER,
}));
export const NOTHING: RecentCounts = { byInitiator: [], onEntity: [] };
export const ANYTHING: RecentCounts = { byInitiator: ENDLESS, onEntity: ENDLESS };

interface EndedChange extends AssessedChange {
  readonly endedAt: number;
}

/** Of one sponsor, or on one entity; maps keep the order in which their keys came. */
interface Place {
  readonly live: Map<string, AssessedChange>;
  readonly ended: Map<string, EndedChange>;
}

export class RecentWindow {
  private readonly places = new Map<string, Place>();
  /** change-sets that count somewhere, the longest known first */
  private readonly known = new Map<string, AssessedChange>();
  private latest = 0;

  /** A new assessment takes the place of the one before. */
  assessed(one: AssessedChange): void {
    const before = this.known.get(one.change);
    if (before !== undefined) this.remove(before);
    this.known.set(one.change, one);
    for (const place of this.placesOf(one)) place.live.set(one.change, one);
    this.latest = Math.max(this.latest, one.at);
    this.forget();
    for (const key of keysOf(one)) this.tidy(key);
  }

  /** It has had no effect, so it makes room. */
  ended(change: string, at: number): void {
    const one = this.known.get(change);
    if (one === undefined) return;
    this.known.delete(change);
    for (const key of keysOf(one)) {
      const place = this.places.get(key);
      place?.live.delete(change);
      place?.ended.set(change, { ...one, endedAt: at });
    }
  }

  certain(asked: RecentQuery): RecentCounts {
    return this.count(asked, asked.to - WINDOW_MS, () => []);
  }

  possible(asked: RecentQuery): RecentCounts {
    const since = asked.from - WINDOW_MS;
    return this.count(asked, since, ({ ended }) => {
      const late = asked.from - CLOCK_SLACK_MS;
      return ended.values().filter((one) => one.endedAt >= late && one.at >= since);
    });
  }

  private count(asked: RecentQuery, since: number, more: (place: Place) => Iterable<AssessedChange>): RecentCounts {
    const of = (key: string): RecentChange[] => {
      const place = this.places.get(key);
      if (place === undefined) return [];
      const live = firsts(place.live.values().filter(({ at }) => at >= since));
      const others = firsts(more(place));
      const found = others.length === 0 ? live : [...live, ...others].sort(inOrder).slice(0, MAX_RECENT + 1);
      return found.filter(({ change }) => change !== asked.change);
    };
    return { byInitiator: of(sponsorKey(asked.sponsor)), onEntity: of(entityKey(asked.entityId)) };
  }

  private placesOf(one: AssessedChange): Place[] {
    return keysOf(one).map((key) => {
      const place = this.places.get(key) ?? { live: new Map(), ended: new Map() };
      this.places.set(key, place);
      return place;
    });
  }

  private remove({ change, ...of }: AssessedChange): void {
    this.known.delete(change);
    for (const key of keysOf(of)) this.places.get(key)?.live.delete(change);
  }

  /** What no window can reach any more; each is looked at once when it goes. */
  private forget(): void {
    for (const one of this.known.values()) {
      if (one.at >= this.latest - KEPT_MS) break;
      this.remove(one);
      for (const key of keysOf(one)) this.tidy(key);
    }
  }

  private tidy(key: string): void {
    const place = this.places.get(key);
    if (place === undefined) return;
    for (const [change, { endedAt }] of place.ended) {
      if (endedAt >= this.latest - 2 * CLOCK_SLACK_MS) break;
      place.ended.delete(change);
    }
    if (place.live.size === 0 && place.ended.size === 0) this.places.delete(key);
  }
}

/** Beyond as many nothing is told apart any more. */
export function firsts<One>(all: Iterable<One>): One[] {
  const found: One[] = [];
  for (const one of all) if (found.push(one) > MAX_RECENT) break;
  return found;
}

function inOrder(a: AssessedChange, b: AssessedChange): number {
  return a.at - b.at || (a.change < b.change ? -1 : Number(a.change > b.change));
}

function keysOf({ sponsor, entityId }: Pick<AssessedChange, 'sponsor' | 'entityId'>): [string, string] {
  return [sponsorKey(sponsor), entityKey(entityId)];
}

function sponsorKey(sponsor: string): string {
  return `by ${sponsor}`;
}

function entityKey(entityId: string): string {
  return `on ${entityId}`;
}

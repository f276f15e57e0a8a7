/**
 * What was proposed lately and what is open, by who answers for it and by entity: so that a large change split into small
 * ones, over a day, over agents of one owner or over people on one entity, is as large as it is. Exact, because assessments
 * of one sponsor or one entity take turns: each rests on the one before, or is made again.
 */
import * as z from 'zod';
import { isoOf, later, type EpochMs, type IsoInstant } from '../../brands/index.ts';
import type { JsonValue } from '../../canonical/index.ts';
import type { Item, ItemKey, ItemStore, ItemWrite } from '../../ledger/index.ts';
import { codecOf, defined, orNone, stored } from '../../values/index.ts';
import { isTerminal } from '../model/lifecycle.ts';
import type { ChangeRecord } from '../model/record.ts';
import type { Assessment, Content } from '../model/steps.ts';

const WINDOW_MS = 86_400_000;
const PAGE = 1_000;

/** One change-set of the last 24 hours. */
export interface RecentChange {
  readonly entityId: string;
  readonly moved: number;
}

export const recentCodec = codecOf<Partial<RecentChange>>(
  'recent change-set',
  stored<Partial<RecentChange>>({ entityId: z.string().exactOptional(), moved: z.number().exactOptional() }),
);

/** Change-sets of the last 24 hours that are told apart; beyond that they count as without limit. */
export const MAX_RECENT = 1_000;

export interface RecentChanges {
  /** The turns of a sponsor and an entity: to be taken before anything is counted, and written with what was counted for. */
  readonly turns: (of: Subject) => Promise<TurnReservation>;
  /** Assessed in the 24 hours before `now` (ms since the Unix epoch) and not refused, without the change-set itself. */
  readonly since: (
    now: EpochMs,
    of: Subject,
  ) => Promise<{ readonly byInitiator: readonly RecentChange[]; readonly onEntity: readonly RecentChange[] }>;
  /** Change-sets of the sponsor that are not at their end, counted up to `limit`. */
  readonly open: (sponsor: string, limit: number) => Promise<number>;
}

export interface TurnReservation {
  readonly writes: readonly ItemWrite[];
  /** how many assessments took them before */
  readonly turns: NonNullable<Assessment['turns']>;
}

export interface Subject {
  readonly change: string;
  readonly sponsor: string;
  readonly entityId: string;
}

/** Who answers for what is proposed: the person behind an agent, otherwise the initiator. */
export function sponsorOf({ sponsor, initiator }: Pick<Content, 'sponsor' | 'initiator'>): string {
  return sponsor ?? initiator;
}

export function createRecentChanges(ledger: string, items: Pick<ItemStore, 'get' | 'list'>): RecentChanges {
  const keys = keysOf(ledger);
  return {
    turns: async ({ change, sponsor, entityId }) => {
      const taken = turnKeys(keys, sponsor, entityId);
      const [ofSponsor, onEntity] = await Promise.all([items.get(taken[0]), items.get(taken[1])]);
      const write = (key: ItemKey, item: Item | undefined): ItemWrite => {
        return { kind: 'put', key, value: { last: change }, expect: item?.version ?? 'absent' };
      };
      return {
        writes: [write(taken[0], ofSponsor), write(taken[1], onEntity)],
        turns: { sponsor: orNone(ofSponsor?.version), entity: orNone(onEntity?.version) },
      };
    },
    since: async (now, { change, sponsor, entityId }) => {
      const after = isoOf(later(now, -WINDOW_MS));
      const read = async ({ pk }: ItemKey): Promise<RecentChange[]> =>
        (await items.list(pk, { after, limit: MAX_RECENT + 1 }))
          .filter(({ sk }) => !sk.endsWith(`#${change}`))
          .map((item) => recentCodec.decode(item))
          // Items of an earlier version say nothing but that there was one.
          .map(({ entityId = '', moved = 0 }) => ({ entityId, moved }));
      const [byInitiator, onEntity] = await Promise.all([
        read(keys.by(sponsor, '', '')),
        read(keys.on(entityId, '', '')),
      ]);
      return { byInitiator, onEntity };
    },
    open: async (sponsor, limit) => {
      const { pk } = keys.open(sponsor, '');
      let count = 0;
      for (let after: string | undefined; count < limit;) {
        const page = await items.list(pk, { limit: PAGE, ...defined({ after }) });
        count += page.length;
        after = page.at(-1)?.sk;
        if (page.length < PAGE) break;
      }
      return count;
    },
  };
}

/** What follows from the record alone. */
export function recentWrites(ledger: string, current: ChangeRecord | undefined, next: ChangeRecord): ItemWrite[] {
  const keys = keysOf(ledger);
  const open = keys.open(sponsorOf(next.content), next.id);
  const hasEnded = isTerminal(next.state) && (current === undefined || !isTerminal(current.state));
  return [
    ...(current === undefined ? [put(open, {})] : []),
    ...(hasEnded ? [remove(open)] : []),
    // What took effect keeps counting for a day; what did not makes room.
    ...(hasEnded && next.state !== 'executed' ? placesOf(keys, next).map(remove) : moveWrites(keys, current, next)),
  ];
}

/** The turns that an assessment took. */
export function turnWrites(ledger: string, { id, entityId, content }: ChangeRecord): ItemWrite[] {
  return turnKeys(keysOf(ledger), sponsorOf(content), entityId).map((key) => put(key, { last: id }));
}

/** A new assessment counts from its own time on, so what is revised a day later is not forgotten. */
function moveWrites(keys: Keys, current: ChangeRecord | undefined, next: ChangeRecord): ItemWrite[] {
  const { assessment, entityId } = next;
  if (assessment === undefined || assessment.step === current?.assessment?.step) return [];
  const { moved } = assessment.facts['money'] as { readonly moved: number };
  const now = placesOf(keys, next);
  // Within one millisecond the place stays, and one transaction writes an item once.
  const left = (current === undefined ? [] : placesOf(keys, current)).filter(({ sk }) => sk !== now[0]?.sk);
  return [...left.map(remove), ...now.map((key) => put(key, { entityId, moved }))];
}

/** Where it counts: by its sponsor and on its entity, since its last assessment. */
function placesOf(keys: Keys, { id, entityId, content, entries }: ChangeRecord): ItemKey[] {
  const at = entries.findLast(({ type }) => type === 'change.assessed')?.at;
  return at === undefined ? [] : [keys.by(sponsorOf(content), at, id), keys.on(entityId, at, id)];
}

function turnKeys(keys: Keys, sponsor: string, entityId: string): [ItemKey, ItemKey] {
  return [keys.turn(`by#${sponsor}`), keys.turn(`on#${entityId}`)];
}

type Keys = ReturnType<typeof keysOf>;

function keysOf(ledger: string) {
  return {
    by: (sponsor: string, at: IsoInstant | '', id: string): ItemKey => ({
      pk: `${ledger}#change-by#${sponsor}`,
      sk: `${at}#${id}`,
    }),
    on: (entityId: string, at: IsoInstant | '', id: string): ItemKey => ({
      pk: `${ledger}#change-on#${entityId}`,
      sk: `${at}#${id}`,
    }),
    open: (sponsor: string, id: string): ItemKey => ({ pk: `${ledger}#change-open-by#${sponsor}`, sk: id }),
    turn: (of: string): ItemKey => ({ pk: `${ledger}#change-turn`, sk: of }),
  };
}

function put(key: ItemKey, value: JsonValue): ItemWrite {
  return { kind: 'put', key, value, expect: 'any' };
}

function remove(key: ItemKey): ItemWrite {
  return { kind: 'delete', key, expect: 'any' };
}

/**
 * What is stored beside the entries of claims: who holds the work, until when, and the fence. All of it is written with the entry.
 * What a claim rests on is held against the newest entry of the chain: an item alone is believed nothing.
 */
import * as z from 'zod';
import {
  parseEntry,
  TamperError,
  type EntryStore,
  type Item,
  type ItemStore,
  type ItemWrite,
} from '../ledger/index.ts';
import { codecOf, instant, stored, whole } from '../values/index.ts';
import { fenceKey, workChain } from './fence.ts';
import { leaseCodec, type Lease } from './lease.ts';
import type { WorkState } from './lifecycle.ts';
import { storedLeases, type Page, type StoredLeases } from './stored-leases.ts';
import { readWorkStep, WORK_SOURCE } from './work-topics.ts';

/** How often item and entry may be read while somebody changes both. */
const MAX_READS = 16;

export const workCodec = codecOf<WorkState>(
  'claim',
  stored<WorkState>({
    workId: z.string(),
    state: z.enum(['claimed', 'completed', 'released']),
    by: z.string(),
    session: z.string().exactOptional(),
    fence: whole,
    since: instant,
    description: z.string().exactOptional(),
    endedAt: instant.exactOptional(),
    reason: z.enum(['released', 'expired', 'stolen']).exactOptional(),
    why: z.string().exactOptional(),
    result: z.string().exactOptional(),
  }),
);

/** The work as it is now, with what a write must expect of it. */
export interface FoundWork {
  readonly state: WorkState | undefined;
  readonly version: number | 'absent';
  /** of the claim that stands */
  readonly lease: (Lease & { readonly version: number }) | undefined;
  /** of the newest entry on its chain */
  readonly seq: number | undefined;
}

export interface WorkStore {
  /** @throws TamperError LEDGER_TAMPERED: what is stored is not what the chain says */
  find(workId: string): Promise<FoundWork>;
  /** What a claim leaves. @param found as it was before */
  begun(found: FoundWork, state: WorkState, lease: Lease): readonly ItemWrite[];
  /** What the end of the claim leaves. */
  ended(found: FoundWork, state: WorkState): readonly ItemWrite[];
  /** One claim ends and another begins. */
  followed(found: FoundWork, state: WorkState, lease: Lease): readonly ItemWrite[];
  /** What a renewal leaves: nothing that anybody's check rests on. */
  renewed(state: WorkState, lease: Lease, version: number): readonly ItemWrite[];
  states(page: Page): Promise<readonly WorkState[]>;
  readonly leases: StoredLeases;
  lease(workId: string): Promise<Lease | undefined>;
  state(workId: string): Promise<WorkState | undefined>;
}

export function createWorkStore(
  ledger: string,
  { items, entries }: { readonly items: ItemStore; readonly entries: Pick<EntryStore, 'head'> },
): WorkStore {
  const statesPk = `${ledger}#work`;
  const leases = storedLeases(ledger, items);
  const stateKey = (workId: string) => ({ pk: statesPk, sk: workId });
  const putState = (found: FoundWork, state: WorkState): ItemWrite => ({
    ...{ kind: 'put', key: stateKey(state.workId), value: workCodec.encode(state), expect: found.version },
  });
  const putLease = (lease: Lease, expect: number | 'absent'): ItemWrite => ({
    ...{ kind: 'put', key: leases.key(lease.workId), value: leaseCodec.encode(lease), expect },
  });
  const putFence = ({ workId, fence, by }: WorkState): ItemWrite => ({
    ...{ kind: 'put', key: fenceKey(ledger, { workId, fence }, by), value: { by }, expect: 'absent' },
  });
  const dropFence = ({ workId, fence, by }: WorkState): ItemWrite => ({
    ...{ kind: 'delete', key: fenceKey(ledger, { workId, fence }, by), expect: 1 },
  });
  const read = async (workId: string): Promise<FoundWork | string> => {
    const item = await items.get(stateKey(workId));
    const [lease, head] = await Promise.all([items.get(leases.key(workId)), entries.head(workChain(workId))]);
    const state = item && workCodec.decode(item);
    const found = {
      state,
      version: item?.version ?? 'absent',
      lease: lease && leaseOf(lease),
      seq: head?.seq,
    } as const;
    return disagreement(found, head?.note) ?? found;
  };
  return {
    find: async (workId) => {
      for (let reads = 1; ; reads++) {
        const found = await read(workId);
        if (typeof found !== 'string') return found;
        if (reads === MAX_READS)
          throw new TamperError({ code: 'LEDGER_TAMPERED', message: `"${workId}": ${found}: verify the ledger` });
      }
    },
    begun: (found, state, lease) => [putState(found, state), putFence(state), putLease(lease, versionOf(found))],
    ended: (found, state) => [
      putState(found, state),
      dropFence(state),
      { kind: 'delete', key: leases.key(state.workId), expect: versionOf(found) },
    ],
    followed: (found, state, lease) => [
      ...(found.state === undefined ? [] : [dropFence(found.state)]),
      ...[putState(found, state), putFence(state), putLease(lease, versionOf(found))],
    ],
    renewed: ({ workId, fence, by }, lease, version) => [
      { kind: 'check', key: fenceKey(ledger, { workId, fence }, by), expect: 1 },
      putLease(lease, version),
    ],
    states: async (page) => (await items.list(statesPk, page)).map((item) => workCodec.decode(item)),
    leases,
    lease: async (workId) => decoded(await items.get(leases.key(workId)), leaseCodec),
    state: async (workId) => decoded(await items.get(stateKey(workId)), workCodec),
  };
}

function versionOf({ lease }: FoundWork): number | 'absent' {
  return lease?.version ?? 'absent';
}

function leaseOf(item: Item): Lease & { readonly version: number } {
  return { ...leaseCodec.decode(item), version: item.version };
}

function decoded<T>(item: Item | undefined, codec: { readonly decode: (item: Item) => T }): T | undefined {
  return item && codec.decode(item);
}

/** What item, lease and newest entry say differently; undefined: they agree. */
function disagreement(
  { state, lease, seq }: Omit<FoundWork, 'version'>,
  note: Uint8Array | undefined,
): string | undefined {
  const last = note && lastStep(note);
  if (last === undefined) return state === undefined ? undefined : 'an item tells of a claim, and no entry does';
  if (state === undefined) return 'an entry tells of a claim, and no item does';
  const fence = last.topic === 'work.claimed' ? seq : last.payload.fence;
  const { by, session } = last.payload;
  const reason = last.topic === 'work.released' ? last.payload.reason : undefined;
  if (
    last.topic !== `work.${state.state}` ||
    fence !== state.fence ||
    by !== state.by ||
    session !== state.session ||
    reason !== state.reason
  )
    return `the newest entry is ${last.topic} of fence ${fence}, and the item says ${state.state} of fence ${state.fence}`;
  const isLeased = lease?.fence === state.fence && lease.workId === state.workId;
  return isLeased === (state.state === 'claimed') ? undefined : 'lease and claim do not belong together';
}

/** Events of others may stand on such a chain from the time before it was kept for the system. */
function lastStep(note: Uint8Array): ReturnType<typeof readWorkStep> {
  const parsed = parseEntry(note);
  if (parsed.kind !== 'entry' || parsed.body.type !== 'event') return undefined;
  const { source, topic, payload } = parsed.body.data;
  return source === WORK_SOURCE ? readWorkStep(topic, payload) : undefined;
}

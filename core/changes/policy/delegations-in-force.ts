/**
 * Delegations as their entries have them, replayed from the beginning of their chain to its end whenever they are used; what
 * was replayed before is kept. Items only say where to look: one that its entries do not prove lends nobody's vote.
 */
import type { ChainHash } from '../../brands/index.ts';
import { canonicalize, toHex } from '../../canonical/index.ts';
import type { EntryStore, Finding } from '../../ledger/index.ts';
import {
  DELEGATION_GRANTED,
  DELEGATION_REVOKED,
  DELEGATIONS_CHAIN,
  readDelegation,
  type Delegation,
  type DelegationStore,
  type StoredDelegation,
} from '../store/delegation-store.ts';
import { refuse } from '../model/errors.ts';
import { readProven, type Proofs } from '../store/proofs.ts';
import type { ChainEntry } from '../model/steps.ts';

/** By id. @throws ChangeError DELEGATION_INVALID: the chain is damaged, and nobody's vote is lent until it is restored */
export type ReplayDelegations = () => Promise<ReadonlyMap<string, Delegation>>;

export function createDelegationReplay(
  deps: Proofs & { readonly entries: Pick<EntryStore, 'head' | 'read'> },
): ReplayDelegations {
  const known = new Map<string, Delegation>();
  let end: { readonly seq: number; readonly hash: ChainHash } | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  const damaged = (finding: Finding): never => {
    deps.onTamper(finding);
    return refuse(
      'DELEGATION_INVALID',
      `${finding.detail} (#${finding.seq} of "${finding.entity}"): verify the ledger`,
    );
  };
  const replay = async (): Promise<ReadonlyMap<string, Delegation>> => {
    const head = await deps.entries.head(DELEGATIONS_CHAIN);
    const seen = head === undefined ? undefined : { seq: head.seq, hash: toHex(head.hash) };
    if (seen?.seq === end?.seq && seen?.hash === end?.hash) return known;
    if (end !== undefined && (seen === undefined || seen.seq <= end.seq)) return damaged(shortened(end.seq));
    const from = end === undefined ? { from: 0 } : { from: end.seq + 1, prev: end.hash };
    const { entries, bad } = await readProven(deps, DELEGATIONS_CHAIN, from);
    for (const entry of entries) {
      const wrong = take(known, entry);
      if (wrong !== undefined) return damaged({ ...placeOf(entry), verdict: 'UNREADABLE', detail: wrong });
      end = { seq: entry.body.seq, hash: entry.hash };
    }
    return bad === undefined ? known : damaged(bad);
  };
  return () => {
    const replayed = turn.then(replay, replay);
    turn = replayed;
    return replayed;
  };
}

/** The store, showing only what the entries prove. */
export function provenDelegations(
  store: DelegationStore,
  { replay, onTamper }: { readonly replay: ReplayDelegations; readonly onTamper: Proofs['onTamper'] },
): DelegationStore {
  const proven = async (found: readonly StoredDelegation[]): Promise<StoredDelegation[]> => {
    if (found.length === 0) return [];
    const entries = await replay();
    const all = await Promise.all(found.map(async (one) => (isProven(entries, one) ? one : again(one))));
    return all.filter((one) => one !== undefined);
  };
  // It may have been revoked between the reading of the item and of the chain.
  const again = async ({ delegation: { from, id } }: StoredDelegation): Promise<StoredDelegation | undefined> => {
    const found = await store.find(from, id);
    if (found === undefined || isProven(await replay(), found)) return found;
    const detail = `the item of delegation ${id.slice(0, 64)} of ${from} to ${found.delegation.to} is not what its entries say`;
    onTamper({ verdict: 'DRIFT', entity: DELEGATIONS_CHAIN, seq: 0, detail });
    return undefined;
  };
  return {
    ...store,
    find: async (from, id) => {
      const found = await store.find(from, id);
      return found === undefined ? undefined : (await proven([found]))[0];
    },
    givenBy: async (from) => {
      const entries = await replay();
      return [...entries.values()].filter((one) => one.from === from);
    },
    givenTo: async (to, from) => {
      const found = await store.givenTo(to, from);
      const sound = await proven(found);
      if (from !== undefined && sound.length < found.length)
        refuse('DELEGATION_INVALID', `a delegation of ${from} to ${to} is not what its entries say: verify the ledger`);
      return sound;
    },
  };
}

/** Whose it is, to whom and until when: all of it, and whether it was revoked. */
function isProven(entries: ReadonlyMap<string, Delegation>, { delegation }: StoredDelegation): boolean {
  const recorded = entries.get(delegation.id);
  return recorded !== undefined && canonicalize(recorded) === canonicalize(delegation);
}

/** @returns what is wrong with the entry */
function take(known: Map<string, Delegation>, { body, hash: id }: ChainEntry): string | undefined {
  if (body.type !== DELEGATION_GRANTED && body.type !== DELEGATION_REVOKED) return undefined;
  const read = readDelegation(body);
  if (read === undefined) return `${body.type} is malformed`;
  if (read.kind === 'granted') {
    known.set(id, { ...read.grant, id, grantedAt: body.at });
    return undefined;
  }
  const granted = known.get(read.delegation);
  if (granted === undefined || granted.from !== read.from) return 'it revokes no delegation';
  known.set(granted.id, { ...granted, revokedAt: granted.revokedAt ?? body.at });
  return undefined;
}

function placeOf({ body }: ChainEntry): Pick<Finding, 'entity' | 'seq'> {
  return { entity: body.entity, seq: body.seq };
}

function shortened(seq: number): Finding {
  const detail = 'the chain of delegations ends before an entry that this process has seen';
  return { verdict: 'MISSING_ENTRY', entity: DELEGATIONS_CHAIN, seq, detail };
}

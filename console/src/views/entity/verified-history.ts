/** Loads the history of an entity and verifies it here: the chain, and the place in the log of the newest entry that a checkpoint covers. */
import type { Client } from '../../../../clients/sdk/client.ts';
import { ApiProblem } from '../../../../clients/sdk/connection/problems.ts';
import type { EntryView } from '../../../../core/system/index.ts';
import { reasonOf, type Session } from '../../session/session.ts';
import { verifyChain, type ChainVerdict } from '../../verify/chain.ts';
import { placeInLog, type Place } from '../../verify/in-log.ts';

export interface VerifiedHistory {
  readonly entries: readonly EntryView[];
  readonly verdict: ChainVerdict;
  /** of the entry with this seq; absent: the chain was not verified, so there is nothing to place */
  readonly placed?: Place & { readonly seq: number };
}

/** Entries of one chain that are read and verified in one go. */
const MAX_ENTRIES = 5_000;
const PAGE = 200;
const NOT_YET: Place = { kind: 'unknown', reason: 'the server has no checkpoint yet that covers an entry of it' };

export async function loadHistory(session: Session, entity: string): Promise<VerifiedHistory> {
  const { client, root, seen } = session;
  const entries = await entriesOf(client, entity);
  const { head } = await client.entity(entity);
  const told = { ...head, where: 'the server, where it was asked for the newest' };
  const verdict = await verifyChain({
    ...{ entity, root, entries, readChain: (chain) => entriesOf(client, chain) },
    seen: [...seen.of(entity), ...(head.seq < entries.length || entries.length < MAX_ENTRIES ? [told] : [])],
  });
  if (verdict.kind !== 'verified' || verdict.head === undefined) return { entries, verdict };
  seen.add(entity, { ...verdict.head, where: 'what this page verified before' });
  const newest = await newestInLog(client, entries);
  if (newest === undefined) return { entries, verdict, placed: { ...NOT_YET, seq: verdict.head.seq } };
  const { place } = await proveEntry(session, entity, newest);
  return { entries, verdict, placed: { ...place, seq: newest.seq } };
}

export interface Proven {
  readonly place: Place;
  /** what `nervous verify proof` takes; only where the place was verified */
  readonly proof?: Uint8Array;
}

/** Asks for a proof of the entry, which was verified before, and verifies it. */
export async function proveEntry(session: Session, entity: string, entry: EntryView): Promise<Proven> {
  const { client, root, witnesses } = session;
  if (root === undefined) return { place: { kind: 'unknown', reason: 'this page was given no root key' } };
  const seen = session.seen.checkpoints();
  try {
    const proof = await client.proof(entity, entry.seq);
    const trusted = { root, witnesses, readTile: (path: string) => client.logFile(path) };
    const place = await placeInLog({ ...trusted, proof, note: entry.note, seen });
    if (place.kind !== 'placed') return { place };
    session.seen.addCheckpoint(place.checkpoint);
    return { place, proof };
  } catch (error) {
    return { place: { kind: 'unknown', reason: reasonOf(error) } };
  }
}

/** By the server's word, which only chooses what is asked for. */
async function newestInLog(client: Client, entries: readonly EntryView[]): Promise<EntryView | undefined> {
  const size = await client.checkpoint().then(sizeIn, (error: unknown) => {
    if (error instanceof ApiProblem) return 0;
    throw error;
  });
  return entries.findLast(({ position }) => position !== undefined && position < size);
}

function sizeIn(checkpoint: Uint8Array): number {
  return Number(new TextDecoder().decode(checkpoint).split('\n')[1]);
}

async function entriesOf(client: Client, entity: string): Promise<readonly EntryView[]> {
  const entries: EntryView[] = [];
  for (let from: number | undefined = 0; from !== undefined && entries.length < MAX_ENTRIES;) {
    const page: Awaited<ReturnType<Client['entries']>> = await client.entries(entity, { from, limit: PAGE });
    entries.push(...page.entries);
    from = page.next;
  }
  return entries;
}

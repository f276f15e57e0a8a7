/**
 * An entity's document as it was: computed from the entries of its chain up to a place, and from nothing else. Each entry's bytes are hashed
 * and must continue the one before, so the hash that is answered is of all it was made from; whose signatures they bear, verification says.
 */
import { operationTypes, verifyState, type ChainEntry } from '../../changes/index.ts';
import { isoOf, msOf, type ChainHash, type EpochMs } from '../../brands/index.ts';
import { leafHash, toHex } from '../../canonical/index.ts';
import {
  genesisHash,
  isAboutDocument,
  parseEntry,
  type EntryBody,
  type EntryStore,
  type StoredEntry,
} from '../../ledger/index.ts';
import { defined } from '../../values/index.ts';
import { SystemError } from '../config/errors.ts';
import type { EntityAt } from '../contract/nervous-system.ts';
import { writerOf } from './verify-documents.ts';

const PAGE = 500;

export interface DocumentAtSources {
  readonly ledger: string;
  readonly origin: string;
  readonly entries: Pick<EntryStore, 'read'>;
}

/** @param headSeq of the newest entry. @throws SystemError ENTITY_NOT_FOUND | ENTRY_UNREADABLE | VERIFICATION_ENDED */
export async function documentAt(
  sources: DocumentAtSources,
  { entityId, headSeq, at, signal }: Wanted & { readonly at: { readonly seq: number } | { readonly time: EpochMs } },
): Promise<EntityAt> {
  const seq = 'seq' in at ? at.seq : await lastUntil(sources, { entityId, headSeq }, at.time);
  if (seq < 0 || seq > headSeq) {
    const when =
      'seq' in at ? `no entry #${seq}, the newest is #${headSeq}` : `no entry recorded until ${isoOf(at.time)}`;
    throw new SystemError({ code: 'ENTITY_NOT_FOUND', message: `the ledger has ${when} of "${entityId}"` });
  }
  const chain = await readTo(sources, { entityId, headSeq: seq, signal });
  const state = verifyState(entityId, chain.steps, operationTypes());
  if (state.kind === 'inconsistent') throw unreadable(entityId, state.seq, state.reason);
  const writer = writerOf(chain.steps);
  const { position } = chain.last.entry;
  return {
    entityId,
    entry: { seq, hash: chain.last.hash, at: chain.last.body.at, ...defined({ position }) },
    ...(state.document === null ? {} : { document: state.document }),
    version: state.version,
    documentHash: state.hash,
    ...defined({ writtenBy: writer && { seq: writer.body.seq, hash: writer.hash, at: writer.body.at } }),
  };
}

interface Wanted {
  readonly entityId: string;
  readonly headSeq: number;
  readonly signal?: AbortSignal | undefined;
}

/** The entry was recorded at the time or before, and the next one later. -1: all were */
async function lastUntil(
  { entries }: DocumentAtSources,
  { entityId, headSeq }: Wanted,
  time: EpochMs,
): Promise<number> {
  let [low, high] = [0, headSeq + 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const [entry] = await entries.read(entityId, middle, 1);
    if (msOf(bodyOf(entityId, middle, entry).at) > time) high = middle;
    else low = middle + 1;
  }
  return low - 1;
}

interface Chain {
  readonly steps: readonly ChainEntry[];
  readonly last: { readonly entry: StoredEntry; readonly body: EntryBody; readonly hash: ChainHash };
}

async function readTo(
  { origin, ledger, entries }: DocumentAtSources,
  { entityId, headSeq, signal }: Wanted,
): Promise<Chain> {
  const steps: ChainEntry[] = [];
  let last: Chain['last'] | undefined;
  for (let next = 0; next <= headSeq;) {
    if (signal?.aborted === true)
      throw new SystemError({ code: 'VERIFICATION_ENDED', message: 'nobody waited for the answer: ask again' });
    const page = await entries.read(entityId, next, Math.min(PAGE, headSeq + 1 - next));
    if (page.length === 0) throw unreadable(entityId, next, 'it is missing');
    for (const entry of page) {
      const body = bodyOf(entityId, next, entry);
      const hash = toHex(leafHash(entry.note));
      const prev = last?.hash ?? genesisHash(origin, entityId);
      if (body.seq !== next || body.entity !== entityId || body.ledger !== ledger || body.prev !== prev)
        throw unreadable(entityId, next, 'it does not continue the one before');
      if (isAboutDocument(body.type)) steps.push({ body, hash });
      last = { entry, body, hash };
      next += 1;
    }
  }
  if (last === undefined) throw unreadable(entityId, 0, 'it is missing');
  return { steps, last };
}

function bodyOf(entityId: string, seq: number, entry: StoredEntry | undefined): EntryBody {
  const parsed = entry === undefined ? undefined : parseEntry(entry.note);
  if (parsed?.kind === 'entry') return parsed.body;
  throw unreadable(entityId, seq, parsed?.reason ?? 'it is missing');
}

function unreadable(entityId: string, seq: number, reason: string): SystemError {
  const message = `entry #${seq} of "${entityId}" leads to no document (${reason}): verify the ledger`;
  return new SystemError({ code: 'ENTRY_UNREADABLE', message });
}

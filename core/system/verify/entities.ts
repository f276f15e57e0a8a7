/** Reading an entity: its document, its chain and whether both can be trusted. */
import { toHex } from '../../canonical/index.ts';
import { createDocumentStore } from '../../changes/index.ts';
import { OPERATORS_WORD, parseEntry, type Clock, type EntryStore, type StoredEntry } from '../../ledger/index.ts';
import type { Policy } from '../../policy/index.ts';
import { defined, timeOfMoment } from '../../values/index.ts';
import { SystemError } from '../config/errors.ts';
import type { ChainVerifier } from '../contract/ports.ts';
import type { Entities, EntryVerdict, EntryView } from '../contract/nervous-system.ts';
import { requireReads } from './require-reads.ts';
import { documentAt } from './document-at.ts';
import { verifyEntity, type EntityVerification } from './verify-entity.ts';
import { verifyPage } from './verify-page.ts';

export interface EntitiesDependencies extends Omit<EntityVerification, 'now' | 'entries'> {
  readonly entries: EntryStore;
  readonly policy: Policy;
  readonly clock: Pick<Clock, 'now'>;
  /** absent: chains are verified here */
  readonly verifyChains?: ChainVerifier | undefined;
}

export function createEntities(deps: EntitiesDependencies): Entities {
  const { entries, items, policy, ledger } = deps;
  const states = createDocumentStore(ledger, items);
  const headOf = async (entityId: string): Promise<StoredEntry> => {
    const head = await entries.head(entityId);
    if (head === undefined)
      throw new SystemError({
        code: 'ENTITY_NOT_FOUND',
        message: `the ledger has no entry of "${entityId.slice(0, 128)}"`,
      });
    return head;
  };
  return {
    get: async (principal, entityId) => {
      requireReads(policy, principal, entityId);
      const head = await headOf(entityId);
      const { document, version } = await states.read(entityId);
      const { seq, hash, body } = viewEntry(head);
      return { entityId, head: { seq, hash, at: body.at }, ...(document === null ? {} : { document }), version };
    },
    at: async (principal, entityId, { at, signal }) => {
      requireReads(policy, principal, entityId);
      const { seq: headSeq } = await headOf(entityId);
      const place = 'seq' in at ? at : { time: timeOfMoment(at, deps.clock.now()) };
      return documentAt(deps, { entityId, headSeq, at: place, signal });
    },
    entries: async (principal, entityId, { from, limit, verify = false }) => {
      requireReads(policy, principal, entityId);
      await headOf(entityId);
      const page = await entries.read(entityId, from, limit);
      if (!verify) return page.map(viewEntry);
      const verdicts = await (deps.verifyChains?.page(entityId, { from, limit: page.length }) ??
        verifyPage(deps, page));
      return page.map((entry, i) => ({ ...viewEntry(entry), verification: verdicts[i] as EntryVerdict }));
    },
    verify: async (principal, entityId, { signal } = {}) => {
      requireReads(policy, principal, entityId);
      await headOf(entityId);
      const now = deps.clock.now();
      const verified =
        deps.verifyChains?.entity(entityId, { now, signal }) ?? verifyEntity({ ...deps, now, signal }, entityId);
      const report = await endedWith(signal, verified);
      return { ...report, notChecked: [...report.notChecked, OPERATORS_WORD] };
    },
  };
}

/** Work that was given up says nothing about the ledger. @throws SystemError VERIFICATION_ENDED; what the work throws */
export async function endedWith<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (signal?.aborted !== true || cause instanceof SystemError) throw cause;
    const message =
      'the verification was ended before it finished, because nobody waited for it or the engine stops: ask again';
    throw new SystemError({ code: 'VERIFICATION_ENDED', message, cause });
  }
}

/** @throws SystemError ENTRY_UNREADABLE: the stored bytes are no entry; verification says more */
function viewEntry({ seq, position, hash, note, chain }: StoredEntry): EntryView {
  const parsed = parseEntry(note);
  if (parsed.kind === 'unreadable') {
    throw new SystemError({
      code: 'ENTRY_UNREADABLE',
      message: `entry #${seq} of "${chain}" cannot be read (${parsed.reason}): verify the ledger`,
    });
  }
  return {
    seq,
    ...defined({ position }),
    hash: toHex(hash),
    body: parsed.body,
    note: Buffer.from(note).toString('utf8'),
  };
}

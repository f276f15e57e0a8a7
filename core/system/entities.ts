/** Reading an entity: its document, its chain and whether both can be trusted. */
import { toHex } from '../canonical/index.ts';
import { createStateStore } from '../changes/index.ts';
import {
  parseEntry,
  verifyChain,
  type EntryStore,
  type EntryVerifier,
  type ItemStore,
  type StoredEntry,
  type VerificationReport,
} from '../ledger/index.ts';
import type { Policy } from '../policy/index.ts';
import { SystemError } from './errors.ts';
import type { Entities, EntryView } from './nervous-system.ts';
import { verifyDocument } from './verify-documents.ts';

export interface EntitiesDependencies {
  readonly ledger: string;
  readonly origin: string;
  readonly entries: EntryStore;
  readonly items: ItemStore;
  readonly policy: Policy;
  readonly verifier: () => EntryVerifier;
}

export function createEntities(deps: EntitiesDependencies): Entities {
  const { entries, items, policy, ledger } = deps;
  const states = createStateStore(ledger, items);
  const headOf = async (entityId: string): Promise<StoredEntry> => {
    const head = await entries.head(entityId);
    if (head === undefined)
      throw new SystemError({
        code: 'ENTITY_NOT_FOUND',
        message: `nothing was ever recorded for "${entityId.slice(0, 128)}"`,
      });
    return head;
  };
  return {
    get: async (principal, entityId) => {
      policy.require(principal, 'reads', entityId);
      const head = await headOf(entityId);
      const { document, version } = await states.read(entityId);
      const { seq, hash, body } = viewEntry(head);
      return { entityId, head: { seq, hash, at: body.at }, ...(document === null ? {} : { document }), version };
    },
    entries: async (principal, entityId, { from, limit }) => {
      policy.require(principal, 'reads', entityId);
      await headOf(entityId);
      return (await entries.read(entityId, from, limit)).map(viewEntry);
    },
    verify: async (principal, entityId) => {
      policy.require(principal, 'reads', entityId);
      await headOf(entityId);
      return verifyEntity(deps, entityId);
    },
  };
}

/** The chain, its signatures and the document; says what a single chain cannot show. */
export async function verifyEntity(
  deps: Omit<EntitiesDependencies, 'policy'>,
  entityId: string,
): Promise<VerificationReport> {
  const chain = await verifyChain(deps.entries, { origin: deps.origin, entity: entityId }, deps.verifier());
  const finding = chain.finding ?? (await verifyDocument(deps, entityId));
  return {
    verdict: finding?.verdict ?? 'OK',
    ...(finding === undefined ? {} : { firstBad: finding }),
    entries: chain.entries,
    chains: 1,
    checked: [
      'bytes and hashes',
      'links from the first entry to the head',
      'signatures up to the root key',
      'the stored document',
    ],
    notChecked: ['whether later entries of this chain were removed: verify the full ledger'],
  };
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
    ...(position === undefined ? {} : { position }),
    hash: toHex(hash),
    body: parsed.body,
    note: Buffer.from(note).toString('utf8'),
  };
}

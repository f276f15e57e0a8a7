/**
 * Where entity documents are kept: one item per entity, written only together with the entry that says so. The item's
 * version is the document's version, and what was undone to nothing stays as `null`, so a version never names two things.
 */
import * as z from 'zod';
import type { EntityId, Given } from '../../brands/index.ts';
import type { ItemKey, ItemStore, ItemWrite } from '../../ledger/index.ts';
import { codecOf, hash, jsonObject, orNone, stored, whole } from '../../values/index.ts';
import { documentHash, type Document, type VersionedDocument } from '../model/document.ts';
import { POLICY_ENTITY } from '../model/policy-entity.ts';
import type { PolicyEntry } from '../model/steps.ts';

export interface DocumentStore {
  /** The hash is computed from what is stored, so a document changed behind the ledger's back is noticed. */
  readonly read: (entityId: Given<EntityId>) => Promise<VersionedDocument>;
  /** Replaces version `from` by the next one; of the policy, its version item with it. */
  readonly put: (entityId: Given<EntityId>, next: NextDocument) => ItemWrite[];
  /** True only while the document is at this version. */
  readonly check: (entityId: Given<EntityId>, version: number) => ItemWrite;
  /** The change-set that wrote the document last; undefined: nobody did. */
  readonly writer: (entityId: Given<EntityId>) => Promise<string | undefined>;
}

export interface NextDocument {
  readonly from: number;
  readonly document: Document;
  /** id of the change-set whose operation it is */
  readonly change: string;
  /** that says so */
  readonly entry: PolicyEntry;
}

export { POLICY_ENTITY };

/** The value of the policy's version item. */
export type PolicyItem = {
  /** of the document */
  readonly version: number;
  /** absent: written before items named it */
  readonly entry?: PolicyEntry;
};

/** A small item that changes whenever the policy does: what is decided under a policy is conditional on it. */
export function policyVersionKey(ledger: string): ItemKey {
  return { pk: `${ledger}#policy`, sk: 'version' };
}

type StoredDocument = { readonly document: Document; readonly change: string };

export const documentCodec = codecOf<StoredDocument>(
  'document',
  stored<StoredDocument>({ document: jsonObject.nullable(), change: z.string() }),
);

export const policyItemCodec = codecOf<PolicyItem>(
  'version of the policy',
  stored<PolicyItem>({ version: whole, entry: stored<PolicyEntry>({ seq: whole, hash: hash() }).exactOptional() }),
);

export function createDocumentStore(ledger: string, items: Pick<ItemStore, 'get'>): DocumentStore {
  const keyOf = (entityId: Given<EntityId>): { pk: string; sk: string } => ({ pk: `${ledger}#document`, sk: entityId });
  const expectation = (version: number): number | 'absent' => (version === 0 ? 'absent' : version);
  return {
    read: async (entityId) => {
      const item = await items.get(keyOf(entityId));
      const document = item === undefined ? null : documentCodec.decode(item).document;
      return { document, version: orNone(item?.version), hash: documentHash(document) };
    },
    put: (entityId, { from, document, change, entry: { seq, hash } }) => {
      const value = documentCodec.encode({ document, change });
      const put: ItemWrite = { kind: 'put', key: keyOf(entityId), value, expect: expectation(from) };
      if (entityId !== POLICY_ENTITY) return [put];
      const inForce = policyItemCodec.encode({ version: from + 1, entry: { seq, hash } });
      return [put, { kind: 'put', key: policyVersionKey(ledger), value: inForce, expect: 'any' }];
    },
    check: (entityId, version) => ({ kind: 'check', key: keyOf(entityId), expect: expectation(version) }),
    writer: async (entityId) => {
      const item = await items.get(keyOf(entityId));
      return item && documentCodec.decode(item).change;
    },
  };
}

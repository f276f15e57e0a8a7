/**
 * Which entry brought the policy into force, and whether it did: the last one on the policy's chain that wrote its document,
 * signed, and saying the version and hash of the very document that the store has. Items name it; only entries prove it.
 */
import { toHex } from '../../canonical/index.ts';
import { parseEntry, type EntryStore, type Finding, type StoredEntry } from '../../ledger/index.ts';
import { WRITES_DOCUMENT } from './authority.ts';
import { POLICY_ADOPTED } from './adoption.ts';
import type { VersionedDocument } from '../model/document.ts';
import { readProven, type Proofs } from '../store/proofs.ts';
import { POLICY_ENTITY } from '../store/document-store.ts';
import type { ChainEntry, PolicyEntry } from '../model/steps.ts';

const PAGE = 100;

export type PolicyProof =
  | {
      readonly kind: 'proven';
      readonly entry: PolicyEntry;
      /** end of the chain then, which wrote no document since the entry */
      readonly head: PolicyEntry;
    }
  /** another policy came into force after the one in question */
  | { readonly kind: 'superseded'; readonly by: PolicyEntry }
  | { readonly kind: 'bad'; readonly finding: Finding };

type Deps = Pick<Proofs, 'verifier' | 'origin'> & { readonly entries: Pick<EntryStore, 'head' | 'read'> };

/** @param named by the item; undefined: it was written before items named it */
export async function provePolicy(
  deps: Deps,
  { version, hash }: Pick<VersionedDocument, 'version' | 'hash'>,
  named: PolicyEntry | undefined,
): Promise<PolicyProof> {
  const entry = named ?? (await lastPolicyEntry(deps.entries));
  if (entry === undefined) return bad(0, 'no entry brought a policy into force');
  const { entries, bad: damage } = await readProven(deps, POLICY_ENTITY, { from: entry.seq });
  if (damage !== undefined) return { kind: 'bad', finding: damage };
  const [first, ...later] = entries;
  if (first === undefined || first.hash !== entry.hash)
    return bad(entry.seq, 'it is not the entry that the policy item names');
  if (!isOf(first, { version, hash }))
    return bad(entry.seq, `it did not make version ${version} (${hash}) of the document, which the store has`);
  const next = later.find(({ body }) => WRITES_DOCUMENT.has(body.type));
  if (next !== undefined) return { kind: 'superseded', by: placeOf(next) };
  return { kind: 'proven', entry, head: placeOf(later.at(-1) ?? first) };
}

/** What came after `head`: nothing that matters, another policy, or something that is not sound. */
export async function policySince(deps: Deps, head: PolicyEntry): Promise<PolicyEntry | 'superseded' | Finding> {
  const newest = await deps.entries.head(POLICY_ENTITY);
  if (newest?.seq === head.seq && toHex(newest.hash) === head.hash) return head;
  const { entries, bad: damage } = await readProven(deps, POLICY_ENTITY, { from: head.seq + 1, prev: head.hash });
  if (damage !== undefined) return damage;
  if (entries.length === 0) return bad(head.seq, 'the chain ends before an entry that this process has seen').finding;
  const isSuperseded = entries.some(({ body }) => WRITES_DOCUMENT.has(body.type));
  return isSuperseded ? 'superseded' : placeOf(entries.at(-1) as ChainEntry);
}

/** undefined: none has. Reads no further than it must, and proves nothing. */
export async function lastPolicyEntry(entries: Pick<EntryStore, 'head' | 'read'>): Promise<PolicyEntry | undefined> {
  const head = await entries.head(POLICY_ENTITY);
  for (let end = (head?.seq ?? -1) + 1; end > 0; end -= PAGE) {
    const from = Math.max(0, end - PAGE);
    const page = await entries.read(POLICY_ENTITY, from, end - from);
    const last = page.findLast(writesDocument);
    if (last !== undefined) return { seq: last.seq, hash: toHex(last.hash) };
  }
  return undefined;
}

function writesDocument({ note }: StoredEntry): boolean {
  const parsed = parseEntry(note);
  return parsed.kind === 'entry' && WRITES_DOCUMENT.has(parsed.body.type);
}

/** The entry says that it made this document. */
function isOf({ body }: ChainEntry, made: Pick<VersionedDocument, 'version' | 'hash'>): boolean {
  if (!WRITES_DOCUMENT.has(body.type)) return false;
  const isOwn = body.type === POLICY_ADOPTED || body.type === 'change.applied' || body.type === 'change.undone';
  const said = (isOwn ? body.data : body.data['document']) as Partial<VersionedDocument> | undefined;
  return said?.version === made.version && said.hash === made.hash;
}

function placeOf({ body, hash }: ChainEntry): PolicyEntry {
  return { seq: body.seq, hash };
}

function bad(seq: number, detail: string): Extract<PolicyProof, { kind: 'bad' }> {
  return { kind: 'bad', finding: { verdict: 'DRIFT', entity: POLICY_ENTITY, seq, detail } };
}

/**
 * Adoption: the moment a ledger gets a policy of its own. One entry on the policy's chain says what the configuration said
 * then, once and for ever; from there on only change-sets change it. A replayed or second adoption means nothing.
 */
import * as z from 'zod';
import { SYSTEM_ACTOR, type Appender, type ItemWrite } from '../../ledger/index.ts';
import type { JsonObject } from '../../canonical/index.ts';
import { documentHash, type VersionedDocument } from '../model/document.ts';
import { ROOT_SIGNED } from '../model/lifecycle.ts';
import { POLICY_ENTITY, type DocumentStore } from '../store/document-store.ts';
import type { ChainEntry } from '../model/steps.ts';

/** The type of the entry, and what stands for a change-set in the document's item. */
export const POLICY_ADOPTED = 'policy.adopted';
/** A ledger adopts once. */
export const ADOPTION_KEY = 'policy:adopted';

/** Entries that decide something, which the root key signs too: steps of change-sets, and the adoption. */
export const ROOT_SIGNED_TYPES: ReadonlySet<string> = new Set<string>([...ROOT_SIGNED, POLICY_ADOPTED]);

const adoptionSchema = z.strictObject({
  version: z.int().min(1),
  hash: z.string().brand<'DocumentHash'>(),
  document: z.custom<JsonObject>((value) => typeof value === 'object' && value !== null && !Array.isArray(value)),
});
type Adoption = z.output<typeof adoptionSchema>;

/**
 * Records the document as the ledger's policy, on the condition that it has none. If we die before the commit, nothing was
 * adopted; after it, the next proposal finds it done. Whether another adopted first, the caller sees when it reads again.
 */
export async function adoptPolicy(deps: {
  readonly document: JsonObject;
  readonly guard: (writes: readonly ItemWrite[]) => readonly ItemWrite[];
  readonly appender: Appender;
  readonly states: DocumentStore;
}): Promise<void> {
  const { document, guard, appender, states } = deps;
  const { version: from } = await states.read(POLICY_ENTITY);
  const data: Adoption = { version: from + 1, hash: documentHash(document), document };
  const draft = { type: POLICY_ADOPTED, actor: SYSTEM_ACTOR, idem: ADOPTION_KEY, data, rootSigned: true };
  await appender.append({
    entries: [{ chain: POLICY_ENTITY, draft, idemKey: ADOPTION_KEY }],
    writes: ([entry]) =>
      entry === undefined ? [] : guard(states.put(POLICY_ENTITY, { from, document, change: POLICY_ADOPTED, entry })),
  });
}

/** The document an adoption leads to, or what is wrong with it. */
export function adoptedDocument({ body }: ChainEntry, current: VersionedDocument): VersionedDocument | string {
  const parsed = adoptionSchema.safeParse(body.data);
  if (!parsed.success) return `${POLICY_ADOPTED} is malformed`;
  const { version, hash, document } = parsed.data;
  if (body.entity !== POLICY_ENTITY) return `a policy is adopted on ${POLICY_ENTITY}, not here`;
  if (version !== current.version + 1) return `the adoption claims version ${version}, it follows ${current.version}`;
  return hash === documentHash(document) ? { document, version, hash } : 'the hash is not that of the adopted policy';
}

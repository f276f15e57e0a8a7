/**
 * Erasing confidential fields: which items go, and the entry that says so. The commitments in the ledger stay, so every
 * proof stays valid; what they stood for is gone. Only an approved change-set leads here.
 */
import type { EntityId } from '../../brands/index.ts';
import { parseEntry, SYSTEM_ACTOR, type EntryDraft, type ItemWrite } from '../../ledger/index.ts';
import { must } from '../../errors/index.ts';
import type { Context } from '../recording/context.ts';
import type { Erasure } from '../operations/operations.ts';
import type { ChangeRecord } from '../model/record.ts';
import type { Refusal } from '../model/refusal.ts';
import type { Failure, Operation } from '../model/steps.ts';

export type PlannedErasure =
  | { readonly kind: 'planned'; readonly writes: readonly ItemWrite[]; readonly entries: readonly EntryDraft[] }
  | { readonly kind: 'failure'; readonly failure: Failure };

/** Nothing at all for an operation that erases nothing. */
export async function planErasure(
  context: Context,
  { id, entityId, content, votes, override }: ChangeRecord,
  index: number,
): Promise<PlannedErasure> {
  const operation = content.operations[index];
  const erasure = operation === undefined ? undefined : erasureOf(context, operation);
  if (erasure === undefined) return { kind: 'planned', writes: [], entries: [] };
  const { erase } = context;
  const missing =
    erase === undefined ? 'this engine keeps no confidential fields' : await problemOf(context, entityId, erasure);
  if (erase === undefined || missing !== undefined)
    return { kind: 'failure', failure: { code: 'CHANGE_UNFIT', message: must(missing, 'why it cannot be erased') } };
  const approvers = [...votes, ...(override === undefined ? [] : [override])].map(({ personId }) => personId);
  const { seq, fields, basis } = erasure;
  return {
    kind: 'planned',
    writes: fields.map((path) => erase(entityId, seq, path)),
    entries: [
      {
        type: 'redacted',
        actor: SYSTEM_ACTOR,
        idem: `${id}#redacted#${index}`,
        data: { change: id, revision: content.revision, seq, fields, basis, approvers },
      },
    ],
  };
}

/** Told when it is proposed, and looked at again when it is carried out. Refused: CHANGE_UNFIT */
export async function erasureRefusal(
  context: Context,
  entityId: EntityId,
  operations: readonly Operation[],
): Promise<Refusal | undefined> {
  for (const [i, operation] of operations.entries()) {
    const erasure = erasureOf(context, operation);
    const detail = erasure === undefined ? undefined : await problemOf(context, entityId, erasure);
    const pointer = `/operations/${i}/payload`;
    if (detail !== undefined)
      return {
        ...{ kind: 'refused', code: 'CHANGE_UNFIT', message: `${pointer}: ${detail}` },
        problems: [{ pointer, detail }],
      };
  }
  return undefined;
}

function erasureOf({ types }: Context, { type, payload }: Operation): Erasure | undefined {
  return types.get(type)?.erases?.(payload);
}

async function problemOf(
  { entries }: Context,
  entityId: EntityId,
  { seq, fields }: Erasure,
): Promise<string | undefined> {
  const [entry] = await entries.read(entityId, seq, 1);
  const parsed = entry?.seq === seq ? parseEntry(entry.note) : undefined;
  if (parsed?.kind !== 'entry') return `"${entityId}" has no entry #${seq}`;
  const known = (parsed.body.commits ?? []).map(({ path }) => path);
  const unknown = fields.find((path) => !known.includes(path));
  if (unknown === undefined) return undefined;
  return `entry #${seq} has no confidential field ${unknown}: ${known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`}`;
}

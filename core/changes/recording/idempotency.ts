/**
 * What an Idempotency-Key of an act on change-sets stands for: one entry, for ever, and per principal. Sent again with the same content it
 * is answered with what stands; with other content it is refused, and nothing is written either time.
 */
import { parseEntry, type EntryBody, type StoredEntry } from '../../ledger/index.ts';
import type { Principal } from '../../policy/index.ts';
import { noSuchChange, refused, type Refusal } from '../model/refusal.ts';
import type { Context } from './context.ts';
import type { RecordedAct } from './record-act.ts';

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,128}$/;

export function keyRefusal(key: string | undefined): Refusal | undefined {
  return key === undefined || IDEMPOTENCY_KEY.test(key)
    ? undefined
    : refused('CHANGE_INVALID', 'an idempotency key is 1-128 visible ASCII characters');
}

export function idemKeyOf({ kind, id }: Principal, key: string): string {
  return `change:${kind}:${id}:${key}`;
}

export function keyConflict(what: string): Refusal {
  return refused('IDEMPOTENCY_CONFLICT', `the idempotency key stands for another ${what}: use a new key`);
}

/** The entry that was recorded under the key. */
export function recordedUnder(
  { entries }: Pick<Context, 'entries'>,
  idemKey: string,
): Promise<StoredEntry | undefined> {
  return entries.findByIdemKey(idemKey);
}

/** @param isSame whether what was recorded is this act on this change-set. @returns undefined: the key is new */
export async function actUnder(
  context: Context,
  id: string,
  { idemKey, isSame }: { readonly idemKey: string | undefined; readonly isSame: (body: EntryBody) => boolean },
): Promise<RecordedAct | Refusal | undefined> {
  const entry = idemKey === undefined ? undefined : await recordedUnder(context, idemKey);
  if (entry === undefined) return undefined;
  const recorded = parseEntry(entry.note);
  if (recorded.kind !== 'entry' || !isSame(recorded.body)) return keyConflict('request');
  const stored = await context.store.find(id);
  return stored === undefined ? noSuchChange(id) : { kind: 'recorded', stored };
}

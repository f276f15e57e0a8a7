/**
 * What people do about keys: withdraw trust from a session key, and hand the ledger over to a new root key. It decides what
 * is recorded and in what order; where private keys are kept it does not know. docs/keys.md
 */
import { defined } from '../../values/index.ts';
import type { Appender, AppendResult } from '../append/append-types.ts';
import { parseEntry, type Actor } from '../entries/entry.ts';
import { LedgerError } from '../entries/errors.ts';
import type { GatedAppender } from '../append/gated-appender.ts';
import type { EntryStore, RootSigner } from '../entries/ports.ts';
import { KEY_ROTATED, MAX_ROTATIONS, ROOT_CHAIN, rootHistory, rotationDraft } from './root-history.ts';
import { certifiedKeyOf, KEY_REVOKED } from '../append/session-key.ts';

const MAX_REASON_CHARS = 1_000;
const SESSION_KEY = /^(?:keys\/)?([0-9a-f]{16})$/;

export interface KeyRecord {
  /** the chain it is on */
  readonly entity: string;
  readonly seq: number;
  /** log index; absent: it gets one later */
  readonly position?: number;
}

/**
 * From this entry's place on, what the key signs is KEY_REVOKED. Revoked twice, the first time counts.
 * @param key `keys/<16 hex>` or the 16 hex digits. @throws LedgerError KEY_NOT_FOUND | KEY_REASON_INVALID
 */
export async function revokeKey(
  ledger: { readonly appender: GatedAppender; readonly entries: Pick<EntryStore, 'read' | 'findByIdemKey'> },
  { key, reason, actor }: { readonly key: string; readonly reason: string; readonly actor: Actor },
): Promise<KeyRecord> {
  assertReason(reason);
  const { appender, entries } = ledger;
  const chain = await chainOf(entries, key);
  const idemKey = `${KEY_REVOKED}#${chain}`;
  const draft = { type: KEY_REVOKED, actor, idem: idemKey, rootSigned: true, data: { key: chain, reason } };
  return recordOf(await appender.alone((alone) => alone.append({ entries: [{ chain, idemKey, draft }] })));
}

/**
 * Records that `next` takes over. The caller makes sure that `next` survives a crash before it calls, and signs with it from
 * when this resolves; `alone` is the appender given to the only one who may append.
 * @throws LedgerError KEY_NOT_CURRENT | KEY_REASON_INVALID
 */
export async function recordRotation(
  ledger: { readonly alone: Appender; readonly entries: Pick<EntryStore, 'read'> },
  { from, to, reason }: { readonly from: RootSigner; readonly to: RootSigner; readonly reason: string },
): Promise<KeyRecord> {
  assertReason(reason);
  const { keys } = rootHistory(from, await ledger.entries.read(ROOT_CHAIN, 0, MAX_ROTATIONS));
  const newest = keys.at(-1) as Uint8Array;
  if (Buffer.compare(newest, from.publicKey) !== 0)
    throw notCurrent('the ledger was handed over to another root key already: use that one');
  if (keys.some((key) => Buffer.compare(key, to.publicKey) === 0))
    throw notCurrent('a former root key cannot come back: rotate to a new one');
  const draft = rotationDraft(from, to, reason);
  const idemKey = `${KEY_ROTATED}#${draft.idem}`;
  return recordOf(await ledger.alone.append({ entries: [{ chain: ROOT_CHAIN, draft, idemKey }] }));
}

/** The chain of a session key that is in the ledger. */
async function chainOf(entries: Pick<EntryStore, 'read'>, key: string): Promise<string> {
  const [, digits] = SESSION_KEY.exec(key.trim()) ?? [];
  if (digits !== undefined) {
    const chain = `keys/${digits}`;
    const [stored] = await entries.read(chain, 0, 1);
    const parsed = stored === undefined ? undefined : parseEntry(stored.note);
    if (parsed?.kind === 'entry' && certifiedKeyOf(parsed.body) !== undefined) return chain;
  }
  throw new LedgerError({
    code: 'KEY_NOT_FOUND',
    message: `"${key.slice(0, 100)}" is no session key of this ledger: name one as "nervous keys list" does, keys/<16 hex digits>`,
  });
}

function recordOf(result: AppendResult): KeyRecord {
  const [found] = 'entries' in result ? result.entries : [];
  if (found === undefined) throw new Error('the entry was recorded and cannot be found');
  const { chain, seq, position } = found;
  return { entity: chain, seq, ...defined({ position }) };
}

function assertReason(reason: string): void {
  if (reason.trim() !== '' && reason.length <= MAX_REASON_CHARS) return;
  throw new LedgerError({
    code: 'KEY_REASON_INVALID',
    message: `say why in 1-${MAX_REASON_CHARS} characters: auditors will ask`,
  });
}

function notCurrent(message: string): LedgerError {
  return new LedgerError({ code: 'KEY_NOT_CURRENT', message });
}

/**
 * The keys that sign entries: each is vouched for by an entry of its own chain that the root key signed, for a time, unless it was revoked. The
 * chains are read from the server; what counts is the root key's signature.
 */
import type { EntryView } from '../../../core/system/index.ts';
import { fromBase64, sha256, toHex } from './bytes.ts';
import { readEntry, type ReadEntry } from './entry.ts';
import { isSignedBy, isSignedByRoot, type NamedKey } from './note.ts';

export interface SessionKey extends NamedKey {
  /** ms since the Unix epoch */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly revoked: { readonly position: number | undefined; readonly at: string } | undefined;
}

/** Why a key cannot be asked. `isUnknown`: nobody has shown that anything is wrong; it just cannot be told here. */
export interface Unusable {
  readonly unusable: string;
  readonly isUnknown: boolean;
}

type ReadChain = (chain: string) => Promise<readonly EntryView[]>;

/** Each key is read once. @param read entries of a chain, all of them */
export function createSessionKeys(root: NamedKey, read: ReadChain): (name: string) => Promise<SessionKey | Unusable> {
  const known = new Map<string, Promise<SessionKey | Unusable>>();
  return (name) => {
    const found = known.get(name) ?? loadKey(root, read, name);
    known.set(name, found);
    return found;
  };
}

async function loadKey(root: NamedKey, read: ReadChain, name: string): Promise<SessionKey | Unusable> {
  if (!/^keys\/[0-9a-f]{16}$/.test(name)) return { unusable: `"${name}" names no session key`, isUnknown: false };
  const chain = await read(name).catch((error: unknown) => String(error));
  if (typeof chain === 'string') return { unusable: `its certificate cannot be read: ${chain}`, isUnknown: true };
  const entries = await Promise.all(chain.map(readEntry));
  const [certificate] = entries;
  if (certificate === undefined) return { unusable: 'no certificate of it is there', isUnknown: false };
  if (typeof certificate === 'string')
    return { unusable: `its certificate is damaged: ${certificate}`, isUnknown: false };
  const key = await keyIn(certificate, name);
  if (key === undefined) return { unusable: 'its certificate is none', isUnknown: false };
  if (!(await isSignedByRoot(certificate.note, root)) || !(await isSignedBy(certificate.note, key)))
    return { unusable: 'its certificate is not signed by the root key that this page was given', isUnknown: false };
  return { ...key, revoked: await revocationIn(root, entries, chain) };
}

/** undefined: it certifies no key, or one of another name */
async function keyIn({ body }: ReadEntry, name: string): Promise<Omit<SessionKey, 'revoked'> | undefined> {
  const { algorithm, key, notBefore: from, notAfter: until } = body.data;
  if (body.type !== 'key.certified' || body.entity !== name || body.seq !== 0 || algorithm !== 'Ed25519')
    return undefined;
  const publicKey = typeof key === 'string' ? fromBase64(key) : undefined;
  if (publicKey === undefined || typeof from !== 'string' || typeof until !== 'string') return undefined;
  if (`keys/${toHex(await sha256(publicKey)).slice(0, 16)}` !== name) return undefined;
  return { name, publicKey, notBefore: Date.parse(from), notAfter: Date.parse(until) };
}

async function revocationIn(
  root: NamedKey,
  entries: readonly (ReadEntry | string)[],
  chain: readonly EntryView[],
): Promise<SessionKey['revoked']> {
  for (const [i, entry] of entries.entries()) {
    if (typeof entry === 'string' || entry.body.type !== 'key.revoked') continue;
    if (await isSignedByRoot(entry.note, root)) return { position: chain[i]?.position, at: entry.body.at };
  }
  return undefined;
}

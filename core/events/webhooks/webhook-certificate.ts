/**
 * The root key's word that webhooks are signed with a key: a signed note (C2SP) of its own kind, which stands in the event that
 * tells of the key. The entry itself is signed as every event is, so every reader of the ledger knows its form.
 */
import { isSignedBy, noteKeyId, noteVerifier, parseNote, signatureLine, type RootSigner } from '../../ledger/index.ts';
import { parsePublicKey } from './webhook-keys.ts';

/** Begins no other text that a root key signs. */
const KIND = 'nervous-system.webhook-key.v1';

/** @returns the note: kind, ledger and key, a line each, and the signature */
export async function certifyWebhookKey(
  { ledger, root }: { readonly ledger: string; readonly root: RootSigner },
  publicKey: string,
): Promise<string> {
  const text = `${KIND}\n${ledger}\n${publicKey}\n`;
  const signature = await root.sign(Buffer.from(text));
  return `${text}\n${signatureLine(root.name, noteKeyId(root.name, root.publicKey), signature)}`;
}

/** The key that a note certifies; undefined: it is no such note, or this root key did not sign it. */
export function certifiedWebhookKey(
  note: string,
  root: { readonly name: string; readonly publicKey: Uint8Array },
): { readonly ledger: string; readonly publicKey: string } | undefined {
  const parsed = parseNote(Buffer.from(note));
  if ('malformed' in parsed || !isSignedBy(parsed, noteVerifier(root.name, root.publicKey))) return undefined;
  const [kind, ledger, publicKey, end, ...more] = Buffer.from(parsed.text).toString('utf8').split('\n');
  if (kind !== KIND || ledger === undefined || publicKey === undefined || end !== '' || more.length > 0)
    return undefined;
  return parsePublicKey(publicKey) === undefined ? undefined : { ledger, publicKey };
}

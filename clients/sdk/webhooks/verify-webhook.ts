/**
 * For receivers of webhooks: whether a request came from the ledger, and whether the ledger says the same. The body must be what
 * came over the wire, byte for byte: a parsed and reprinted one has another signature.
 */
import type { EntryPage } from '../../../api/index.ts';
import { leafHash, parseStrict, toHex } from '../../../core/canonical/index.ts';
import { NervousError } from '../../../core/errors/index.ts';
import { parseVerifierKey } from '../../../core/ledger/index.ts';
import {
  certifiedWebhookKey,
  verifyWebhookSignature,
  type WebhookToVerify,
  type WebhookTrust,
} from '../../../core/events/index.ts';
import { isObject } from '../../../core/values/index.ts';

/** `WEBHOOK_REFUSED`: nobody whom you trust signed this, or not lately. Answer 400, and look at what stands before your receiver. */
export class WebhookRefused extends NervousError<'WEBHOOK_REFUSED'> {}

export interface VerifiedWebhook {
  /** the same at every attempt: what was handled under it is not to be handled again */
  readonly id: string;
  /** of the attempt, in seconds since the Unix epoch */
  readonly timestamp: number;
  /** the body: `type`, `timestamp`, `data` or `href`, `ledger` */
  readonly message: Readonly<Record<string, unknown>>;
}

/** @throws WebhookRefused */
export function verifyWebhook(
  request: WebhookToVerify,
  trust: Omit<WebhookTrust, 'nowMs'> & { readonly nowMs?: number },
): VerifiedWebhook {
  const verdict = verifyWebhookSignature(request, { nowMs: Date.now(), ...trust });
  if (verdict.kind === 'refused') throw refused(verdict.reason);
  const { id, timestamp, body } = verdict;
  const message = parseStrict(Buffer.from(body));
  if (!isObject(message)) throw refused('its body is no JSON object');
  return { id, timestamp, message };
}

/** What to answer to the challenge of a new webhook; undefined: the message is another one. */
export function answerChallenge({ message }: VerifiedWebhook): string | undefined {
  const { type, nonce } = message;
  return type === 'webhook.verify' && typeof nonce === 'string' ? nonce : undefined;
}

/** What of a client is needed to compare a message with the ledger. */
export interface EntryReader {
  entries(id: string, page: { readonly from: number; readonly limit: number }): Promise<EntryPage>;
}

/**
 * Reads the entry that the message names and compares: that it is there, that its bytes have the hash that the message says, and
 * that it tells of this event. Needs the right to read the entity. @throws WebhookRefused
 */
export async function confirmWebhook(client: EntryReader, { message }: VerifiedWebhook): Promise<void> {
  const { ledger, eventId } = message;
  if (!isObject(ledger)) throw refused('it names no entry');
  const { entity, seq, hash } = ledger;
  if (typeof entity !== 'string' || typeof seq !== 'number') throw refused('it names no entry');
  const { entries } = await client.entries(entity, { from: seq, limit: 1 });
  const [entry] = entries;
  if (entry?.seq !== seq) throw refused(`the ledger has no entry #${seq} of "${entity}"`);
  if (toHex(leafHash(Buffer.from(entry.note))) !== hash) throw refused('the ledger holds another entry there');
  if (eventId !== undefined && entry.body.idem !== eventId) throw refused('the entry tells of another event');
}

/**
 * The public key (`whpk_…`) that a certificate of `GET /v1/webhooks/keys` names, if one of these root keys signed it.
 * @param rootKeys verifier keys, as `root.vkey` has one. @throws WebhookRefused
 */
export function certifiedKey(certificate: string, rootKeys: readonly string[]): string {
  for (const text of rootKeys) {
    const root = parseVerifierKey(text);
    const certified = root === undefined ? undefined : certifiedWebhookKey(certificate, root);
    if (certified !== undefined) return certified.publicKey;
  }
  throw refused('no root key that is trusted signed the certificate');
}

function refused(reason: string): WebhookRefused {
  return new WebhookRefused({ code: 'WEBHOOK_REFUSED', message: `the webhook is not believed: ${reason}` });
}

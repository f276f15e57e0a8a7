/**
 * The secrets of webhooks and the ledger's Ed25519 key: made here, kept wrapped by the key that wraps confidential fields, and
 * never in an entry. A secret is shown once, when it is made; the one before signs beside it until the overlap is over.
 */
import * as z from 'zod';
import { later, type EpochMs } from '../../brands/index.ts';
import { must } from '../../errors/index.ts';
import type { Clock, Ids, Item, ItemKey, ItemStore } from '../../ledger/index.ts';
import { codecOf, defined, epochMs, MS_PER_MINUTE, MS_PER_SECOND, stored, whole } from '../../values/index.ts';
import type { FieldKeys } from '../confidential/vault.ts';
import { ED25519_BYTES, SECRET_BYTES, secretText, webhookKeyPair, type WebhookKeyPair } from './webhook-keys.ts';
import type { SigningKeys } from './webhook-signature.ts';

/** Secrets of one webhook that sign at the same time. */
const MAX_LIVE_SECRETS = 3;
/** After a lost answer the same request is shown its secret again for so long: whoever reads it later would sign unnoticed. */
const SHOWN_AGAIN_MS = 10 * MS_PER_MINUTE;
/** Secrets held unwrapped, about 200 bytes each. */
const MAX_UNWRAPPED = 1_024;
const PAGE = 1_000;

interface StoredSecret {
  readonly wrapped: string;
  /** it signs no more from then on; absent: it is the newest */
  readonly endsAt?: EpochMs;
  /** the request that it was made for, and until when that is shown it again */
  readonly madeFor?: { readonly request: string; readonly until: EpochMs };
}
const secretSchema = stored<StoredSecret>({
  wrapped: z.string(),
  endsAt: epochMs.exactOptional(),
  madeFor: z.strictObject({ request: z.string(), until: epochMs }).exactOptional(),
});
export const webhookSecretsCodec = codecOf<readonly StoredSecret[]>('secrets of a webhook', z.array(secretSchema));

interface StoredKey {
  readonly wrapped: string;
  readonly publicKey: string;
  readonly certificate?: CertifiedWebhookKey['certificate'];
}
const keySchema = stored<StoredKey>({
  wrapped: z.string(),
  publicKey: z.string(),
  certificate: z.strictObject({ note: z.string(), entity: z.string(), seq: whole }).exactOptional(),
});
export const webhookKeyCodec = codecOf<StoredKey>('key that signs webhooks', keySchema);

export interface SecretsDependencies {
  readonly ledger: string;
  readonly items: ItemStore;
  readonly keys: FieldKeys;
  readonly clock: Pick<Clock, 'now'>;
  readonly ids: Pick<Ids, 'bytes'>;
}

export interface RotatedSecret {
  /** `whsec_…`, which is not shown again */
  readonly secret: string;
  /** secrets that sign now, this one included */
  readonly live: number;
}

export interface CertifiedWebhookKey {
  /** `whpk_…` */
  readonly publicKey: string;
  /** the root key's word for it, as a signed note, and the entry that holds it */
  readonly certificate: { readonly note: string; readonly entity: string; readonly seq: number };
}

export interface WebhookSecrets {
  /** Makes a new secret; those before sign for `overlapSeconds` more. @param request names it: once more, it is answered with what it made */
  rotate(subscription: string, overlapSeconds: number, request?: string): Promise<RotatedSecret>;
  /** What a request made, as long as that signs and is shown. */
  shownAgain(subscription: string, request: string): Promise<RotatedSecret | undefined>;
  /** What signs now. */
  signingKeys(subscription: string): Promise<SigningKeys>;
  /** @param certify has the root key sign for it, and records that; asked at most once by a ledger that goes on */
  publicKey(certify: (publicKey: string) => Promise<CertifiedWebhookKey['certificate']>): Promise<CertifiedWebhookKey>;
  forget(subscription: string): Promise<void>;
}

export function createWebhookSecrets(deps: SecretsDependencies): WebhookSecrets {
  const { items, keys, clock, ids } = deps;
  const pairs = new Map<string, WebhookKeyPair>();
  const pairOf = async ({ wrapped }: StoredKey): Promise<WebhookKeyPair> => {
    const known = pairs.get(wrapped);
    if (known !== undefined) return known;
    const pair = webhookKeyPair(await keys.unwrap(Buffer.from(wrapped, 'base64'), keyContext(deps)));
    pairs.set(wrapped, pair);
    return pair;
  };
  const unwrap = unwrapsOnce(keys);
  /** The first writer's key stands; everybody else takes it. */
  const loadKey = async (): Promise<Item> => {
    const known = await items.get(keyPlace(deps));
    if (known !== undefined) return known;
    const seed = ids.bytes(ED25519_BYTES);
    const wrapped = Buffer.from(await keys.wrap(seed, keyContext(deps))).toString('base64');
    const value = webhookKeyCodec.encode({ wrapped, publicKey: webhookKeyPair(seed).publicKey });
    await items.write([{ kind: 'put', key: keyPlace(deps), value, expect: 'absent' }]);
    return must(await items.get(keyPlace(deps)), 'the key that was just written');
  };
  return {
    ...rotation(deps, unwrap),
    signingKeys: async (subscription) => {
      const item = await items.get(secretPlace(deps, subscription));
      const context = secretContext(deps, subscription);
      const secrets = await Promise.all(live(item, clock.now()).map(({ wrapped }) => unwrap(wrapped, context)));
      return { secrets: secrets.reverse(), pairs: [await pairOf(webhookKeyCodec.decode(await loadKey()))] };
    },
    publicKey: async (certify) => {
      const item = await loadKey();
      const kept = webhookKeyCodec.decode(item);
      if (kept.certificate !== undefined) return { publicKey: kept.publicKey, certificate: kept.certificate };
      const certificate = await certify(kept.publicKey);
      const value = webhookKeyCodec.encode({ ...kept, certificate });
      await items.write([{ kind: 'put', key: keyPlace(deps), value, expect: item.version }]);
      return { publicKey: kept.publicKey, certificate };
    },
    forget: async (subscription) => {
      await items.write([{ kind: 'delete', key: secretPlace(deps, subscription), expect: 'any' }]);
    },
  };
}

/** One wrapped thing of webhooks, and what it is. */
export interface WrappedWebhookKey {
  /** as a person reads it */
  readonly name: string;
  readonly wrapped: Uint8Array;
  readonly context: string;
}

/** All that is kept wrapped for webhooks: for whoever makes sure that the key which wraps it is still the right one. */
export async function* wrappedWebhookKeys(
  ledger: string,
  items: Pick<ItemStore, 'list'>,
): AsyncGenerator<WrappedWebhookKey> {
  const [key] = await items.list(keyPlace({ ledger }).pk, { limit: 1 });
  if (key !== undefined) {
    const { wrapped } = webhookKeyCodec.decode(key);
    yield {
      name: 'the key that signs webhooks',
      wrapped: Buffer.from(wrapped, 'base64'),
      context: keyContext({ ledger }),
    };
  }
  const { pk } = secretPlace({ ledger }, '');
  for (let after: string | undefined; ;) {
    const page = await items.list(pk, { limit: PAGE, ...defined({ after }) });
    for (const item of page) {
      for (const { wrapped } of webhookSecretsCodec.decode(item)) {
        const context = secretContext({ ledger }, item.sk);
        yield { name: `the secret of webhook "${item.sk}"`, wrapped: Buffer.from(wrapped, 'base64'), context };
      }
    }
    after = page.at(-1)?.sk;
    if (page.length < PAGE) return;
  }
}

type Unwrap = (wrapped: string, context: string) => Promise<Uint8Array>;

function rotation(deps: SecretsDependencies, unwrap: Unwrap): Pick<WebhookSecrets, 'rotate' | 'shownAgain'> {
  const { items, keys, clock, ids } = deps;
  const madeFor = async (
    item: Item | undefined,
    { subscription, request, now }: { readonly subscription: string; readonly request: string; readonly now: EpochMs },
  ): Promise<RotatedSecret | undefined> => {
    const secrets = live(item, now);
    const made = secrets.find((one) => one.madeFor?.request === request && one.madeFor.until > now);
    if (made === undefined) return undefined;
    return { secret: secretText(await unwrap(made.wrapped, secretContext(deps, subscription))), live: secrets.length };
  };
  return {
    rotate: async (subscription, overlapSeconds, request) => {
      const key = secretPlace(deps, subscription);
      for (;;) {
        const item = await items.get(key);
        const now = clock.now();
        const before = request === undefined ? undefined : await madeFor(item, { subscription, request, now });
        if (before !== undefined) return before;
        const endsAt = later(now, overlapSeconds * MS_PER_SECOND);
        const ending = live(item, now).map((one) => ({ ...one, endsAt: earlier(one.endsAt, endsAt) }));
        const secret = ids.bytes(SECRET_BYTES);
        const wrapped = Buffer.from(await keys.wrap(secret, secretContext(deps, subscription))).toString('base64');
        const kept = ending.filter((one) => one.endsAt > now).slice(-(MAX_LIVE_SECRETS - 1));
        const made = request === undefined ? undefined : { request, until: later(now, SHOWN_AGAIN_MS) };
        const value = webhookSecretsCodec.encode([...kept, { wrapped, ...defined({ madeFor: made }) }]);
        const written = await items.write([{ kind: 'put', key, value, expect: item?.version ?? 'absent' }]);
        if (written.kind === 'written') return { secret: secretText(secret), live: kept.length + 1 };
      }
    },
    shownAgain: async (subscription, request) =>
      madeFor(await items.get(secretPlace(deps, subscription)), { subscription, request, now: clock.now() }),
  };
}

/** Unwraps a secret at a place once: a delivery asks no service for a key that the one before it asked for. */
function unwrapsOnce(keys: FieldKeys): Unwrap {
  const unwrapped = new Map<string, Promise<Uint8Array>>();
  return (wrapped, context) => {
    const place = `${context}\n${wrapped}`;
    const known = unwrapped.get(place);
    if (known !== undefined) return known;
    const secret = keys.unwrap(Buffer.from(wrapped, 'base64'), context);
    unwrapped.set(place, secret);
    for (const oldest of unwrapped.keys()) {
      if (unwrapped.size <= MAX_UNWRAPPED) break;
      unwrapped.delete(oldest);
    }
    secret.catch(() => unwrapped.delete(place)); // whoever waits for it is told
    return secret;
  };
}

function live(item: Item | undefined, nowMs: EpochMs): readonly StoredSecret[] {
  const secrets = item === undefined ? [] : webhookSecretsCodec.decode(item);
  return secrets.filter(({ endsAt }) => endsAt === undefined || endsAt > nowMs);
}

function earlier(a: EpochMs | undefined, b: EpochMs): EpochMs {
  return a !== undefined && a < b ? a : b;
}

type Place = Pick<SecretsDependencies, 'ledger'>;

/** Where the secrets of a webhook are kept: for whoever removes them with it, and can open none. */
export function secretPlace({ ledger }: Place, subscription: string): ItemKey {
  return { pk: `${ledger}#webhook-secret`, sk: subscription };
}

function keyPlace({ ledger }: Place): ItemKey {
  return { pk: `${ledger}#webhook-key`, sk: 'v1a' };
}

/** What a wrapped secret is bound to: it unwraps for no other webhook. */
function secretContext({ ledger }: Place, subscription: string): string {
  return `${ledger}#webhook-secret#${subscription}`;
}

function keyContext({ ledger }: Place): string {
  return `${ledger}#webhook-key`;
}

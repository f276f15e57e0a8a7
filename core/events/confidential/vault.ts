/**
 * The vault: what confidential fields held, encrypted, beside the ledger. Each entity has its own data key, kept only
 * wrapped; each field its own salt. Deleting a field's item erases it for good, and no entry changes.
 */
import * as z from 'zod';
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { canonicalize, parseStrict, type JsonValue } from '../../canonical/index.ts';
import {
  commitField,
  SALT_BYTES,
  type FieldCommitment,
  type ItemKey,
  type ItemStore,
  type ItemWrite,
} from '../../ledger/index.ts';
import { codecOf, defined, stored } from '../../values/index.ts';
import { EventError } from '../catalog/errors.ts';

const KEY_BYTES = 32;
/** NIST SP 800-38D: 96-bit random nonces; a key of one entity seals far fewer than 2^32 fields. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SEQ_DIGITS = 16;
const CACHED_KEYS = 1_000;
/** Keys read at once when all are looked at. */
const KEY_PAGE = 1_000;

/** Keeps data keys from whoever reads the store: KMS, or a key file. */
export interface FieldKeys {
  /** @param context bound to the wrapped key: it unwraps for no other entity */
  wrap(key: Uint8Array, context: string): Promise<Uint8Array>;
  /** Rejects when the wrapped key was changed or belongs to another context. */
  unwrap(wrapped: Uint8Array, context: string): Promise<Uint8Array>;
}

export interface VaultDependencies {
  readonly ledger: string;
  readonly items: ItemStore;
  readonly keys: FieldKeys;
  /** from the operating system's randomness */
  readonly randomBytes: (length: number) => Uint8Array;
}

export interface SealedField {
  readonly commitment: FieldCommitment;
  /** the item to write together with the entry, once its place is known */
  readonly writeAt: (seq: number) => ItemWrite;
}

export type OpenedField =
  | { readonly kind: 'value'; readonly value: JsonValue }
  /** salt and value were destroyed */
  | { readonly kind: 'erased' };

export interface Vault {
  seal(entity: string, path: string, value: JsonValue): Promise<SealedField>;
  /** @throws EventError FIELD_DAMAGED: what is kept is not what was committed to */
  open(entity: string, seq: number, commitment: FieldCommitment): Promise<OpenedField>;
}

type StoredField = { readonly salt: string; readonly box: string };
type StoredKey = { readonly wrapped: string };

export const fieldCodec = codecOf<StoredField>(
  'confidential field',
  stored<StoredField>({ salt: z.string(), box: z.string() }),
);
const keySchema = stored<StoredKey>({ wrapped: z.string() });
export const dataKeyCodec = codecOf<StoredKey>('data key', keySchema);
/** Unwraps to nothing, as what was damaged must. */
const NO_KEY = '';

export function createVault({ ledger, items, keys, randomBytes }: VaultDependencies): Vault {
  const dataKeys = new Map<string, Promise<Uint8Array>>();
  const dataKeyOf = (entity: string): Promise<Uint8Array> => {
    const known = dataKeys.get(entity);
    if (known !== undefined) return known;
    if (dataKeys.size >= CACHED_KEYS) dataKeys.clear();
    const loading = loadDataKey(entity);
    dataKeys.set(entity, loading);
    loading.catch(() => dataKeys.delete(entity));
    return loading;
  };
  /** The first writer's key stands; everybody else takes it. */
  const loadDataKey = async (entity: string): Promise<Uint8Array> => {
    const key: ItemKey = { pk: dataKeyPartition(ledger), sk: entity };
    const context = contextOf(ledger, entity);
    const stored = await items.get(key);
    if (stored === undefined) {
      const wrapped = base64(await keys.wrap(randomBytes(KEY_BYTES), context));
      await items.write([{ kind: 'put', key, value: { wrapped }, expect: 'absent' }]);
    }
    const { wrapped } = dataKeyCodec.decode(stored ?? (await items.get(key)) ?? { ...key, value: undefined });
    return keys.unwrap(Buffer.from(wrapped, 'base64'), context);
  };
  return {
    seal: async (entity, path, value) => {
      const plain = Buffer.from(canonicalize(value, { integersOnly: true }));
      const salt = randomBytes(SALT_BYTES);
      const commitment = { path, hash: commitField(path, salt, plain) };
      const box = encrypt(await dataKeyOf(entity), { nonce: randomBytes(NONCE_BYTES), plain, aad: commitment.hash });
      const kept: StoredField = { salt: base64(salt), box: base64(box) };
      return {
        commitment,
        writeAt: (seq) => ({ kind: 'put', key: place(ledger, { entity, seq, path }), value: kept, expect: 'absent' }),
      };
    },
    open: async (entity, seq, { path, hash }) => {
      const item = await items.get(place(ledger, { entity, seq, path }));
      if (item === undefined) return { kind: 'erased' };
      const { salt, box } = fieldCodec.decode(item);
      const plain = decrypt(await dataKeyOf(entity), Buffer.from(box, 'base64'), hash);
      if (plain === undefined || commitField(path, Buffer.from(salt, 'base64'), plain) !== hash)
        throw new EventError({
          code: 'FIELD_DAMAGED',
          message: `what is kept for ${path} of "${entity}" #${seq} is not what was recorded: restore the vault`,
        });
      return { kind: 'value', value: parseStrict(plain) };
    },
  };
}

export interface WrappedKey {
  readonly entity: string;
  readonly wrapped: Uint8Array;
  /** what it is bound to */
  readonly context: string;
}

/** Every data key there is, as it is kept: for whoever makes sure that the key which wraps them is still the right one. */
export async function* wrappedKeys(ledger: string, items: Pick<ItemStore, 'list'>): AsyncGenerator<WrappedKey> {
  for (let after: string | undefined; ;) {
    const page = await items.list(dataKeyPartition(ledger), { limit: KEY_PAGE, ...defined({ after }) });
    for (const item of page) {
      const kept = keySchema.safeParse(item.value).success ? dataKeyCodec.decode(item).wrapped : NO_KEY;
      yield { entity: item.sk, wrapped: Buffer.from(kept, 'base64'), context: contextOf(ledger, item.sk) };
    }
    after = page.at(-1)?.sk;
    if (page.length < KEY_PAGE) return;
  }
}

function dataKeyPartition(ledger: string): string {
  return `${ledger}#data-key`;
}

function contextOf(ledger: string, entity: string): string {
  return `${ledger}#${entity}`;
}

/** The write that erases a field for good. It needs no key, and is idempotent. */
export function eraseField(ledger: string, field: FieldPlace): ItemWrite {
  return { kind: 'delete', key: place(ledger, field), expect: 'any' };
}

export interface FieldPlace {
  readonly entity: string;
  readonly seq: number;
  /** JSON pointer into the entry's data */
  readonly path: string;
}

function place(ledger: string, { entity, seq, path }: FieldPlace): ItemKey {
  return { pk: `${ledger}#sensitive#${entity}`, sk: `${String(seq).padStart(SEQ_DIGITS, '0')}${path}` };
}

/** nonce || ciphertext || tag */
function encrypt(
  key: Uint8Array,
  { nonce, plain, aad }: { nonce: Uint8Array; plain: Uint8Array; aad: string },
): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(aad));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Undefined: not sealed with this key for this commitment, or changed since. */
function decrypt(key: Uint8Array, box: Buffer, aad: string): Buffer | undefined {
  if (box.length < NONCE_BYTES + TAG_BYTES) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, box.subarray(0, NONCE_BYTES));
  decipher.setAAD(Buffer.from(aad));
  decipher.setAuthTag(box.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(box.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch {
    return undefined;
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

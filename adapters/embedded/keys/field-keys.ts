/**
 * Wraps the data keys of confidential fields and the secrets of webhooks with one key in a file (mode 600), made at first start.
 * Without that file nothing confidential can be read and no webhook be signed any more, so a ledger that has any of it is never
 * given another one: it would seal new fields beside old ones that nobody can open.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { wrappedKeys, wrappedWebhookKeys, type FieldKeys } from '../../../core/events/index.ts';
import { LedgerError, type ItemStore } from '../../../core/ledger/index.ts';
import { writeDurably } from '../machine/durable-file.ts';

const FILE = 'field.key';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What the key has to open. */
export interface SealedLedger {
  readonly ledger: string;
  readonly items: Pick<ItemStore, 'list'>;
}

/** What the file opens: how many of each. */
export interface OpenedKeys {
  /** entities with confidential fields */
  readonly fields: number;
  /** secrets of webhooks, and the key that signs them */
  readonly webhooks: number;
}

/** Opens everything that is wrapped with it, or refuses. @throws LedgerError KEY_FILE_INVALID */
export async function openFieldKeys(dataDir: string, sealed: SealedLedger): Promise<FieldKeys> {
  const path = join(dataDir, FILE);
  if (!existsSync(path)) {
    await assertNothingSealed(path, sealed);
    writeDurably(path, `${randomBytes(KEY_BYTES).toString('base64')}\n`, 0o600);
  }
  const keys = readFieldKeys(path);
  await assertOpens(path, keys, sealed);
  return keys;
}

/** Makes nothing. @throws LedgerError KEY_FILE_INVALID */
export async function checkFieldKeys(dataDir: string, sealed: SealedLedger): Promise<OpenedKeys> {
  const path = join(dataDir, FILE);
  if (existsSync(path)) return assertOpens(path, readFieldKeys(path), sealed);
  await assertNothingSealed(path, sealed);
  return { fields: 0, webhooks: 0 };
}

interface Wrapped {
  readonly of: keyof OpenedKeys;
  /** as a person reads it */
  readonly name: string;
  readonly wrapped: Uint8Array;
  readonly context: string;
}

/** What is lost without the file, by what it is for. */
const LOST: Readonly<Record<keyof OpenedKeys, string>> = {
  fields: 'Without it they are lost; the ledger itself is whole (docs/embedded.md)',
  webhooks: 'Without it nothing can be signed with it any more: make the webhooks anew (docs/webhooks.md)',
};

async function* allWrapped({ ledger, items }: SealedLedger): AsyncGenerator<Wrapped> {
  for await (const { entity, ...rest } of wrappedKeys(ledger, items))
    yield { of: 'fields', name: `the confidential fields of "${entity}"`, ...rest };
  for await (const one of wrappedWebhookKeys(ledger, items)) yield { of: 'webhooks', ...one };
}

async function assertNothingSealed(path: string, sealed: SealedLedger): Promise<void> {
  for await (const { of, name } of allWrapped(sealed))
    throw invalid(
      `"${path}" is missing, and ${name} ${of === 'fields' ? 'are' : 'is'} sealed with it: bring it back from your backup. ${LOST[of]}`,
    );
}

async function assertOpens(path: string, keys: FieldKeys, sealed: SealedLedger): Promise<OpenedKeys> {
  const opened = { fields: 0, webhooks: 0 };
  for await (const { of, name, wrapped, context } of allWrapped(sealed)) {
    try {
      await keys.unwrap(wrapped, context);
    } catch (cause) {
      throw invalid(
        `"${path}" does not open ${name}: it belongs to another folder, or was made anew. Bring back the one it was sealed with`,
        cause,
      );
    }
    opened[of] += 1;
  }
  return opened;
}

/** Undefined: the folder has none that can be read. */
export function fieldKeysOf(dataDir: string): FieldKeys | undefined {
  try {
    return readFieldKeys(join(dataDir, FILE));
  } catch {
    return undefined;
  }
}

function readFieldKeys(path: string): FieldKeys {
  const key = Buffer.from(readFileSync(path, 'utf8').trim(), 'base64');
  if (key.length !== KEY_BYTES) throw invalid(`"${path}" does not hold a key: restore it`);
  return {
    wrap: async (dataKey, context) => {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context));
      return Buffer.concat([nonce, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()]);
    },
    unwrap: async (wrapped, context) => {
      const bytes = Buffer.from(wrapped);
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES));
      decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(-TAG_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
    },
  };
}

function invalid(message: string, cause?: unknown): LedgerError {
  return new LedgerError({ code: 'KEY_FILE_INVALID', message, cause });
}

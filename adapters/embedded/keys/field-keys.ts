/**
 * Wraps the data keys of confidential fields with one key in a file (mode 600), made at first start. Without that file
 * nothing confidential can be read any more, so a ledger that has such fields is never given another one: it would seal new
 * fields beside old ones that nobody can open.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { wrappedKeys, type FieldKeys } from '../../../core/events/index.ts';
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

/** Opens every data key there is, or refuses. @throws LedgerError KEY_FILE_INVALID */
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

/** Makes nothing. @returns how many data keys it opens @throws LedgerError KEY_FILE_INVALID */
export async function checkFieldKeys(dataDir: string, sealed: SealedLedger): Promise<number> {
  const path = join(dataDir, FILE);
  if (existsSync(path)) return assertOpens(path, readFieldKeys(path), sealed);
  await assertNothingSealed(path, sealed);
  return 0;
}

async function assertNothingSealed(path: string, { ledger, items }: SealedLedger): Promise<void> {
  for await (const { entity } of wrappedKeys(ledger, items))
    throw invalid(
      `"${path}" is missing, and the confidential fields of "${entity}" are sealed with it: bring it back from your backup. Without it they are lost; the ledger itself is whole (docs/embedded.md)`,
    );
}

async function assertOpens(path: string, keys: FieldKeys, { ledger, items }: SealedLedger): Promise<number> {
  let opened = 0;
  for await (const { entity, wrapped, context } of wrappedKeys(ledger, items)) {
    try {
      await keys.unwrap(wrapped, context);
    } catch (cause) {
      throw invalid(
        `"${path}" does not open the confidential fields of "${entity}": it belongs to another folder, or was made anew. Bring back the one they were sealed with`,
        cause,
      );
    }
    opened += 1;
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

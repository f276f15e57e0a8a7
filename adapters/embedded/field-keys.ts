/**
 * Wraps the data keys of confidential fields with one key in a file (mode 600), made at first start. Without that file
 * nothing confidential can be read any more; the ledger itself is untouched.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FieldKeys } from '../../core/events/index.ts';
import { LedgerError } from '../../core/ledger/index.ts';
import { writeDurably } from './durable-file.ts';

const FILE = 'field.key';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** @throws LedgerError KEY_FILE_INVALID */
export function openFieldKeys(dataDir: string): FieldKeys {
  const path = join(dataDir, FILE);
  if (!existsSync(path)) writeDurably(path, `${randomBytes(KEY_BYTES).toString('base64')}\n`, 0o600);
  const key = Buffer.from(readFileSync(path, 'utf8').trim(), 'base64');
  if (key.length !== KEY_BYTES)
    throw new LedgerError({ code: 'KEY_FILE_INVALID', message: `"${path}" does not hold a key: restore it` });
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

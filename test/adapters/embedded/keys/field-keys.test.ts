/** The key file at the start: it opens the secrets of webhooks, or the engine says which one it does not open. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkFieldKeys, openFieldKeys } from '../../../../adapters/embedded/keys/field-keys.ts';
import { FakeClock, MemoryStore } from '../../../../adapters/memory/index.ts';
import { createWebhookSecrets, type WebhookSecrets } from '../../../../core/events/index.ts';

const HOUR = 3_600;
let dataDir: string;
beforeEach(() => void (dataDir = mkdtempSync(join(tmpdir(), 'field-keys-'))));
afterEach(() => rmSync(dataDir, { recursive: true }));

async function makeSecrets(items: MemoryStore): Promise<WebhookSecrets> {
  const keys = await openFieldKeys(dataDir, { ledger: 'main', items });
  const ids = { bytes: (length: number) => randomBytes(length) };
  return createWebhookSecrets({ ledger: 'main', items, keys, clock: new FakeClock(), ids });
}

/** Two secrets of one webhook, one of another, and the key that signs all. */
async function withWebhooks(): Promise<MemoryStore> {
  const items = new MemoryStore();
  const secrets = await makeSecrets(items);
  for (const id of ['bank', 'bank', 'shop']) await secrets.rotate(id, HOUR);
  await secrets.signingKeys('bank');
  return items;
}

it('opens every secret and the key that signs', async () => {
  const items = await withWebhooks();
  expect(await checkFieldKeys(dataDir, { ledger: 'main', items })).toEqual({ fields: 0, webhooks: 4 });
  await expect(openFieldKeys(dataDir, { ledger: 'main', items })).resolves.toBeDefined();
});

it('names the webhook whose secret it does not open', async () => {
  const items = await withWebhooks();
  await items.write([{ kind: 'delete', key: { pk: 'main#webhook-key', sk: 'v1a' }, expect: 'any' }]);
  writeFileSync(join(dataDir, 'field.key'), `${Buffer.alloc(32, 7).toString('base64')}\n`);
  const refusal = {
    code: 'KEY_FILE_INVALID',
    message: expect.stringContaining('the secret of webhook "bank"') as string,
  };
  await expect(openFieldKeys(dataDir, { ledger: 'main', items })).rejects.toMatchObject(refusal);
  await expect(checkFieldKeys(dataDir, { ledger: 'main', items })).rejects.toMatchObject(refusal);
});

it('names the key that signs', async () => {
  const items = await withWebhooks();
  writeFileSync(join(dataDir, 'field.key'), `${Buffer.alloc(32, 7).toString('base64')}\n`);
  const refusal = {
    code: 'KEY_FILE_INVALID',
    message: expect.stringContaining('the key that signs webhooks') as string,
  };
  await expect(openFieldKeys(dataDir, { ledger: 'main', items })).rejects.toMatchObject(refusal);
});

it('makes no other file where webhooks are sealed with one that is missing', async () => {
  const items = await withWebhooks();
  rmSync(join(dataDir, 'field.key'));
  const refusal = { code: 'KEY_FILE_INVALID', message: expect.stringContaining('field.key" is missing') as string };
  await expect(openFieldKeys(dataDir, { ledger: 'main', items })).rejects.toMatchObject(refusal);
  expect(existsSync(join(dataDir, 'field.key'))).toBe(false);
});

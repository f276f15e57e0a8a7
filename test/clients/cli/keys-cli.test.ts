/** `nervous keys revoke` against a running service, as an auditor and as others; the ledger verifies before and after. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listKeys, startEngine, verifyDataDir, type Engine } from '../../../adapters/embedded/index.ts';
import { createClient } from '../../../clients/sdk/index.ts';
import { config } from '../../support/plain-config.ts';
import { withoutTerminal } from '../../support/terminal.ts';

const CLI = join(import.meta.dirname, '../../../clients/cli/nervous.mjs');
const data = join(mkdtempSync(join(tmpdir(), 'nervous-keys-')), 'data');
let engine: Engine;

beforeAll(async () => {
  engine = await startEngine({ config, dataDir: data, auditMinutes: 0 });
});
afterAll(async () => {
  await engine.close();
  rmSync(join(data, '..'), { recursive: true });
});

const revoke = (key: string, ...options: string[]) =>
  withoutTerminal([process.execPath, CLI, 'keys', 'revoke', key, '--reason', 'host seized', ...options], { env: {} });

async function publish(eventId: string): Promise<void> {
  const client = createClient({ url: engine.url, token: engine.tokens['bank-feed'] ?? '' });
  const payload = { amount: '1.00', kind: 'credit' };
  await client.publish({ topic: 'transactions.new', eventId, entityId: 'account:1', payload });
}

it('revokes the key of a running engine for an auditor and nobody else, and the ledger goes on and verifies', async () => {
  await publish('before');
  const name = (await listKeys(data)).sessions.at(-1)?.verifierKey.split('+')[0] ?? '';
  const refused = await revoke(name, '--data', data, '--as', 'bank-feed');
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('is not an auditor')]);
  expect((await revoke(name, '--data', data)).err).toContain('another engine is running');
  const mixed = await revoke(name, '--data', data, '--as', 'eva', '--anchors', data);
  expect(mixed.err).toContain('--anchors is for a stopped ledger');
  const done = await revoke(name, '--data', data, '--as', 'eva', '--json');
  expect(JSON.parse(done.out)).toMatchObject({ entity: name, seq: 1 });
  await publish('after');
  const sessions = (await listKeys(data)).sessions.map(({ verifierKey }) => verifierKey.split('+')[0]);
  expect(sessions.at(-1)).not.toBe(name);
  await engine.log.loop.flush();
  expect(await verifyDataDir(data)).toMatchObject({ verdict: 'OK' });
});

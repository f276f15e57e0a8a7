/** kill -9 at random moments under load: what was acknowledged is there once, chains verify, every subscriber gets it. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, it } from 'vitest';
import { verifyDataDir } from '../../adapters/embedded/index.ts';
import { createClient } from '../../clients/sdk/index.ts';
import { eventually } from '../support/eventually.ts';
import { killDevEngines, startDevEngine, type DevEngine } from './dev-engine.ts';

const ROUNDS = 4;
const PUBLISHERS = 16;
const dataDir = mkdtempSync(join(tmpdir(), 'nervous-crash-'));

afterAll(() => {
  killDevEngines();
  rmSync(dataDir, { recursive: true, force: true });
});

/** Publishes until the engine is gone; returns nothing it was not promised. */
async function publishUntilDeath(engine: DevEngine, round: number, acknowledged: Map<string, string>): Promise<void> {
  const publisher = async (who: number): Promise<void> => {
    for (let i = 0; ; i++) {
      const eventId = `r${round}-p${who}-${i}`;
      const event = {
        eventId,
        topic: 'transactions.new',
        entityId: `account:${(who + i) % 7}`,
        payload: { amount: '1.00', kind: 'credit' },
      };
      const headers = {
        authorization: `Bearer ${engine.tokens['bank-feed'] ?? ''}`,
        'content-type': 'application/json',
      };
      const response = await fetch(`${engine.url}/v1/events`, { method: 'POST', headers, body: JSON.stringify(event) });
      const { hash } = (await response.json()) as { hash: string };
      expect(response.status).toBe(201);
      acknowledged.set(eventId, hash);
    }
  };
  const results = await Promise.allSettled(Array.from({ length: PUBLISHERS }, (_, who) => publisher(who)));
  for (const result of results)
    if (result.status === 'rejected') expect(String(result.reason)).toMatch(/fetch failed|terminated|aborted/);
}

it('loses and doubles nothing that was acknowledged', async () => {
  const acknowledged = new Map<string, string>();
  for (let round = 0; round < ROUNDS; round++) {
    const engine = await startDevEngine(dataDir);
    if (round === 0) {
      const headers = {
        authorization: `Bearer ${engine.tokens['reporting'] ?? ''}`,
        'content-type': 'application/json',
      };
      const body = JSON.stringify({ id: 'crash', topics: ['transactions.*'], startAt: 'earliest' });
      expect((await fetch(`${engine.url}/v1/subscriptions`, { method: 'POST', headers, body })).status).toBe(201);
    }
    const before = acknowledged.size;
    const load = publishUntilDeath(engine, round, acknowledged);
    while (acknowledged.size < before + 50) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 500));
    engine.child.kill('SIGKILL');
    await load;
  }

  const engine = await startDevEngine(dataDir);
  const received = new Set<string>();
  const client = createClient({ url: engine.url, token: engine.tokens['reporting'] ?? '' });
  const subscription = await client.subscribe(
    { id: 'crash', topics: ['transactions.*'], startAt: 'earliest' },
    ({ eventId }) => {
      received.add(eventId);
    },
  );
  const missing = (): string[] => [...acknowledged.keys()].filter((id) => !received.has(id));
  await eventually(() => expect(missing()).toEqual([]));
  await subscription.stop();
  engine.child.kill('SIGTERM');
  await once(engine.child, 'exit');

  expect(await verifyDataDir(dataDir)).toMatchObject({ verdict: 'OK' });
  const db = new DatabaseSync(join(dataDir, 'ledger.db'), { readOnly: true });
  const rows = db.prepare("SELECT note, hash FROM entries WHERE chain LIKE 'account:%'").all();
  db.close();
  const stored = new Map<string, string[]>();
  for (const { note, hash } of rows) {
    const { idem } = JSON.parse(
      Buffer.from(note as Uint8Array)
        .toString()
        .split('\n')[1] ?? '',
    ) as { idem: string };
    stored.set(idem, [...(stored.get(idem) ?? []), Buffer.from(hash as Uint8Array).toString('hex')]);
  }
  for (const [eventId, hash] of acknowledged) expect(stored.get(eventId), eventId).toEqual([hash]);
  expect(acknowledged.size).toBeGreaterThan(ROUNDS * 50);
});

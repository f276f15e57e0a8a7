/** The access journal of a whole engine: journaled over HTTP, listed by the client, verified by both verifiers, and no reader's event. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEngine, verifyDataDir, type Engine } from '../../adapters/embedded/index.ts';
import { createClient, type Client } from '../../clients/sdk/index.ts';
import { defineConfig, type AccessView } from '../../core/system/index.ts';
import { config as sample } from '../support/plain-config.ts';
import { PythonVerifier } from '../verifier/python-verifier.ts';

const config = defineConfig({ ...sample, access: {} });
const folder = mkdtempSync(join(tmpdir(), 'nervous-access-'));
let engine: Engine;

beforeAll(async () => {
  engine = await startEngine({ config, dataDir: folder, auditMinutes: 0 });
});
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true });
});

const as = (principal: string): Client => createClient({ url: engine.url, token: engine.tokens[principal] ?? '' });
const event = (n: number) => ({
  ...{ topic: 'transactions.new', entityId: 'account:1', eventId: `e-${n}` },
  payload: { amount: '1.00', kind: 'credit', operation: 'VKLAD', date: '1993-01-01', balance: '2.00' },
});

async function journal(query: Parameters<Client['access']>[0] = {}): Promise<AccessView[]> {
  const { accesses } = await as('eva').access({ limit: 500, ...query });
  return accesses.filter(({ operation }) => operation !== 'listAccesses');
}

describe('the journal of an engine', () => {
  it('says who read an entity, and is a chain like any other: proved, verified, not read by everybody', async () => {
    await as('bank-feed').publish(event(1));
    await as('boris').entity('account:1');
    await as('boris').entries('account:1');
    const found = await journal({ entity: 'account:1' });
    expect(found).toMatchObject([
      { operation: 'getEntity', person: 'boris', count: 1 },
      { operation: 'listEntries', person: 'boris', from: 0, to: 0, count: 1 },
    ]);
    const chain = found[0]?.ledger.entity ?? '';
    expect(chain).toMatch(/^access\/[0-9a-f]{16}$/);
    const { verdict } = await as('eva').verifyEntity(chain);
    expect(['OK', 'NOT_YET_ANCHORED']).toContain(verdict);
    await expect(as('boris').entity(chain)).rejects.toMatchObject({ status: 403 });
    await expect(as('boris').entries(chain)).rejects.toMatchObject({ status: 403 });
    await expect(as('boris').proof(chain, 0)).rejects.toMatchObject({ status: 403 });
    expect((await as('eva').entries(chain)).entries.length).toBeGreaterThan(2);
  });

  it('floods no reader of events: between two of them stand thousands of readings', async () => {
    const { cursor } = await engine.system.feed.read(engine.system.policy.principal('eva') as never, {
      limit: 500,
      waitMs: 0,
    });
    await as('bank-feed').publish(event(2));
    const reader = as('boris');
    for (let i = 0; i < 20; i++) await Promise.all(Array.from({ length: 100 }, () => reader.entity('account:1')));
    await as('bank-feed').publish(event(3));
    const seen: string[] = [];
    let pages = 0;
    for (let after = cursor; seen.length < 2; pages++) {
      const page = await engine.system.feed.read(engine.system.policy.principal('eva') as never, {
        ...{ after, limit: 2, waitMs: 0 },
      });
      seen.push(...page.items.map(({ event: { eventId } }) => eventId));
      after = page.cursor;
    }
    expect(seen).toEqual(['e-2', 'e-3']);
    expect(pages).toBe(1);
    for await (const item of as('eva').feed({ topics: ['transactions.*'], live: false })) seen.push(item.event.eventId);
    expect(seen.slice(2)).toEqual(['e-1', 'e-2', 'e-3']);
  });

  it('verifies: in full, after a stop, and with docs/verifier.py', async () => {
    await engine.close();
    const report = await verifyDataDir(folder);
    expect(report.firstBad).toBeUndefined();
    expect(report.verdict).toBe('OK');
    const python = await PythonVerifier.start();
    try {
      expect(await python.ask({ path: folder })).toMatchObject({ verdict: report.verdict, entries: report.entries });
    } finally {
      python.stop();
    }
    engine = await startEngine({ config, dataDir: folder, auditMinutes: 0 });
  });
});

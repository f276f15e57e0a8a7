/** A running engine under many connections: how many commits its requests share. */
import { Agent, request } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEngine, type Engine } from '../../../../adapters/embedded/index.ts';
import { openForReading } from '../../../../adapters/embedded/store/sqlite-schema.ts';
import { config } from '../../../../nervous.config.ts';

const CONNECTIONS = 32;
const ROUNDS = 4;

let folder: string;
let engine: Engine;
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nervous-groups-'));
  engine = await startEngine({ config, dataDir: folder, auditMinutes: 0 });
});
afterAll(async () => {
  agent.destroy();
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

function publish(eventId: string): Promise<number | undefined> {
  const authorization = `Bearer ${engine.tokens['bank-feed']}`;
  const headers = { authorization, 'content-type': 'application/json' };
  const body = { eventId, topic: 'transactions.new', payload: { amount: '1.00', kind: 'credit' } };
  return new Promise((resolve, reject) => {
    const sent = request(`${engine.url}/v1/events`, { agent, method: 'POST', headers }, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode));
    });
    sent.once('error', reject).end(JSON.stringify({ ...body, entityId: `account:${eventId}` }));
  });
}

function commits(): number {
  const db = openForReading(folder);
  const { commits } = db.prepare('SELECT count(*) AS commits FROM batches').get() ?? {};
  db.close();
  return Number(commits);
}

it('requests that arrive together over HTTP share commits', async () => {
  await publish('first');
  const before = commits();
  for (let round = 0; round < ROUNDS; round++) {
    const answers = Array.from({ length: CONNECTIONS }, (_, i) => publish(`${round}-${i}`));
    expect(await Promise.all(answers)).toEqual(answers.map(() => 201));
  }
  expect(commits() - before).toBeLessThan((ROUNDS * CONNECTIONS) / 2);
});

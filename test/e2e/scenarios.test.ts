/** The scenario suite on the embedded engine, over HTTP. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe } from 'vitest';
import { startEngine, type Engine } from '../../adapters/embedded/index.ts';
import { createClient } from '../../clients/sdk/index.ts';
import { config } from '../../nervous.config.ts';
import { describeScenarios, SCENARIOS, type World } from '../scenarios/index.ts';

let dataDir: string;
let engine: Engine;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'nervous-scenarios-'));
  engine = await startEngine({ config, dataDir });
});
afterAll(async () => {
  await engine.close();
  rmSync(dataDir, { recursive: true });
});

const world = (): World => ({
  engine: 'embedded',
  as: (principal) => createClient({ url: engine.url, token: engine.tokens[principal] ?? `no token for ${principal}` }),
  tamper: async (entity, seq) => {
    const flip = (): void => {
      const db = new DatabaseSync(join(dataDir, 'ledger.db'));
      const row = db.prepare('SELECT note FROM entries WHERE chain = ? AND seq = ?').get(entity, seq);
      const note = Buffer.from(row?.['note'] as Uint8Array);
      const middle = note.length >> 1;
      note[middle] = (note[middle] ?? 0) ^ 1;
      db.prepare('UPDATE entries SET note = ? WHERE chain = ? AND seq = ?').run(note, entity, seq);
      db.close();
    };
    flip();
    return async () => flip();
  },
  deliver: async (event) => {
    await engine.system.ingest(event);
  },
});

describe('the embedded engine', () => {
  describeScenarios('embedded', SCENARIOS, world, ['tamper', 'deliver']);
});

/** The scenario suite on the embedded engine, over HTTP. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe } from 'vitest';
import { startEngine, type Engine } from '../../adapters/embedded/index.ts';
import { createClient } from '../../clients/sdk/index.ts';
import type { DeliveredEvent } from '../../core/events/index.ts';
import type { Limits } from '../../examples/executor/limits.ts';
import { config } from '../support/executor-config.ts';
import { openSampleExecutor } from '../support/sample-executor.ts';
import { describeScenarios, SCENARIOS, type Fixture } from '../scenarios/index.ts';

let dataDir: string;
let engine: Engine;
let limits: Limits;
/** what the function "scenario" has done */
const done: string[] = [];

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'nervous-scenarios-'));
  const scenario = ({ eventId, payload }: DeliveredEvent): void => {
    if (payload['amount'] === '0.00') throw new Error('nothing was moved');
    done.push(eventId);
  };
  const sample = openSampleExecutor(dataDir, () => [readFileSync(join(dataDir, 'root.vkey'), 'utf8')]);
  limits = sample.limits;
  engine = await startEngine({ config, dataDir, functions: { scenario }, executors: { limits: sample.executor } });
});
afterAll(async () => {
  await engine.close();
  limits.close();
  rmSync(dataDir, { recursive: true });
});

/** The engine writes all the time: whoever writes beside it waits for its turn. */
const openBeside = (folder: string): DatabaseSync => new DatabaseSync(join(folder, 'ledger.db'), { timeout: 60_000 });

const fixture = (): Fixture => ({
  engine: 'embedded',
  as: (principal) => createClient({ url: engine.url, token: engine.tokens[principal] ?? `no token for ${principal}` }),
  request: (principal, path, { method, headers = {}, body } = {}) =>
    fetch(engine.url + path, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: { ...headers, authorization: `Bearer ${engine.tokens[principal] ?? ''}` },
      ...(body === undefined ? {} : { body }),
    }),
  tamper: async (entity, seq) => {
    const flip = (): void => {
      const db = openBeside(dataDir);
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
  tamperDocument: async (entity, document) => {
    const db = openBeside(dataDir);
    const key = [`${config.ledger}#document`, entity] as const;
    const read = () => db.prepare('SELECT value FROM items WHERE pk = ? AND sk = ?').get(...key);
    if (read() === undefined) {
      db.close();
      return undefined;
    }
    const put = (json: string): void => {
      db.prepare('UPDATE items SET value = ? WHERE pk = ? AND sk = ?').run(json, ...key);
    };
    db.exec('BEGIN IMMEDIATE'); // what the engine writes meanwhile is not lost
    const { value } = read() as { value: string };
    put(JSON.stringify({ ...(JSON.parse(value) as object), document }));
    db.exec('COMMIT');
    return async () => put(value);
  },
  longBatches: true,
  functionCalls: async () => done,
  limits: async () => limits.all(),
  deliver: async (event) => {
    await engine.system.ingest(event);
  },
});

describe('the embedded engine', () => {
  const powers = ['tamper', 'tamperDocument', 'deliver', 'longBatches', 'functionCalls', 'limits'];
  // There is no ingress bus and no workflow service beside the process; crash.test.ts kills the process.
  const leftOut = [
    'recorded events of many AWS services, put on the ingress bus, are all in the feed',
    'whatever drives a change-set may be killed: the ledger goes on with it',
  ];
  describeScenarios('embedded', SCENARIOS, fixture, { powers, leftOut });
});

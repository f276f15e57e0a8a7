/** U8: `nervous changes watch` tells each step as it is taken, ends with the change-set, and its exit code says how that ended. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startEngine, type Engine } from '../../../adapters/embedded/index.ts';
import { createClient, type Client } from '../../../clients/sdk/index.ts';
import { config } from '../../support/plain-config.ts';

const folder = mkdtempSync(join(tmpdir(), 'nervous-watch-'));
let engine: Engine;

beforeAll(async () => {
  engine = await startEngine({ config, dataDir: folder, auditMinutes: 0 });
});
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true });
});

function as(principal: string): Client {
  return createClient({ url: engine.url, token: engine.tokens[principal] ?? '' });
}

async function propose(): Promise<string> {
  const operations = [{ type: 'state.put', payload: { limit: '900.00' } }] as const;
  const { change } = await as('budget-bot').propose({
    ...{ entityId: `account:watched-${Date.now()}`, title: 'A limit', rationale: 'Asked', operations: [...operations] },
  });
  return change.id;
}

/** Until its first step stands there, `act` waits. @returns the steps it told, and its exit code */
async function watched(
  id: string,
  act: (watching: ChildProcess) => Promise<unknown> | boolean,
): Promise<{ types: string[]; code: number | null }> {
  const env = { ...process.env, NERVOUS_URL: engine.url, NERVOUS_TOKEN: engine.tokens['eva'] ?? '' };
  const child = spawn(process.execPath, ['clients/cli/nervous.mjs', 'changes', 'watch', id, '--json'], { env });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const types: string[] = [];
  let isDecided = false;
  for await (const line of createInterface({ input: child.stdout })) {
    types.push((JSON.parse(line) as { type: string }).type);
    if (isDecided) continue;
    isDecided = true;
    await act(child);
  }
  const [code] = await exited;
  return { types, code };
}

it('ends with 0 when it was executed', async () => {
  const id = await propose();
  const { types, code } = await watched(id, async () => as('boris').decide(await as('boris').changeSet(id), 'approve'));
  expect(code).toBe(0);
  expect(types[0]).toBe('change.proposed');
  expect(types).toContain('change.voted');
  expect(types).toEqual((await as('eva').changeSet(id)).entries.map(({ type }) => type));
});

it('ends with 1 when it was rejected', async () => {
  const id = await propose();
  const boris = as('boris');
  const { code } = await watched(id, async () => boris.decide(await boris.changeSet(id), 'reject', { reason: 'no' }));
  expect(code).toBe(1);
});

it('ends with 130 at Ctrl-C, and decides nothing', async () => {
  const id = await propose();
  const { code } = await watched(id, (watching) => watching.kill('SIGINT'));
  expect(code).toBe(130);
  expect((await as('eva').changeSet(id)).state).toBe('pending');
});

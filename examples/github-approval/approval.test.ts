import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startEngine, type Engine } from 'nervous-system/engine';
import { createClient, type Client } from 'nervous-system/sdk';
import { approval } from './approval.ts';
import { config } from './nervous.config.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'github-approval-'));
let engine: Engine;
before(async () => {
  engine = await startEngine({ config, dataDir });
});
after(async () => {
  await engine.close();
  rmSync(dataDir, { recursive: true });
});

const as = (id: string): Client => createClient({ url: engine.url, token: engine.tokens[id] ?? '' });
const release = (commit: string) => ({ repository: 'shop', commit, url: `https://git.example/shop/commit/${commit}` });
const waiting = { pollMs: 20, timeoutMs: 60_000, say: () => undefined };

/** What somebody decides on the change-set that CI proposed, once it is there. */
async function decideOn(commit: string, decision: 'approve' | 'reject'): Promise<void> {
  for (;;) {
    const { changes } = await as('noah').changeSets();
    const found = changes.find(({ title }) => title === `Release ${commit}`);
    if (found !== undefined) {
      await as('noah').decide(await as('noah').changeSet(found.id), decision, { reason: 'read it' });
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('CI goes on when somebody approves, and the release is in the ledger', async () => {
  const [outcome] = await Promise.all([approval(as('ci'), release('aaa'), waiting), decideOn('aaa', 'approve')]);
  assert.equal(outcome, 'approved');
  const { document } = await as('axel').entity('release:shop');
  assert.deepEqual(document, { commit: 'aaa' });
});

test('CI stops when somebody says no', async () => {
  const [outcome] = await Promise.all([approval(as('ci'), release('bbb'), waiting), decideOn('bbb', 'reject')]);
  assert.equal(outcome, 'not approved');
});

test('a job that runs again waits for the same change-set, and cannot approve it itself', async () => {
  const said: string[] = [];
  const once = { ...waiting, timeoutMs: 100, say: (line: string) => void said.push(line) };
  assert.equal(await approval(as('ci'), release('ccc'), once), 'not approved');
  assert.equal(await approval(as('ci'), release('ccc'), once), 'not approved');
  const ids = new Set(said.map((line) => line.split(' ')[0] ?? ''));
  assert.equal(ids.size, 1);
  const change = await as('ci').changeSet([...ids].join());
  await assert.rejects(as('ci').decide(change, 'approve'));
});

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { quickstart } from './quickstart.ts';

test('two people make the change happen, and all of it verifies', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'quickstart-'));
  const said: string[] = [];
  try {
    await quickstart(dataDir, (line) => void said.push(line));
  } finally {
    rmSync(dataDir, { recursive: true });
  }
  assert.deepEqual(said.slice(1), [
    "the agent's proposal needs 2 more approvals: 1 owner, 1 risk",
    'paul approves',
    'rita approves',
    'the document is {"limit":"500.00"}',
    'the verdict is OK',
  ]);
});

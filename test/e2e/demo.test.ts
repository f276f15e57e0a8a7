import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

it('tells its story and exits 0', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['examples/demo/demo.ts'], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  for (const code of ['SELF_APPROVAL', 'DECISION_STALE', 'DECISION_REPLAYED', 'ALREADY_VOTED', 'CONTENT_MISMATCH'])
    expect(stdout).toContain(code);
});

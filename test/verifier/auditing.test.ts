/** docs/auditing.md: the commands that need Python do what the page says, on what the page has made before them. */
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { layOut, substitutes } from '../docs/clone.ts';
import { pages } from '../docs/pages.ts';
import { commandsOf, runCommands } from '../docs/shell.ts';
import { pythonOfVerifier } from './python-verifier.ts';

/** What the page has before: a ledger that has stopped, its copy, write-once anchors, a checkpoint kept, an export. */
const BEFORE = `npx nervous dev --port 4150 --data copy # until Ctrl-C
cp copy/root.vkey . && mkdir -p /mnt/worm/ && cp -r copy/anchors /mnt/worm/
npx nervous verify full --data ./copy --vkey root.vkey --remember kept.checkpoint
npx nervous export --data copy --out export`;

it('U13: docs/auditing.md verifies with Python alone', async () => {
  const page = pages().find(({ path }) => path === 'docs/auditing.md');
  const block = page?.blocks.find(({ text }) => text.includes('docs/verifier.py'));
  if (page === undefined || block === undefined) throw new Error('docs/auditing.md has no such block');
  const folder = join(mkdtempSync(join(tmpdir(), 'nervous-auditing-')), 'clone');
  try {
    const put = await substitutes(folder);
    layOut(folder, page, put);
    symlinkSync(dirname(dirname(await pythonOfVerifier())), join(folder, 'audit')); // what the block's first line makes
    const [, ...commands] = commandsOf(put(block.text), block.line + 1);
    expect(commands).toHaveLength(4);
    expect(await runCommands([...commandsOf(put(BEFORE), 0), ...commands], { folder, env: {} })).toEqual([]);
  } finally {
    rmSync(dirname(folder), { recursive: true, force: true });
  }
});

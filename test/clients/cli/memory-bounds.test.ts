/** `nervous dev` bounds the memory of its process, which V8 and glibc do only when a process begins; and lets others choose. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, it } from 'vitest';

const CLI = 'clients/cli/nervous.mjs';
const BOUND = '--max-semi-space-size=4';
let folder: string;
let child: ChildProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nervous-bounds-'));
});
afterEach(async () => {
  const ended = child?.exitCode === null ? once(child, 'exit') : undefined;
  child?.kill('SIGTERM');
  await ended;
  rmSync(folder, { recursive: true });
});

/** @returns its arguments, followed by its environment, once it is ready */
async function started(flags: readonly string[], env: Readonly<Record<string, string>> = {}, channel = false) {
  const args = [...flags, CLI, 'dev', '--port', '0', '--data', join(folder, 'data'), '--json'];
  const stdio = ['ignore', 'pipe', 'inherit', ...(channel ? (['ipc'] as const) : [])] as const;
  child = spawn(process.execPath, args, { stdio: [...stdio], env: { ...process.env, ...env } });
  if (child.stdout === null) throw new Error('it has no output');
  await once(createInterface({ input: child.stdout }), 'line');
  return execFileSync('ps', ['eww', '-o', 'command=', '-p', String(child.pid)], { encoding: 'utf8' });
}

it('has its bounds, under the id that it was started with', async () => {
  const shown = await started(['--stack-trace-limit=20']);
  expect(shown).toMatch(new RegExp(` ${BOUND} --stack-trace-limit=20 \\S*${CLI} dev `));
  expect(shown).toContain(' MALLOC_ARENA_MAX=2');
});

it('keeps what was chosen for it', async () => {
  const shown = await started(['--max-semi-space-size=32'], { MALLOC_ARENA_MAX: '7' });
  expect(shown).not.toContain(BOUND);
  expect(shown).toContain(' --max-semi-space-size=32 ');
  expect(shown).toContain(' MALLOC_ARENA_MAX=7');
});

it('does not begin anew where it would lose a channel to its parent', async () => {
  expect(await started([], {}, true)).not.toContain(BOUND);
});

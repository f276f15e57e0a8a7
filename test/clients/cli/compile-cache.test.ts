/** What Node compiled is kept between runs of the command line, in a folder of whoever runs it, and is never needed. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

const CLI = 'clients/cli/nervous.mjs';

let home: string;
beforeEach(() => (home = mkdtempSync(join(tmpdir(), 'nervous-cache-'))));
afterEach(() => rmSync(home, { recursive: true }));

const compiled = (): string => join(home, 'nervous-system', 'compiled');

function version(env: Readonly<Record<string, string>> = {}): void {
  const { NODE_COMPILE_CACHE: _, NODE_DISABLE_COMPILE_CACHE: __, ...clean } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, '--version'], {
    encoding: 'utf8',
    env: { ...clean, XDG_CACHE_HOME: home, ...env },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
}

function kept(): readonly string[] {
  return existsSync(compiled()) ? readdirSync(compiled()) : [];
}

it('keeps what was compiled, where only they may write', () => {
  version();
  expect(kept()).not.toEqual([]);
  expect(statSync(compiled()).mode & 0o777).toBe(0o700);
  version();
});

it('keeps nothing in a folder that others may write: it is code that would run', () => {
  mkdirSync(compiled(), { recursive: true });
  chmodSync(compiled(), 0o777);
  version();
  expect(kept()).toEqual([]);
});

it('runs without it where the folder cannot be made', () => {
  writeFileSync(join(home, 'nervous-system'), 'no folder');
  version();
});

it('keeps nothing where Node was told so', () => {
  version({ NODE_DISABLE_COMPILE_CACHE: '1' });
  expect(kept()).toEqual([]);
});

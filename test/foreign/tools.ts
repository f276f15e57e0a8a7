/** Runs other people's programs: what they print and how they end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll } from 'vitest';
import { startEngine, type Engine } from '../../adapters/embedded/index.ts';
import type { NervousConfig } from '../../core/system/index.ts';
import { prepareVenv } from '../aws/python-venv.ts';

const CACHE = join(import.meta.dirname, '../../.cache/foreign');

export interface Ended {
  readonly code: number | null;
  /** stdout and stderr */
  readonly said: string;
}

export async function runTool(
  program: string,
  args: readonly string[],
  { input = '', cwd = process.cwd() }: { readonly input?: string; readonly cwd?: string } = {},
): Promise<Ended> {
  const child = spawn(program, args, { cwd });
  const gone = once(child, 'exit') as Promise<[number | null]>;
  child.stdin.end(input);
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), gone]);
  return { code, said: out + err };
}

/** A program of this folder's own npm package. */
export function npmTool(name: string): string {
  return join(import.meta.dirname, 'node_modules', '.bin', name);
}

/** The interpreter of an environment made of `<name>.requirements.txt`. Its scripts name the folder it was made in: run modules with `-m`. */
export async function pythonWith(name: string): Promise<string> {
  return prepareVenv(join(import.meta.dirname, `${name}.requirements.txt`), CACHE);
}

/** A module of this folder's own npm package; the project's types do not know it. */
export async function npmModule<Module>(name: string): Promise<Module> {
  return (await import(name)) as Module;
}

export function scratchDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'nervous-foreign-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export async function openEngine(config: NervousConfig, dataDir: string, port = 0): Promise<Engine> {
  return startEngine({ config, dataDir, port });
}

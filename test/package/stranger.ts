/** Somebody who has Node, a package manager and an empty folder, and nothing of this repository. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { inject } from 'vitest';

export const built = inject('built');
/** Programs of this folder's own package. */
export const TOOLS = join(import.meta.dirname, 'node_modules/.bin');

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export function emptyFolder(name: string): string {
  return mkdtempSync(join(built.outside, `${name}-`));
}

export async function run(command: readonly string[], options: RunOptions): Promise<Ended> {
  const [program = '', ...args] = command;
  const { cwd, env = {} } = options;
  const child = spawn(program, args, { cwd, env: { ...environment(), ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, out, err };
}

/** @throws what it said, when it fails */
export async function must(command: readonly string[], options: RunOptions): Promise<string> {
  const { code, out, err } = await run(command, options);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${String(code)}:\n${out}${err}`);
  return out;
}

/** A program that keeps running. @returns its first line that fits, and how to end it */
export async function start(
  command: readonly string[],
  { cwd, env = {}, until }: RunOptions & { readonly until: RegExp },
): Promise<{ readonly line: string; readonly stop: () => Promise<void> }> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    ...{ cwd, env: { ...environment(), ...env }, detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  for await (const line of createInterface({ input: child.stdout }))
    if (until.test(line)) return { line, stop: () => stopGroup(child) };
  throw new Error(`${command.join(' ')} ended before it was ready: ${said}`);
}

/** npm stands between us and what it started: the whole group is told. */
async function stopGroup(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null) return;
  const gone = once(child, 'exit');
  process.kill(-child.pid, 'SIGTERM');
  await gone;
}

/** Printed when all is done. Nothing is asserted of it where it is a time. */
export function figure(what: string, value: string): void {
  appendFileSync(built.figures, `  ${what}: ${value}\n`);
}

/** Somebody who types what a page says. npm asks them whether it may install what creates: yes. */
export const READER: Readonly<Record<string, string>> = {
  ...(environment() as Record<string, string>),
  npm_config_yes: 'true',
  npm_config_loglevel: 'error',
};

/** Any free port, because readers have their own machine. */
export function onFreePort(text: string): string {
  return text.replace(/\bnpm start\b/, 'npm start -- --port 0');
}

/** The caller's, without programs of this repository. */
export function pathBeginningWith(folder: string): string {
  const own = process.env['PATH']?.split(':').filter((one) => !one.includes('node_modules')) ?? [];
  return [folder, ...own].join(':');
}

/** Nothing that npm told the script which runs the tests; the Node that runs them first, and our registry. */
function environment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(?:npm_|INIT_CWD|NODE_(?:OPTIONS|ENV|PATH|V8_COVERAGE)|VITEST|TEST$|COLOR)/i.test(name),
  );
  return {
    ...Object.fromEntries(own),
    PATH: pathBeginningWith(dirname(process.execPath)),
    npm_config_registry: built.registry,
    npm_config_cache: join(built.cache, 'npm'),
    pnpm_config_registry: built.registry,
    YARN_REGISTRY: built.registry,
    YARN_CACHE_FOLDER: join(built.outside, 'yarn'), // it would know another build by the same version
    npm_config_update_notifier: 'false',
    NO_COLOR: '1',
    CI: 'true',
  };
}

/** The engine as a process of its own, started as a user starts it: for tests that kill it. */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { must } from '../../core/errors/index.ts';
import { spawnWithFileLimit } from '../support/file-limit.ts';

export interface DevEngine {
  readonly child: ChildProcess;
  readonly url: string;
  readonly tokens: Readonly<Record<string, string>>;
}

/** What is wrong with the machine or the process. */
export interface Fault {
  /** URL of a module that each of its threads loads first */
  readonly preload: string;
  /** more options of Node */
  readonly nodeOptions?: string;
  /** blocks of 512 bytes that none of its files exceeds */
  readonly fileLimit?: number;
}

const running = new Set<ChildProcess>();

/** Resolves when it serves. @param port `0`: any free one. @param more options of `nervous dev` */
export async function startDevEngine(dataDir: string, port = '0', ...more: string[]): Promise<DevEngine> {
  const [node, ...args] = commandOf(dataDir, port, more);
  return serving(spawn(node, args, { stdio: ['ignore', 'pipe', 'inherit'] }));
}

/** Resolves when it serves; what it says on standard error is for who started it. */
export async function startDevEngineWith(
  dataDir: string,
  { preload, nodeOptions = '', fileLimit }: Fault,
): Promise<DevEngine> {
  const env = { ...process.env, NODE_OPTIONS: `${nodeOptions} --import=${preload}`, NODE_DISABLE_COMPILE_CACHE: '1' };
  const options: SpawnOptions = { stdio: ['ignore', 'pipe', 'pipe'], env };
  const [node, ...args] = commandOf(dataDir, '0', []);
  return serving(
    fileLimit === undefined ? spawn(node, args, options) : spawnWithFileLimit(fileLimit, [node, ...args], options),
  );
}

function commandOf(dataDir: string, port: string, more: readonly string[]): [string, ...string[]] {
  const args = ['clients/cli/nervous.mjs', 'dev', '--port', port, '--data', dataDir, '--json', '--print-tokens'];
  return [process.execPath, ...args, ...more];
}

async function serving(child: ChildProcess): Promise<DevEngine> {
  running.add(child);
  child.once('exit', () => running.delete(child));
  const gone = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`the engine ended with ${code ?? signal} before it served`);
  });
  const [line] = (await Promise.race([once(createInterface(must(child.stdout, 'its output')), 'line'), gone])) as [
    string,
  ];
  gone.catch(() => {}); // later it may: that is what the tests do
  return { child, ...(JSON.parse(line) as { url: string; tokens: Record<string, string> }) };
}

/** For the end of a test file, however it ended. */
export function killDevEngines(): void {
  for (const child of running) child.kill('SIGKILL');
}

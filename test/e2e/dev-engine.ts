/** The engine as a process of its own, started as a user starts it: for tests that kill it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface DevEngine {
  readonly child: ChildProcess;
  readonly url: string;
  readonly tokens: Readonly<Record<string, string>>;
}

const running = new Set<ChildProcess>();

/** Resolves when it serves. @param port `0`: any free one. @param more options of `nervous dev` */
export async function startDevEngine(dataDir: string, port = '0', ...more: string[]): Promise<DevEngine> {
  const args = ['clients/cli/nervous.mjs', 'dev', '--port', port, '--data', dataDir, '--json', '--print-tokens'];
  const child = spawn(process.execPath, [...args, ...more], { stdio: ['ignore', 'pipe', 'inherit'] });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const gone = once(child, 'exit').then(([code]) => {
    throw new Error(`the engine ended with ${code} before it served`);
  });
  const [line] = (await Promise.race([once(createInterface(child.stdout), 'line'), gone])) as [string];
  gone.catch(() => {}); // later it may: that is what the tests do
  return { child, ...(JSON.parse(line) as { url: string; tokens: Record<string, string> }) };
}

/** For the end of a test file, however it ended. */
export function killDevEngines(): void {
  for (const child of running) child.kill('SIGKILL');
}

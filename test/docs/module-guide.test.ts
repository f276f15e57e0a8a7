/** docs/module-guide.md: the files on the page, in a folder of their own, are tested and run as the page says. */
import { spawn, spawnSync, type ChildProcess, type SpawnSyncReturns } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const page = readFileSync('docs/module-guide.md', 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'nervous-guide-'));
const nervous = resolve('clients/cli/nervous.mjs');
const children: ChildProcess[] = [];

beforeAll(() => {
  for (const [, name = '', text = ''] of page.matchAll(/^```ts (\S+)\n([\s\S]*?)^```$/gm))
    writeFileSync(join(folder, name), text);
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  mkdirSync(join(folder, 'node_modules')); // as `npm install <folder>` does
  symlinkSync(resolve('.'), join(folder, 'node_modules/nervous-system'));
  symlinkSync(resolve('node_modules/zod'), join(folder, 'node_modules/zod'));
});
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', env: { ...process.env, ...env } });
}

/** @returns the process and its first line */
async function start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const stdio = ['ignore', 'pipe', 'inherit'] as const;
  const child = spawn(process.execPath, args, { cwd: folder, stdio: [...stdio], env: { ...process.env, ...env } });
  children.push(child);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${args.join(' ')} ended with ${code}`);
  });
  ended.catch(() => undefined); // later it may
  const [line] = (await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended])) as [string];
  return { child, line };
}

describe('docs/module-guide.md', () => {
  it('has tests that pass', () => {
    const { stdout } = run(['--test', '--test-reporter=tap', 'savings.test.ts'], { NODE_OPTIONS: '' });
    expect(stdout).toMatch(/^# pass 4$/m);
    expect(stdout).toMatch(/^# fail 0$/m);
  });

  it('has a program that runs', async () => {
    const engine = await start([nervous, 'dev', '--port', '0', '--data', 'data', '--json']);
    const { url, tokens } = JSON.parse(engine.line) as { url: string; tokens: Record<string, string> };
    const as = (id: string) => ({ NERVOUS_URL: url, NERVOUS_TOKEN: tokens[id] ?? '', JAR: 'jar.db' });
    const savings = await start(['main.ts'], as('savings'));
    expect(savings.line).toBe('savings is running');
    const publish = [nervous, 'events', 'publish', 'payments.received', '--entity', 'customer:1', '--payload', '{"cents":1250}'];
    expect(run(publish, as('payments'))).toMatchObject({ status: 0 });
    const shown = (): string => run([nervous, 'entities', 'show', 'customer:1'], as('savings')).stdout;
    while (!shown().includes('savings.made')) await new Promise((resolve) => setTimeout(resolve, 50));
    savings.child.kill('SIGTERM');
    expect(await once(savings.child, 'exit')).toEqual([0, null]);
    const db = new DatabaseSync(join(folder, 'jar.db'));
    expect(db.prepare('SELECT source, cents FROM saved').all()).toEqual([{ source: 'payments', cents: 12 }]);
    db.close();
  });
});

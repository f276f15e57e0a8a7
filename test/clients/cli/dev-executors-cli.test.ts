/** `nervous dev --executors`: what an approved change-set asks for is done by the user's own module, in the engine's process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, it } from 'vitest';
import { withoutTerminal } from '../../support/terminal.ts';
import { eventually } from '../../support/eventually.ts';

const REPOSITORY = join(import.meta.dirname, '../../..');
const CLI = join(REPOSITORY, 'clients/cli/nervous.mjs');
const CONFIG = join(REPOSITORY, 'test/support/executor-config.ts');
const root = mkdtempSync(join(tmpdir(), 'nervous-dev-executors-'));
const data = join(root, 'data');
symlinkSync(join(REPOSITORY, 'node_modules'), join(root, 'node_modules'));
afterAll(() => rmSync(root, { recursive: true }));

const nervous = (...args: string[]): ReturnType<typeof withoutTerminal> =>
  withoutTerminal([process.execPath, CLI, ...args, '--data', data], { env: {} });

function written(name: string, text: string): string {
  const file = join(root, name);
  writeFileSync(file, text);
  return file;
}

it('runs what the module makes, which knows the root key of an engine that started after it', async () => {
  const database = join(root, 'limits.db');
  const executors = written(
    'executors.ts',
    `import { Limits } from ${JSON.stringify(join(REPOSITORY, 'examples/executor/limits.ts'))};
     export const createExecutors = async ({ rootKeys }: { rootKeys: () => string[] }) =>
       ({ limits: new Limits(${JSON.stringify(database)}, rootKeys).executor });\n`,
  );
  const args = ['dev', '--port', '0', '--data', data, '--json', '--config', CONFIG, '--executors', executors];
  const engine = spawn(process.execPath, [CLI, ...args], { cwd: REPOSITORY, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(createInterface({ input: engine.stdout }), 'line');
    const payload = { executor: 'limits', input: { account: 'a', limit: 500 } };
    const change = { entityId: 'account:1', title: 'T', rationale: 'R' };
    const operations = [{ type: 'executor.invoke', payload }];
    const proposal = written('proposal.json', JSON.stringify({ ...change, operations }));
    const proposed = await nervous('changes', 'propose', proposal, '--as', 'budget-bot', '--json');
    const { id } = (JSON.parse(proposed.out) as { change: { id: string } }).change;
    for (const person of ['boris', 'clara']) await nervous('changes', 'approve', id, '--as', person, '--yes');
    await eventually(() => expect(limits(database)).toEqual([{ account: 'a', amount: 500 }]));
  } finally {
    const gone = once(engine, 'exit');
    engine.kill('SIGTERM');
    await gone;
  }
});

function limits(database: string): unknown {
  const db = new DatabaseSync(database, { readOnly: true });
  try {
    return db
      .prepare('SELECT account, amount FROM limits')
      .all()
      .map((row) => ({ ...row }));
  } finally {
    db.close();
  }
}

it.each([
  [
    'a file that is not there',
    undefined,
    /no executors at ".*none\.ts": name the module that exports "createExecutors"/,
  ],
  [
    'a module that makes none',
    'export const nothing = 1;\n',
    /makes no executors: export a function "createExecutors"/,
  ],
  ['a module that cannot be loaded', 'throw new Error("no database");\n', /cannot be loaded: no database/],
  [
    'an executor that is not declared',
    'export const createExecutors = () => ({ stray: {} });\n',
    /"stray" that the configuration does not declare/,
  ],
])('refuses %s, and says what to do', async (_, text, message) => {
  const file = text === undefined ? join(root, 'none.ts') : written(`refused-${String(text.length)}.ts`, text);
  const ended = await nervous('dev', '--port', '0', '--config', CONFIG, '--executors', file);
  expect(ended).toMatchObject({ code: 1, out: '' });
  expect(ended.err).toMatch(message);
  expect(ended.err).not.toMatch(/^\s+at /m);
});

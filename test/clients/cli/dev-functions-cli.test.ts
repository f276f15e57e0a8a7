/** `nervous dev --functions`: a subscription's events go to functions of the user's own module, in the engine's process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, expect, it } from 'vitest';
import { createClient } from '../../../clients/sdk/index.ts';
import { eventually } from '../../support/eventually.ts';
import { withoutTerminal } from '../../support/terminal.ts';

const CLI = join(import.meta.dirname, '../../../clients/cli/nervous.mjs');
const root = mkdtempSync(join(tmpdir(), 'nervous-dev-functions-'));
const data = join(root, 'data');
afterAll(() => rmSync(root, { recursive: true }));

function written(name: string, text: string): string {
  const file = join(root, name);
  writeFileSync(file, text);
  return file;
}

it('delivers to what the module makes: what throws comes again', async () => {
  const seen = join(root, 'seen');
  const functions = written(
    'functions.ts',
    `import { appendFileSync } from 'node:fs';
     export const createFunctions = () => ({
       total: ({ entityId }: { entityId: string }, { attempt }: { attempt: number }) => {
         appendFileSync(${JSON.stringify(seen)}, entityId + ' ' + attempt + '\\n');
         if (attempt === 1) throw new Error('not yet');
       },
     });\n`,
  );
  const args = ['dev', '--port', '0', '--data', data, '--json', '--print-tokens', '--functions', functions];
  const engine = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = (await once(createInterface({ input: engine.stdout }), 'line')) as [string];
    const { url, tokens } = JSON.parse(line) as { url: string; tokens: Record<string, string> };
    const as = (id: string): ReturnType<typeof createClient> => createClient({ url, token: tokens[id] ?? '' });
    const target = { kind: 'function', name: 'total' } as const;
    await as('budget-engine').createSubscription({ id: 'total', topics: ['transactions.new'], target });
    const payload = { amount: '1.00', kind: 'credit' };
    await as('bank-feed').publish({ topic: 'transactions.new', entityId: 'account:1', payload });
    await eventually(() => expect(readFileSync(seen, 'utf8')).toBe('account:1 1\naccount:1 2\n'));
  } finally {
    const gone = once(engine, 'exit');
    engine.kill('SIGTERM');
    await gone;
  }
});

it.each([
  ['nothing of that name', 'export const other = 1;', 'makes no functions'],
  [
    'something else than functions',
    'export const createFunctions = () => ({ total: 1 });',
    'must return an object of functions',
  ],
  ['what cannot be loaded', 'export const = 1;', 'cannot be loaded'],
])('refuses a module that has %s', async (_, text, message) => {
  const file = written('wrong.ts', text);
  const { code, err } = await withoutTerminal(
    [process.execPath, CLI, 'dev', '--port', '0', '--data', data, '--functions', file],
    { env: {} },
  );
  expect(code).not.toBe(0);
  expect(err).toContain(message);
});

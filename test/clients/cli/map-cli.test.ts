/** `nervous events map` as a process, against an engine. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEngine, type Engine } from '../../../adapters/embedded/index.ts';
import { config } from '../../../nervous.config.ts';

const CLI = join(import.meta.dirname, '../../../clients/cli/nervous.mjs');

let folder: string;
let engine: Engine;

async function map(as: string, ...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const env = { ...process.env, NERVOUS_URL: engine.url, NERVOUS_TOKEN: engine.tokens[as] ?? '' };
  const child = spawn(process.execPath, [CLI, 'events', 'map', ...args], { env });
  child.stdin.end();
  const exit = once(child, 'exit') as Promise<[number | null]>;
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  return { code, out, err };
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nervous-map-'));
  engine = await startEngine({ config, dataDir: folder, auditMinutes: 0 });
  const principal = engine.system.policy.principal('budget-engine');
  if (principal === undefined) throw new Error('the sample has no budget-engine');
  await engine.system.subscriptions.create(principal, { id: 'loop', topics: ['transactions.*'] });
  const payload = { transactionId: 't-1', category: 'food' };
  await engine.system.publish(principal, [{ topic: 'transactions.categorized', payload }]);
});
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('nervous events map', () => {
  it('tells what goes round, what nobody uses, and the hash, the same each time', async () => {
    const { code, out } = await map('eva');
    expect(code).toBe(0);
    expect(out).toMatch(/^loop {6}budget-engine → transactions\.categorized → budget-engine \(events go round\)$/m);
    expect(out).toMatch(/^orphan {4}user\.login: nobody subscribes to it$/m);
    expect(out).toMatch(/^hash {6}[0-9a-f]{64}$/m);
    expect((await map('eva')).out).toBe(out);
  });

  it('draws', async () => {
    expect((await map('eva', '--format', 'dot')).out).toMatch(/^digraph nervous \{\n[^]+\n\}\n$/);
    expect((await map('eva', '--format', 'mermaid')).out).toMatch(/^flowchart LR\n/);
    const { out } = await map('eva', '--format', 'json', '--observe', '0');
    expect(JSON.parse(out)).toMatchObject({ ledger: 'main', loops: expect.any(Array) as unknown });
  });

  it.each<[string, string[], RegExp]>([
    ['bank-feed', [], /no right "reads" for "\*"/],
    ['eva', ['--observe', '10001'], /0 to 10000/],
    ['eva', ['--observe', '1e3'], /0 to 10000/],
    ['eva', ['--format', 'svg'], /Allowed choices are json, dot, mermaid/],
  ])('as %s with %j is refused in one sentence', async (as, args, message) => {
    const { code, out, err } = await map(as, ...args);
    expect(code).toBeGreaterThan(0);
    expect(out).toBe('');
    expect(err).toMatch(message);
    expect(err).not.toMatch(/\n\s+at /);
  });
});

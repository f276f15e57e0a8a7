/** A ledger that governs itself, on the embedded engine: its policy outlives configurations, restarts, exports; and changes by vote. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  exportDataDir,
  restoreExport,
  startEngine,
  verifyDataDir,
  type Engine,
} from '../../adapters/embedded/index.ts';
import { createClient, type Client } from '../../clients/sdk/index.ts';
import type { ChangeView } from '../../core/changes/index.ts';
import { defineConfig, type NervousConfig } from '../../core/system/index.ts';
import { config } from '../../nervous.config.ts';

const DAY_MS = 86_400_000;
const CLI = join(import.meta.dirname, '../../clients/cli/main.ts');
const SAMPLE = join(import.meta.dirname, '../../nervous.config.ts');

let folder = '';
const engines: Engine[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nervous-governance-'));
});
afterEach(async () => {
  vi.useRealTimers();
  for (const engine of engines.splice(0)) await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(own: NervousConfig = config, dataDir = join(folder, 'data')): Promise<Engine> {
  const engine = await startEngine({ config: own, dataDir });
  engines.push(engine);
  return engine;
}
const as = (engine: Engine, id: string): Client =>
  createClient({ url: engine.url, token: engine.tokens[id] ?? 'none' });

/** The sample with somebody new, who would be owner, risk and security in one. */
function withMallory(): NervousConfig {
  const mallory = { personId: 'mallory', name: 'Mallory', accounts: ['mallory'], roles: ['peer'] };
  const { roster } = config;
  return defineConfig({ ...config, roster: { ...roster, people: [...roster.people, mallory] } });
}

const LIMIT = {
  ...{ entityId: 'account:1', title: 'Set the limit', rationale: 'Income is regular' },
  operations: [{ type: 'state.put', payload: { limit: '700.00' } }],
};
/** Takes clara out of the roster. */
const WITHOUT_CLARA = {
  ...{ entityId: 'registry:policy', title: 'Clara leaves', rationale: 'At the end of the month' },
  operations: [{ type: 'state.patch', payload: [{ op: 'remove', path: '/roster/people/2' }] }],
};

async function approveAll(engine: Engine, change: ChangeView, ...people: string[]): Promise<void> {
  for (const person of people) {
    const client = as(engine, person);
    await client.decide(await client.changeSet(change.id), 'approve');
  }
}

/** A day passes for everybody who asks what time it is. */
async function nextDay(engine: Engine, id: string): Promise<void> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + DAY_MS });
  await engine.system.changes.advance(id);
}

describe('the policy of a ledger', () => {
  it('outlives a configuration that says otherwise, and the operator is told', async () => {
    const first = await start();
    await as(first, 'ana').propose(LIMIT);
    await first.close();

    const engine = await start(withMallory());
    expect(engine.tokens['mallory']).toBeUndefined();
    expect(engine.system.policy.principal('mallory')).toBeUndefined();
    const { checks } = await as(engine, 'eva').dependencies();
    const told = checks.find(({ name }) => name === 'policy');
    expect([told?.ok, told?.detail]).toEqual([true, expect.stringMatching(/changes nothing: nervous policy propose/)]);
    expect(await as(engine, 'eva').policy()).toMatchObject({ source: 'ledger', version: 1, asConfigured: false });
    await expect(as(engine, 'budget-bot').policy()).rejects.toMatchObject({ status: 403, code: 'FORBIDDEN' });
  });

  it('changes by three people and a day, at once for everybody: tokens go with it', async () => {
    const engine = await start();
    const clara = as(engine, 'clara');
    const { change } = await as(engine, 'ana').propose(WITHOUT_CLARA);
    expect((await clara.changeSets()).changes).toEqual([]);
    await approveAll(engine, change, 'boris', 'dan', 'eva');
    await nextDay(engine, change.id);
    expect((await as(engine, 'ana').changeSet(change.id)).state).toBe('executed');
    await expect(clara.changeSets()).rejects.toMatchObject({ status: 401 });
    expect(engine.tokens['clara']).toBeUndefined();
    expect(readFileSync(join(folder, 'data', 'tokens.json'), 'utf8')).not.toContain('"clara"');
    expect(await as(engine, 'eva').policy()).toMatchObject({
      ...{ version: 2, asConfigured: false },
      changed: { kind: 'changed', change: change.id, proposer: 'person:ana', approvers: ['boris', 'dan', 'eva'] },
    });
    expect((await as(engine, 'eva').verifyAll()).verdict).toBe('OK');
    expect((await as(engine, 'eva').verifyAll({ mode: 'state' })).verdict).toBe('OK');
  });

  it('gives who joins a token when the ledger says so, not when the configuration does', async () => {
    const engine = await start(withMallory());
    expect(engine.tokens['mallory']).toBeDefined(); // nothing was adopted yet
    const { people } = config.roster;
    const payload = [
      { op: 'add', path: '/roster/people/-', value: { ...people[2], personId: 'zoe', accounts: ['zoe'] } },
    ];
    const operations = [{ type: 'state.patch', payload }];
    const { change } = await as(engine, 'ana').propose({ ...WITHOUT_CLARA, title: 'Zoe joins', operations });
    expect(engine.tokens['zoe']).toBeUndefined();
    await approveAll(engine, change, 'boris', 'dan', 'eva');
    await nextDay(engine, change.id);
    expect((await as(engine, 'zoe').changeSets()).changes).toEqual([]);
    await engine.close();
    const again = await start(withMallory());
    expect(again.tokens['zoe']).toBeDefined();
  });

  it('is found again by a restored ledger', async () => {
    const engine = await start();
    const { change } = await as(engine, 'ana').propose(WITHOUT_CLARA);
    await approveAll(engine, change, 'boris', 'dan', 'eva');
    await nextDay(engine, change.id);
    const until = new Date(Date.now() + DAY_MS).toISOString();
    const delegation = await as(engine, 'boris')
      .delegate({ to: 'eva', roles: ['owner'], until, reason: 'no' })
      .catch((error: unknown) => error);
    expect(delegation).toMatchObject({ code: 'DELEGATION_INVALID' }); // kept apart
    const lent = await as(engine, 'boris').delegate({ to: 'ana', until, reason: 'on leave' });
    await engine.log.loop.flush();
    await engine.close();

    const data = join(folder, 'data');
    const [out, back] = [join(folder, 'export'), join(folder, 'restored')];
    await exportDataDir({ dataDir: data, out });
    await restoreExport({ from: out, dataDir: back, rootKeyFile: join(data, 'root.key') });
    const restored = await start(withMallory(), back);
    expect(await as(restored, 'eva').policy()).toMatchObject({ version: 2, changed: { change: change.id } });
    expect(restored.tokens['clara']).toBeUndefined();
    expect((await as(restored, 'ana').delegations()).received).toEqual([lent]);
    expect((await as(restored, 'eva').verifyAll({ mode: 'state' })).verdict).toBe('OK');
  });

  it('V2: opens nothing and is DRIFT when somebody rewrote it behind the ledger', async () => {
    const engine = await start();
    await as(engine, 'ana').propose(LIMIT);
    await engine.close();
    const { DatabaseSync } = await import('node:sqlite');
    const db = new DatabaseSync(join(folder, 'data', 'ledger.db'));
    db.prepare("UPDATE items SET value = replace(value, '\"Clara', '\"Klara') WHERE sk = 'registry:policy'").run();
    db.close();
    await expect(start()).rejects.toMatchObject({ code: 'POLICY_UNREADABLE' });
    expect(await verifyDataDir(join(folder, 'data'), { scope: { mode: 'state' } })).toMatchObject({
      ...{ verdict: 'DRIFT', firstBad: { entity: 'registry:policy' } },
    });
  });
});

describe('nervous policy', () => {
  const run = async (engine: Engine, ...args: string[]): Promise<{ code: number | null; out: string; err: string }> => {
    const who = ['--url', engine.url, '--token', engine.tokens['ana'] ?? ''];
    const child = spawn(process.execPath, [CLI, ...args, ...who]);
    const exit = once(child, 'exit') as Promise<[number | null]>;
    const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
    return { code, out, err };
  };
  const variant = (): string => {
    const file = join(folder, 'other.config.ts');
    writeFileSync(
      file,
      `import { config } from ${JSON.stringify(SAMPLE)};\n` +
        "export default { ...config, risk: { ...config.risk, version: '2' } };\n",
    );
    return file;
  };

  it('shows what is in force, the difference, and proposes it', async () => {
    const engine = await start();
    expect((await run(engine, 'policy', 'show')).out).toMatch(
      /as configured[^]*dan {2}risk[^]*nobody is both owner and risk/,
    );
    expect((await run(engine, 'policy', 'diff', '--config', SAMPLE)).code).toBe(0);
    const file = variant();
    const { code, out } = await run(engine, 'policy', 'diff', '--config', file);
    expect([code, out]).toEqual([1, '~ /risk/version: "1" → "2"\n']);
    const proposed = await run(engine, 'policy', 'propose', '--config', file, '--rationale', 'numbers', '--json');
    const { change } = JSON.parse(proposed.out) as { change: ChangeView };
    expect(change).toMatchObject({ entityId: 'registry:policy', risk: { level: 'L4', approvals: 3 } });
    expect(change.preview).toMatchObject({ patch: [{ path: '/risk/version' }] });
    const nothing = await run(engine, 'policy', 'propose', '--config', SAMPLE, '--rationale', 'none');
    expect(nothing.err).toMatch(/nothing to propose/);
    expect((await run(engine, 'policy', 'show')).out).toMatch(/version 1 .*\nadopted from the configuration/);
  });

  it('lends a vote and takes it back', async () => {
    const engine = await start();
    const until = new Date(Date.now() + DAY_MS).toISOString();
    const lend = ['--until', until, '--reason', 'on leave'];
    const lent = await run(engine, 'delegate', 'boris', ...lend, '--role', 'owner', '--json');
    const { id } = JSON.parse(lent.out) as { id: string };
    expect((await run(engine, 'delegations')).out).toBe(`${id}  ana → boris as owner  until ${until}  on leave\n`);
    expect((await run(engine, 'undelegate', id)).out).toContain('revoked');
    const { code, err } = await run(engine, 'delegate', 'dan', ...lend);
    expect([code, err]).toEqual([1, expect.stringMatching(/keeps apart/)]);
  });
});

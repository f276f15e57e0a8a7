/** What deploy/ holds, by the tools that will read it: promtool, systemd-analyze, Docker's language library, Grafana's own schema. */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../adapters/embedded/index.ts';
import { VERDICT_EXIT } from '../../clients/cli/output/exit-codes.ts';
import { createClient } from '../../clients/sdk/index.ts';
import { config } from '../../nervous.config.ts';
import { npmModule, openEngine, runTool, scratchDir } from './tools.ts';

const ROOT = join(import.meta.dirname, '../..');
const DEPLOY = join(ROOT, 'deploy');
const dir = scratchDir();
const read = (path: string): string => readFileSync(join(DEPLOY, path), 'utf8');

interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string }[];
}
const DASHBOARD = JSON.parse(read('grafana/nervous-system.json')) as { readonly panels: readonly Panel[] };
const queries = DASHBOARD.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
const alerts = [...read('prometheus/rules.yml').matchAll(/^ +expr: (.+)$/gm)].map(([, expr = '']) => expr);
/** What Grafana puts in their place. */
const filled = (expr: string): string => expr.replaceAll('$__rate_interval', '5m').replaceAll('$job', 'nervous');

describe('the metrics that alerts and the dashboard ask for', () => {
  let engine: Engine;
  let exported: ReadonlyMap<string, ReadonlySet<string>>;

  beforeAll(async () => {
    engine = await openEngine(config, join(dir, 'data'));
    const as = (who: string) => createClient<typeof config>({ url: engine.url, token: engine.tokens[who] ?? '' });
    const event = { topic: 'transactions.new', entityId: 'account:1' } as const;
    const handled = Promise.withResolvers<boolean>();
    const run = await as('budget-engine').subscribe({ topics: ['transactions.*'] }, () => handled.resolve(true));
    await as('bank-feed').publish({ ...event, payload: { amount: '1.00', kind: 'credit' } });
    await handled.promise;
    await run.stop();
    const operations = [{ type: 'state.put', payload: { note: 'x' } }];
    await as('budget-bot').propose({ entityId: 'account:1', title: 'Note', rationale: 'A test', operations });
    await engine.log.loop.flush();
    const headers = { authorization: `Bearer ${engine.tokens['eva'] ?? ''}` };
    exported = labelsByName(await (await fetch(`${engine.url}/metrics`, { headers })).text());
  });
  afterAll(() => engine.close());

  it.each([...alerts, ...queries])('are exported, with the labels: %s', (expr) => {
    const asked = [...expr.matchAll(/\b((?:nervous|process)_[a-z_]+)(?:\{([^}]*)\})?/g)];
    expect(asked.length + (expr.includes('up{') ? 1 : 0)).toBeGreaterThan(0);
    for (const [, name = '', matchers = ''] of asked) {
      expect([...exported.keys()], expr).toContain(name);
      for (const [, label = ''] of matchers.matchAll(/(\w+)=/g))
        if (label !== 'job') expect([...(exported.get(name) ?? [])], `${name} in ${expr}`).toContain(label);
    }
    for (const [, by = ''] of expr.matchAll(/by \((\w+)\)/g))
      expect(
        asked.some(([, name = '']) => exported.get(name)?.has(by) === true),
        `${by} in ${expr}`,
      ).toBe(true);
  });
});

describe('the alert rules', () => {
  it('pass promtool, and fire when they should and not before', async () => {
    const cwd = join(DEPLOY, 'prometheus');
    expect(await runTool('promtool', ['check', 'rules', '--lint-fatal', 'rules.yml'], { cwd })).toMatchObject({
      code: 0,
    });
    expect(await runTool('promtool', ['test', 'rules', 'rules.test.yml'], { cwd })).toMatchObject({ code: 0 });
  });

  it('each have a test in which they fire', () => {
    const names = [...read('prometheus/rules.yml').matchAll(/alert: (\w+)/g)].map(([, name]) => name);
    const fired = [...read('prometheus/rules.test.yml').matchAll(/alertname: (\w+)\n +exp_alerts:\n/g)].map(
      ([, name]) => name,
    );
    expect(names.length).toBeGreaterThan(8);
    expect(names.filter((name) => !fired.includes(name))).toEqual([]);
  });

  it('would not pass with another threshold', async () => {
    const cwd = join(dir, 'other-rules');
    cpSync(join(DEPLOY, 'prometheus'), cwd, { recursive: true });
    writeFileSync(join(cwd, 'rules.yml'), read('prometheus/rules.yml').replace('> 120', '> 12000'));
    expect(await runTool('promtool', ['test', 'rules', 'rules.test.yml'], { cwd })).toMatchObject({ code: 1 });
  });
});

describe('the dashboard', () => {
  const asRules = (exprs: readonly string[]): string =>
    JSON.stringify({
      groups: [{ name: 'g', rules: exprs.map((expr, i) => ({ record: `panel:${i}`, expr: filled(expr) })) }],
    });
  const check = (rules: string) => {
    writeFileSync(join(dir, 'queries.yml'), rules);
    return runTool('promtool', ['check', 'rules', join(dir, 'queries.yml')]);
  };

  it('asks queries that are PromQL', async () => {
    expect(queries.length).toBeGreaterThan(20);
    expect(await check(asRules(queries))).toMatchObject({ code: 0 });
    expect(await check(asRules(['sum by (rate(x[5m])']))).toMatchObject({ code: 1 });
  });

  it("is a dashboard by Grafana's own types", async () => {
    const typeCheck = async (dashboard: object) => {
      const file = join(import.meta.dirname, 'node_modules', 'dashboard-to-check.ts');
      const source = `import type { Dashboard } from '@grafana/schema';\nexport const dashboard: Dashboard = ${JSON.stringify(dashboard)};\n`;
      writeFileSync(file, source);
      const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--types', 'node'];
      return runTool(join(ROOT, 'node_modules/.bin/tsc'), [...options, file]);
    };
    expect(await typeCheck(DASHBOARD)).toEqual({ code: 0, said: '' });
    expect((await typeCheck({ ...DASHBOARD, graphTooltip: 'all' })).said).toContain('DashboardCursorSync');
    const wide = [{ type: 'stat', gridPos: { h: 1, w: 'wide', x: 0, y: 0 } }];
    expect((await typeCheck({ ...DASHBOARD, panels: wide })).said).toContain(
      "'string' is not assignable to type 'number'",
    );
  });

  it('has no two panels in one place', () => {
    const places = (DASHBOARD.panels as unknown as readonly { gridPos: { x: number; y: number; w: number } }[]).map(
      ({ gridPos: { x, y, w } }) => ({ x, y, end: x + w }),
    );
    expect(new Set(places.map(({ x, y }) => `${x}/${y}`)).size).toBe(places.length);
    expect(places.filter(({ end }) => end > 24)).toEqual([]);
  });
});

describe('the systemd units', () => {
  /** What the highest exposure may be, of 10. systemd calls less than 2 safe. */
  const MOST_EXPOSED: Readonly<Record<string, number>> = { 'nervous.service': 1.5, 'nervous-backup.service': 1 };
  const units = join(dir, 'units');
  const files = ['nervous.service', 'nervous-backup.service', 'nervous-backup.timer'];
  const verify = () => runTool('systemd-analyze', ['verify', ...files.map((file) => join(units, file))]);
  beforeAll(() => {
    mkdirSync(units);
    for (const file of files) cpSync(join(DEPLOY, 'systemd', file), join(units, file));
  });

  it('pass systemd-analyze verify', async () => {
    expect(await verify()).toEqual({ code: 0, said: '' });
  });

  it('would not with a key that systemd does not know', async () => {
    const file = join(units, 'nervous.service');
    writeFileSync(file, read('systemd/nervous.service').replace('PrivateTmp=yes', 'PrivateTemp=yes'));
    const { said } = await verify();
    cpSync(join(DEPLOY, 'systemd/nervous.service'), file);
    expect(said).toContain('PrivateTemp');
  });

  it.each(Object.entries(MOST_EXPOSED))('%s is exposed to %d at most', async (file, most) => {
    const args = ['security', '--offline=true', '--no-pager', `--threshold=${most * 10}`, join(units, file)];
    const { code, said } = await runTool('systemd-analyze', args);
    expect({ code, exposure: Number(/exposure level for [^:]+: ([\d.]+)/.exec(said)?.[1]) <= most }).toEqual({
      ...{ code: 0, exposure: true },
    });
  });
});

describe("the backup's line", () => {
  const [, line = ''] = /^ExecStart=\/bin\/sh -ec '(.*)'$/m.exec(read('systemd/nervous-backup.service')) ?? [];
  /** As systemd hands it to the shell, with folders of the test's own. */
  const scriptFor = (data: string, backups: string): string =>
    line
      .replaceAll('$$', () => '$')
      .replaceAll('%%', '%')
      .replace('node node_modules/nervous-system/dist/nervous.mjs', `${process.execPath} clients/cli/nervous.mjs`)
      .replaceAll('/var/lib/nervous-backups', backups)
      .replaceAll('/var/lib/nervous', data);

  it('leaves a backup by the time of day, from which an engine goes on', async () => {
    const [data, backups] = [join(dir, 'backed-up'), join(dir, 'backups')];
    const engine = await openEngine(config, data);
    mkdirSync(backups);
    const ended = await runTool('sh', ['-ec', scriptFor(data, backups)], { cwd: ROOT });
    await engine.close();
    expect(ended).toMatchObject({ code: 0, said: expect.stringContaining('OK: ') as string });
    expect(readdirSync(backups)).toEqual([expect.stringMatching(/^\d{4}-\d\d-\d\dT\d{6}Z$/)]);
    await (await openEngine(config, join(backups, readdirSync(backups)[0] ?? ''))).close();
  });

  it('gives no name to a backup that does not verify', async () => {
    const [data, backups] = [join(dir, 'tampered'), join(dir, 'no-backups')];
    const engine = await openEngine(config, data);
    const client = createClient<typeof config>({ url: engine.url, token: engine.tokens['bank-feed'] ?? '' });
    await client.publish({
      topic: 'transactions.new',
      entityId: 'account:1',
      payload: { amount: '1.00', kind: 'credit' },
    });
    await engine.close();
    mkdirSync(backups);
    const db = new DatabaseSync(join(data, 'ledger.db'));
    db.exec('update entries set note = zeroblob(100)');
    db.close();
    const ended = await runTool('sh', ['-ec', scriptFor(data, backups)], { cwd: ROOT });
    expect(ended).toMatchObject({ code: VERDICT_EXIT.CONTENT_MISMATCH });
    expect(readdirSync(backups)).toEqual([expect.stringMatching(/\.unverified$/)]);
  });
});

describe('the Dockerfile', () => {
  const dockerfile = read('docker/Dockerfile');

  it('is one by the library of its editors', async () => {
    const { validate } = await npmModule<{ validate: (text: string) => readonly { message: string }[] }>(
      'dockerfile-utils',
    );
    expect(validate(dockerfile)).toEqual([]);
    expect(validate(dockerfile.replace('USER node', 'USR node')).map(({ message }) => message)).toEqual([
      'Unknown instruction: USR',
    ]);
  });

  it('starts what the package has, on the Node that it needs, as a user without rights', () => {
    const { bin, engines } = JSON.parse(readFileSync(join(ROOT, 'packages/nervous-system/package.json'), 'utf8')) as {
      readonly bin: { readonly nervous: string };
      readonly engines: { readonly node: string };
    };
    for (const text of [dockerfile, read('systemd/nervous.service'), read('systemd/nervous-backup.service')])
      expect(text).toContain(`node_modules/nervous-system/${bin.nervous} `.trimEnd());
    const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);
    expect(bases).toEqual(bases.map(() => `node:${engines.node.replace('>=', '')}-slim`));
    expect(dockerfile.lastIndexOf('USER node')).toBeGreaterThan(dockerfile.lastIndexOf('RUN '));
    for (const instruction of ['VOLUME', 'HEALTHCHECK', 'STOPSIGNAL'])
      expect(dockerfile).toContain(`\n${instruction} `);
  });
});

/** Names as Prometheus takes them, each with the labels that its samples have. */
function labelsByName(text: string): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const [, name = '', labels = ''] of text.matchAll(/^([a-z_]+)(?:\{(.*)\})? \S+$/gm)) {
    const known = found.get(name) ?? new Set();
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) known.add(label);
    found.set(name, known);
  }
  return found;
}

/** From nothing to the first approved change, as somebody types it: the commands of docs/packages.md, with each package manager. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { managersOf, PROJECT } from './managers.ts';
import { emptyFolder, figure, must, run, start, type Ended } from './stranger.ts';

const DATA = ['--data', '.data'];
/** Those of every change; at night there are more. */
const MANAGERS = process.env['PACKAGE_MANAGERS'] ?? 'npm,pnpm,yarn';

describe.each(managersOf(MANAGERS))('with $name', ({ name, create, install, script, separator, runs, env, node }) => {
  it('is a project whose tests pass, and a first change that two people approve and that verifies', async () => {
    const outside = emptyFolder(name);
    const began = performance.now();
    expect(await must(['node', '--version'], { cwd: outside, env })).toMatch(new RegExp(`^v${node}\\.`));
    await must(create, { cwd: outside, env });
    const cwd = join(outside, PROJECT);
    if (install !== undefined) await must(install, { cwd, env });
    const nervous = (...args: string[]): Promise<string> => must([...runs, 'nervous', ...args, ...DATA], { cwd, env });
    const engine = await start([...script, 'start', ...separator, '--port', '0', '--json'], {
      cwd,
      env,
      until: /^\{"url"/,
    });
    try {
      const order = ['--entity', 'customer:1', '--payload', '{"cents":2599}'];
      await nervous('events', 'publish', 'orders.placed', ...order, '--as', 'shop');
      const proposed = await nervous('changes', 'propose', 'changes/refund.json', '--as', 'helpdesk-bot');
      const id = proposed.split(/\s/)[0] ?? '';
      const refused = await run([...runs, 'nervous', 'changes', 'approve', id, '--as', 'olga', '--yes', ...DATA], {
        ...{ cwd, env },
      });
      expect(refused).toMatchObject({ code: expect.not.toSatisfy((code: number) => code === 0) as number });
      await nervous('changes', 'approve', id, '--as', 'paul', '--yes');
      await nervous('changes', 'approve', id, '--as', 'rita', '--yes');
      await eventually(async () => expect(await nervous('changes', 'show', id, '--as', 'axel')).toContain('executed'));
      figure(`from nothing to the first approved change, with ${name}`, `${seconds(began)} s`);
      expect(refunds(join(cwd, 'refunds.db'))).toEqual([{ customer_order: 'order-1', cents: 500 }]);
      expect(await nervous('verify', 'full')).toContain('OK');
    } finally {
      await engine.stop();
    }
    await must([...script, 'check'], { cwd, env });
    await must([...script, 'test'], { cwd, env });
    expect(existsSync(join(cwd, '.github/workflows/ci.yml')) && existsSync(join(cwd, '.gitignore'))).toBe(true);
  });
});

function refunds(file: string): unknown {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    return db
      .prepare('SELECT customer_order, cents FROM refunds')
      .all()
      .map((row) => ({ ...row }));
  } finally {
    db.close();
  }
}

describe('npm create nervous-system', () => {
  const create = (cwd: string, ...args: string[]): Promise<Ended> =>
    run(['npm', 'create', '-y', 'nervous-system', ...args], { cwd });

  it('writes over nothing, and says what to do', async () => {
    const cwd = emptyFolder('refused');
    await must(['npm', 'create', '-y', 'nervous-system', PROJECT, '--', '--no-install'], { cwd });
    const { mtimeMs } = statSync(join(cwd, PROJECT, 'package.json'));
    const again = await create(cwd, PROJECT, '--', '--no-install');
    expect(again.code).toBe(2);
    expect(again.err).toContain('is not empty: name another folder');
    expect(statSync(join(cwd, PROJECT, 'package.json')).mtimeMs).toBe(mtimeMs);
    expect(await create(cwd)).toMatchObject({ code: 2, err: expect.stringContaining('name one folder') as string });
    expect(await create(cwd, 'My System')).toMatchObject({
      code: 2,
      err: expect.stringContaining('cannot be the name') as string,
    });
  });
});

it('says which Node it needs where it finds an older one, and runs nothing', async () => {
  const cwd = emptyFolder('old-node');
  await must(['npm', 'init', '-y'], { cwd });
  await must(['npm', 'install', 'nervous-system'], { cwd });
  const old = join(cwd, 'old.mjs');
  writeFileSync(
    old,
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.11.0' } });\n",
  );
  const command = [process.execPath, '--import', old, 'node_modules/nervous-system/dist/nervous.mjs', 'dev'];
  expect(await run(command, { cwd })).toMatchObject({
    ...{ code: 1, out: '' },
    err: expect.stringMatching(/^nervous needs Node 24, this is v[^\n]*npm install --save-dev node@24\n$/) as string,
  });
});

it('starts fast enough to be pleasant: measured, not asserted', async () => {
  const outside = emptyFolder('times');
  await must(['npm', 'create', '-y', 'nervous-system', PROJECT], { cwd: outside });
  const cwd = join(outside, PROJECT);
  const cli = join(cwd, 'node_modules/.bin/nervous');
  const help = await best(5, async () => {
    await must([cli, '--help'], { cwd });
    return undefined;
  });
  const ready = await best(3, async () => {
    const engine = await start([cli, 'dev', '--port', '0', '--json', ...DATA], { cwd, until: /^\{"url"/ });
    return engine.stop;
  });
  figure('nervous --help', `${help} ms (best of 5, warm)`);
  figure('nervous dev, ready', `${ready} ms (best of 3, warm)`);
  expect(JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8'))).toMatchObject({ name: PROJECT });
});

/** @param act whatever it returns is done after the time has been taken */
async function best(times: number, act: () => Promise<(() => Promise<void>) | undefined>): Promise<number> {
  const taken: number[] = [];
  for (let i = 0; i < times; i += 1) {
    const began = performance.now();
    const after = await act();
    taken.push(performance.now() - began);
    await after?.();
  }
  return Math.round(Math.min(...taken));
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1);
}

/** U14: one floor for Node, said in one line where it is not met, and no reason to notice it where the project's own Node is there. */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const FLOOR = 24;
const CLI = 'clients/cli/nervous.mjs';
const folder = mkdtempSync(join(tmpdir(), 'nervous-floor-'));
/** The launcher asks nothing else of the Node it runs on. */
const AS_NODE_20 =
  "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.11.0'}})";

afterAll(() => rmSync(folder, { recursive: true }));

describe('U14: the floor', () => {
  it('is the same in package.json, the lock, the launcher and the docs', () => {
    const { engines } = JSON.parse(readFileSync('package.json', 'utf8')) as { engines: { node: string } };
    expect(engines.node).toBe(`>=${FLOOR}`);
    const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
      packages: Record<string, { engines?: { node: string } }>;
    };
    expect(lock.packages['']?.engines?.node).toBe(`>=${FLOOR}`);
    expect(readFileSync(CLI, 'utf8')).toContain(`NEEDED_MAJOR = ${FLOOR};`);
    const docs = [
      'README.md',
      ...readdirSync('docs').flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
    ];
    for (const path of docs) {
      const named = [...readFileSync(path, 'utf8').matchAll(/\bNode(?:\.js)? (\d+)/g)].map(([, major]) =>
        Number(major),
      );
      expect([path, named.filter((major) => major !== FLOOR)]).toEqual([path, []]);
    }
  });

  it("is met by the project's own Node when the one at hand is older", () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', AS_NODE_20, CLI, '--version'], {
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('is said in one line where there is no other Node', () => {
    const alone = join(folder, 'nervous.mjs');
    copyFileSync(CLI, alone);
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', AS_NODE_20, alone, 'inbox'], {
      encoding: 'utf8',
    });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(
      /^nervous needs Node 24, this is v\d+[^\n]*: install it, or [^\n]*npm install --save-dev node@24\n$/,
    );
  });

  it('is met by the Node of a project that nervous is installed in', () => {
    const installed = join(folder, 'project/node_modules/nervous-system/dist');
    mkdirSync(installed, { recursive: true });
    // As the packages are built: compiled, because Node strips no types there.
    writeFileSync(join(installed, 'nervous.mjs'), readFileSync(CLI, 'utf8').replace("'./main.ts'", "'./main.mjs'"));
    writeFileSync(join(installed, 'main.mjs'), 'console.log(process.versions.node);\n');
    symlinkSync(join(process.cwd(), 'node_modules/node'), join(folder, 'project/node_modules/node'));
    const args = ['--import', AS_NODE_20, join(installed, 'nervous.mjs')];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect({ stdout, stderr }).toEqual({ stdout: `${process.versions.node}\n`, stderr: '' });
  });

  it('lets npm be silent about the versions that packages ask for', () => {
    expect(readFileSync('.npmrc', 'utf8').split('\n')).toContain('loglevel=error');
  });
});

/**
 * `npm run test:long [-- --only <suite>]`: the suites that take too long for every change, with their larger counts, one after the other.
 * What CI runs at night. Needs what the suites need: Python 3.11.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { scriptOptions } from '../support/script-options.ts';
import { LONG_SUITES } from './suites.ts';

const names = LONG_SUITES.map(({ name }) => name);
const { only = [], list = false } = scriptOptions(`npm run test:long -- [--only ${names.join(' | ')} …] [--list]`, {
  only: { type: 'string', multiple: true },
  list: { type: 'boolean' },
});
const unknown = only.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`no such suite: ${unknown.join(', ')}; there are ${names.join(', ')}`);
  process.exitCode = 2;
} else {
  const chosen = LONG_SUITES.filter(({ name }) => only.length === 0 || only.includes(name));
  const outcomes: string[] = [];
  for (const { name, args, env } of chosen) {
    const settings = Object.entries(env).map(([key, value]) => `${key}=${value}`);
    const command = [...settings, 'npm', ...args].join(' ');
    console.log(`\n== ${name}: ${command}`);
    if (list) continue;
    const began = performance.now();
    const [code] = (await once(spawn('npm', args, { stdio: 'inherit', env: { ...process.env, ...env } }), 'exit')) as [
      number | null,
    ];
    outcomes.push(`${code === 0 ? 'passed' : 'FAILED'}  ${name}  ${Math.round((performance.now() - began) / 1000)} s`);
    if (code !== 0) process.exitCode = 1;
  }
  if (!list) console.log(`\n${outcomes.join('\n')}`);
}

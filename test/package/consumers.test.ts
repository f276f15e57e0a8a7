/** Programs of others that use our types: with two compilers, two ways of finding modules, and every declaration checked. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { emptyFolder, must, run } from './stranger.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const COMPILERS = {
  'TypeScript 5.9': join(REPOSITORY, 'node_modules/typescript/bin/tsc'),
  'TypeScript 7': join(import.meta.dirname, 'node_modules/typescript-7/bin/tsc'),
};
const MODULES = { nodenext: 'nodenext', bundler: 'esnext' };
const CASES = Object.entries(COMPILERS).flatMap(([compiler, tsc]) =>
  Object.entries(MODULES).map(([moduleResolution, module]) => ({ compiler, tsc, moduleResolution, module })),
);

const CONSUMER = `
import { App } from 'aws-cdk-lib';
import * as z from 'zod';
import { createClient } from 'nervous-system';
import { defineConfig } from 'nervous-system/config';
import { startEngine, type CreateExecutors } from 'nervous-system/engine';
import { defineExecutor, testExecutor, type Client } from 'nervous-system/sdk';
import { startTestSystem } from 'nervous-system/testing';
import { NervousSystem } from 'nervous-system-aws';

export const config = defineConfig({
  ledger: 'main', origin: 'example.com/main',
  topics: { 'orders.placed': { description: 'An order', versions: { 1: z.strictObject({ cents: z.int() }) } } },
  modules: { shop: { description: 'Sells', publishes: ['orders.*'] } },
  roster: { roles: {}, people: [], agents: [] },
  operations: { enabled: ['state.put'] },
  risk: { version: '1', rules: [] },
});
export const client: Client<typeof config> = createClient<typeof config>({ url: 'http://127.0.0.1:4150', token: 't' });
export const system = (): NervousSystem => new NervousSystem(new App(), 'NervousSystem', { config, jwt: undefined });
export const engine = (): ReturnType<typeof startEngine> => startEngine({ config, dataDir: '.data', port: 0 });
export const lab = () => startTestSystem({ config });
export const createExecutors: CreateExecutors = () => ({});
export { defineExecutor, testExecutor };
await client.publish({ topic: 'orders.placed', eventId: '1', entityId: 'customer:1', payload: { cents: 1 } });
`;
const WRONG = CONSUMER.replace('payload: { cents: 1 }', "payload: { cents: 'one' }");

describe.each(CASES)('$compiler, $moduleResolution', ({ tsc, module, moduleResolution }) => {
  it('takes what is right and refuses what is wrong', async () => {
    const options = { strict: true, skipLibCheck: false, noEmit: true, target: 'es2024', types: ['node'] };
    for (const [name, file] of Object.entries({ right: 'right.ts', wrong: 'wrong.ts' })) {
      const compilerOptions = {
        ...options,
        lib: ['es2024', 'dom', 'dom.iterable', 'esnext.disposable'],
        module,
        moduleResolution,
      };
      const project = join(folder, `tsconfig.${name}.${moduleResolution}.json`);
      writeFileSync(project, JSON.stringify({ compilerOptions, files: [file] }));
      const { code, out } = await run([process.execPath, tsc, '-p', project], { cwd: folder });
      if (name === 'right') expect({ code, out }).toEqual({ code: 0, out: '' });
      else
        expect(out).toMatch(
          /^wrong\.ts\(\d+,\d+\): error TS2322: Type 'string' is not assignable to type 'number'\.\n$/,
        );
    }
  });
});

let folder = '';
beforeAll(async () => {
  folder = emptyFolder('consumer');
  writeFileSync(join(folder, 'right.ts'), CONSUMER);
  writeFileSync(join(folder, 'wrong.ts'), WRONG);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  const others = ['aws-cdk-lib', 'constructs', 'zod', '@types/node@24'];
  await must(['npm', 'install', '--ignore-scripts', 'nervous-system', 'nervous-system-aws', ...others], {
    cwd: folder,
  });
});

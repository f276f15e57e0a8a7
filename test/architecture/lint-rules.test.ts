/** Proves that the lint rules of this project's own fire where they should, and nowhere else. */
import { ESLint, type Linter } from 'eslint';
import { describe, expect, it } from 'vitest';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
/** Tells which rules stand where; they are run without the types of the whole program. */
const eslint = new ESLint({ cwd: ROOT });

async function rulesOf(path: string): Promise<Linter.RulesRecord> {
  const { rules } = (await eslint.calculateConfigForFile(join(ROOT, path))) as { rules: Linter.RulesRecord };
  return rules;
}

async function messages(path: string, code: string, rule: string): Promise<readonly string[]> {
  const bare = new ESLint({
    ...{ cwd: ROOT, overrideConfigFile: true },
    overrideConfig: { files: ['**/*.js'], rules: { [rule]: (await rulesOf(path))[rule] ?? 'off' } },
  });
  const [result] = await bare.lintText(code, { filePath: 'planted.js' });
  return (result?.messages ?? []).map(({ message }) => message);
}

describe('no Proxy stands for a part', () => {
  const PLANTED = ['new Proxy({}, {});', 'Proxy.revocable({}, {});'];

  it.each(['core/system', 'adapters/aws/wiring', 'lambdas/read', 'api', 'clients/sdk', 'testing'])(
    'in %s',
    async (area) => {
      for (const code of PLANTED)
        expect(await messages(`${area}/planted.ts`, code, 'no-restricted-syntax')).toEqual([
          'no Proxy: say what the part answers, or do not have it',
        ]);
    },
  );

  it('but tests may watch with one', async () => {
    for (const code of PLANTED) expect(await messages('test/planted.ts', code, 'no-restricted-syntax')).toEqual([]);
  });
});

it('no test waits for as long as a quick machine takes', async () => {
  for (const planted of ['vi.waitFor(look);', 'vi.waitUntil(look);', 'expect.poll(look).toBe(1);'])
    for (const area of ['test/e2e', 'test/aws/scenarios', 'bench/delivery', 'examples/demo'])
      expect(await messages(`${area}/planted.ts`, planted, 'no-restricted-properties')).toEqual([
        expect.stringContaining('await eventually(...) of test/support/eventually.ts'),
      ]);
  expect(await messages('test/planted.ts', 'eventually(look);', 'no-restricted-properties')).toEqual([]);
});

it('nothing branches more than can be followed', async () => {
  const branches = (count: number): string =>
    `function planted(n) { ${Array.from({ length: count }, (_, i) => `if (n === ${i}) return ${i};`).join(' ')} }`;
  expect(await messages('core/planted.ts', branches(19), 'complexity')).toEqual([]);
  expect(await messages('core/planted.ts', branches(20), 'complexity')).toHaveLength(1);
});

/** R3: `nervous policy lint` from the outside: the sample passes, a weak configuration does not, and says why. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'nervous-lint-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function lint(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const all = [join(ROOT, 'clients/cli/nervous.mjs'), 'policy', 'lint', ...args];
  return new Promise((resolve) =>
    execFile(process.execPath, all, { cwd: ROOT }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    ),
  );
}

it('R3: the sample passes', async () => {
  expect(await lint('--runs', '1')).toMatchObject({ code: 0, out: expect.stringMatching(/no way around/) as string });
});

it('R3: a weak configuration is exit code 1, with a witness and the rule to add', async () => {
  const file = join(folder, 'weak.config.ts');
  writeFileSync(
    file,
    `import { config as sample } from '${join(ROOT, 'nervous.config.ts')}';
    import { defineConfig } from '${join(ROOT, 'core/system/index.ts')}';
    const rules = sample.risk.rules.filter(({ name }) => name !== 'spread over accounts' && name !== 'bounded money of one person')
      .map((rule) => (rule.name === 'small' ? { ...rule, when: { ...rule.when, initiator: undefined } } : rule))
      .map((rule) => JSON.parse(JSON.stringify(rule)));
    export const config = defineConfig({ ...sample, risk: { ...sample.risk, rules } });`,
  );
  const { code, out } = await lint('--config', file, '--runs', '1');
  expect(code).toBe(1);
  expect(out).toMatch(
    /^spreading: what is L\d this way\n {4}on account:1: .*\n {2}is L\d that way\n {4}on account:1: /,
  );
  expect(out).toMatch(/add a rule on the day's sum of who proposes: .*recentMoved/);
  const asJson = await lint('--config', file, '--runs', '1', '--json');
  expect(JSON.parse(asJson.out)).toMatchObject({ findings: [{ kind: 'spreading' }] });
});

it('R3: refuses a number that is none', async () => {
  expect(await lint('--runs', 'many')).toMatchObject({ code: 2 });
});

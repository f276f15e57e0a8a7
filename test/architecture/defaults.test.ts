/** Proves that the lint refuses an invented default, and counts those that have a name. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';

const PLANTED = `
export const text = (one?: string): string => one ?? '';
export const count = (one?: number): number => one ?? 0;
export const fine = (one?: number): number => one ?? 1;
`.trimStart();
/** The type checker reads the whole product first. */
const PATIENCE_MS = 600_000;
const ROOT = join(import.meta.dirname, '../..');
const PRODUCT = ['core', 'api', 'adapters', 'clients', 'lambdas', 'lib'];
/** Each is text or a number of which none is the same as blank or zero. Lower it where one becomes a `must`, never raise it. */
const MOST = { orBlank: 67, orNone: 51 };

describe('invented defaults', () => {
  it.each(['core/ledger/index.ts', 'adapters/aws/bus/names.ts', 'clients/sdk/index.ts'])(
    'are refused in %s',
    { timeout: PATIENCE_MS },
    async (filePath) => {
      const [result] = await new ESLint({ cwd: ROOT }).lintText(PLANTED, { filePath: join(ROOT, filePath) });
      const found = result?.messages.filter(({ ruleId }) => ruleId === 'no-restricted-syntax');
      expect(found?.map(({ line }) => line)).toEqual([1, 2]);
    },
  );

  it('that have a name do not become more', () => {
    const texts = PRODUCT.flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
        .filter((file) => file.isFile() && file.name.endsWith('.ts'))
        .map((file) => readFileSync(join(file.parentPath, file.name), 'utf8')),
    );
    for (const [name, most] of Object.entries(MOST)) {
      const uses = texts.flatMap((text) => text.match(new RegExp(`\\b${name}\\(`, 'g')) ?? []);
      expect(uses.length, name).toBeLessThanOrEqual(most);
      expect(uses.length, name).toBeGreaterThan(0);
    }
  });
});

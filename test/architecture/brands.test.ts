/** Proves that the lint refuses a brand that no check made, and times compared as text (eslint.brands.mjs). */
import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';

/** As if it stood in a file of core. */
const PLANTED = `
import * as z from 'zod';
import type { EpochMs, IsoInstant } from '../brands/index.ts';
type Times = { readonly at: IsoInstant };
export const said = '2026-11-22T00:00:00Z' as IsoInstant;
export const hidden = '2026-11-22T00:00:00Z' as Times['at'];
export const counted = Number('5') as EpochMs | undefined;
export const schema = z.string().brand<'IsoInstant'>();
export const ordered = (a: Times, b: Times): boolean => a.at < b.at;
`.trimStart();
/** The type checker reads the whole product first. */
const PATIENCE_MS = 600_000;

describe('brands', () => {
  it(
    'are made by the checks alone, and text is not compared for the order of times',
    { timeout: PATIENCE_MS },
    async () => {
      const [result] = await new ESLint().lintText(PLANTED, { filePath: 'core/ledger/index.ts' });
      const found = result?.messages.filter(({ ruleId }) => ruleId?.startsWith('brands/') ?? false);
      expect(found?.map(({ ruleId, line }) => `${line} ${ruleId ?? ''}`)).toEqual([
        '4 brands/made-by-checks',
        '5 brands/made-by-checks',
        '6 brands/made-by-checks',
        '7 brands/made-by-checks',
        '8 brands/no-order-of-text',
      ]);
    },
  );
});

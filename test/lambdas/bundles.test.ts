/** What every function of the deployment loads: built as the stacks build it, small enough, and nothing of the other engine. */
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import { bundleOptions, MAX_BUNDLE_BYTES } from '../../lib/functions/bundling.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const entryOf = (name: string): string => `${root}lambdas/${name}/handler.ts`;
const names = readdirSync(`${root}lambdas`).filter((name) => existsSync(entryOf(name)));
const sizes: Record<string, { bytes: number; 'of the limit': string }> = {};

afterAll(() => console.table(sizes));

describe('the bundles', () => {
  it('are found', () => {
    expect(names).toEqual(expect.arrayContaining(['publish', 'read', 'service', 'verify']));
  });

  it.each(names)('%s', async (name) => {
    const options = bundleOptions(entryOf(name), `${root}nervous.config.ts`);
    const { outputFiles, metafile } = await build({ ...options, write: false, metafile: true, outdir: 'out' });
    const [output] = Object.values(metafile.outputs);
    const bytes = outputFiles[0]?.contents.length ?? 0;
    const modules = Object.keys(output?.inputs ?? {});
    sizes[name] = { bytes, 'of the limit': `${((100 * bytes) / MAX_BUNDLE_BYTES).toFixed(1)} %` };

    // Over it? `import * as z from 'zod'` lets esbuild leave out what is not used; `import { z }` costs 350 KB.
    expect(bytes).toBeLessThanOrEqual(MAX_BUNDLE_BYTES);
    expect(output?.exports).toContain('handler');
    expect(modules.filter((path) => /(^|\/)(adapters\/(embedded|memory)|test|clients)\//.test(path))).toEqual([]);
    expect(outputFiles[0]?.text).not.toMatch(/node:sqlite/);
    const outside = output?.imports.map(({ path }) => path.replace(/^node:/, '')) ?? [];
    expect(outside.filter((path) => !process.getBuiltinModule(path))).toEqual([]);
  });
});

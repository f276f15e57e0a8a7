/** Schemas in a bundle check what they check anywhere; only their own way to JSON Schema stays out of it. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { bundleOptions } from '../../lib/functions/bundling.ts';

const folder = mkdtempSync(join(tmpdir(), 'bundled-'));
const config = join(import.meta.dirname, '../../nervous.config.ts');

async function bundled(name: string, source: string): Promise<{ readonly bytes: number; readonly module: Made }> {
  const entry = join(folder, `${name}.ts`);
  const outfile = join(folder, `${name}.mjs`);
  writeFileSync(entry, `import * as z from 'zod';\n${source}`);
  const { metafile } = await build({ ...bundleOptions(entry, config), outfile, metafile: true });
  const [output] = Object.values(metafile.outputs);
  return { bytes: output?.bytes ?? 0, module: (await import(pathToFileURL(outfile).href)) as Made };
}

interface Made {
  readonly parse: (value: unknown) => boolean;
  readonly document?: () => unknown;
}

const SCHEMA = 'const schema = z.strictObject({ id: z.string().min(1), n: z.array(z.int()) });';
const PARSE = `${SCHEMA} export const parse = (value) => schema.safeParse(value).success;`;

it('leaves it out, and checks as before', async () => {
  const { bytes, module } = await bundled('parses', PARSE);
  const { bytes: withIt } = await bundled(
    'describes',
    `${PARSE} export const document = () => z.toJSONSchema(schema);`,
  );
  expect(withIt - bytes).toBeGreaterThan(15_000);
  expect([
    module.parse({ id: 'a', n: [1] }),
    module.parse({ id: '', n: [] }),
    module.parse({ id: 'a', n: ['1'] }),
  ]).toEqual([...[true, false, false]]);
});

it('makes the same document where one is asked for', async () => {
  const { module } = await bundled('asked', `${PARSE} export const document = () => z.toJSONSchema(schema);`);
  expect(module.document?.()).toEqual({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: {
      id: { type: 'string', minLength: 1 },
      n: { type: 'array', items: expect.objectContaining({ type: 'integer' }) as unknown },
    },
    required: ['id', 'n'],
    additionalProperties: false,
  });
});

it('says what to call instead of the method that is gone', async () => {
  const { module } = await bundled('method', `${PARSE} export const document = () => schema.toJSONSchema();`);
  expect(() => module.document?.()).toThrow('call z.toJSONSchema(schema)');
});

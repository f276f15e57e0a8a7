/** Declarations of a package's modules, with what they need of others, in a few files instead of one for each source. */
import { dirname, resolve } from 'node:path';
import { rollup, type Plugin } from 'rollup';
import { dts } from 'rollup-plugin-dts';

/**
 * @param entries name of the module → its declaration as the compiler wrote it
 * @param elsewhere the package that has what a declaration's file says, if another one has
 */
export async function rollUpTypes(
  entries: Readonly<Record<string, string>>,
  out: string,
  elsewhere: (path: string) => string | undefined = () => undefined,
): Promise<void> {
  const bundle = await rollup({
    input: entries,
    external: (id) => /^[^./]/.test(id),
    plugins: [declarations(elsewhere), dts(), indentedByTabs],
    onLog: () => undefined, // it would say which types have no name outside: those that nobody has to write
  });
  await bundle.write({ dir: out, format: 'es', entryFileNames: '[name].d.ts', chunkFileNames: 'types-[hash].d.ts' });
  await bundle.close();
}

/** The compiler leaves `./x.ts` in declarations; what stands there is `x.d.ts`. */
function declarations(elsewhere: (path: string) => string | undefined): Plugin {
  return {
    name: 'declarations',
    resolveId: (id, importer) => {
      if (!id.startsWith('.') || importer === undefined) return undefined;
      const path = resolve(dirname(importer), id.replace(/\.ts$/, '.d.ts'));
      const other = elsewhere(path);
      return other === undefined ? path : { id: other, external: true };
    },
  };
}

/** As anybody's editor shows them, in a quarter of the bytes. */
const indentedByTabs: Plugin = {
  name: 'indented-by-tabs',
  renderChunk: (code) => code.replace(/^(?: {4})+/gm, (spaces) => '\t'.repeat(spaces.length / SPACES)),
};
const SPACES = 4;

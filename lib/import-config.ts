/**
 * The configuration that is deployed, wherever its file is: what it imports by name (zod, and this package itself) comes
 * from where it stands, and from this package where there is nothing. The bundles do the same (bundling.ts).
 */
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { NervousConfig } from '../core/system/index.ts';

/** Neither relative nor absolute nor `node:…`: the name of a package. */
const PACKAGE = /^[^./:#][^:]*$/;

/** @throws what importing throws, and Error with a sentence when there is no configuration in it */
export async function importConfig(file: string): Promise<NervousConfig> {
  const hooks = registerHooks({
    resolve: (specifier, context, next) => {
      try {
        return next(specifier, context);
      } catch (error) {
        if (!PACKAGE.test(specifier)) throw error;
        return next(specifier, { ...context, parentURL: import.meta.url });
      }
    },
  });
  try {
    const { config } = (await import(pathToFileURL(file).href)) as { config?: NervousConfig };
    if (config === undefined) throw new Error(`"${file}" exports no configuration: export it as "config"`);
    return config;
  } finally {
    hooks.deregister();
  }
}

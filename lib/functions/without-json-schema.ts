/**
 * Zod's schemas carry their own way to JSON Schema, 21 KB that only `service` needs. Without it `z.toJSONSchema` works as ever,
 * because it brings the same code along, and only where it is called; a schema's own method `toJSONSchema` says that it is not there.
 * In a Zod that is written otherwise nothing is replaced: the bundles are larger then, and right.
 */
import { readFileSync } from 'node:fs';
import type { Plugin } from 'esbuild';

const CARRIED = /^ *inst\._zod\.processJSONSchema = .*;$/gm;
const OWN_METHOD = 'return createToJSONSchemaMethod(this, {})(params);';
const STANDARD = /createStandardJSONSchemaMethod\(this, "(?:input|output)"\)/g;
const ABSENT = 'throw new Error("this bundle has no schema.toJSONSchema(): call z.toJSONSchema(schema)");';

export const withoutJsonSchema: Plugin = {
  name: 'without-json-schema',
  setup: (build) => {
    build.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]classic[\\/]schemas\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8')
        .replace(CARRIED, '')
        .replace(OWN_METHOD, ABSENT)
        .replace(STANDARD, 'undefined'),
      loader: 'js',
    }));
  },
};

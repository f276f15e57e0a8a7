/** The stacks of the last release with the functions of that time (test/golden/a3e27e8), as the CDK takes them in place of an app. */
import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import type { IssuerKey } from './oidc-issuer.ts';

const PACKED = join(import.meta.dirname, '../../golden/a3e27e8/assembly.tar.br');
/** As it was synthesised: the command is in test/golden/README.md. */
export const GOLDEN_NAME = 'olden';
const ISSUER = '"http://issuer.invalid"';
const AUDIENCE = '"golden"';
/** Files about the app's constructs, which are not kept. */
const METADATA = /"additionalMetadataFile": "[^"]*"/g;

/** @param issuer whose tokens its API is to take @returns the folder */
export function unpackGolden(into: string, { issuer, audience }: IssuerKey): string {
  mkdirSync(into);
  execFileSync('tar', ['-x', '-C', into], { input: brotliDecompressSync(readFileSync(PACKED)) });
  const put: readonly [glob: string, find: RegExp | string, by: string][] = [
    ['manifest.json', METADATA, '"additionalMetadataFile": "none.metadata.json"'],
    ['*.template.json', ISSUER, JSON.stringify(issuer)],
    ['*.template.json', AUDIENCE, JSON.stringify(audience)],
  ];
  writeFileSync(join(into, 'none.metadata.json'), '{}');
  for (const [glob, find, by] of put)
    for (const file of globSync(join(into, glob)))
      writeFileSync(
        file,
        readFileSync(file, 'utf8').replaceAll(find, () => by),
      );
  return into;
}

/**
 * `nervous-system-aws`: the constructs, and the functions as the compiler left them. They are bundled when the user's app is
 * synthesised, with the user's configuration inside; so each module stays a file of its own, of which a bundle takes what it needs.
 */
import { cpSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { COMPILED } from './paths.ts';
import { rollUpTypes } from './types.ts';

/** What the constructs and the functions are made of. */
const ROOMS = ['core', 'api', 'adapters/aws', 'adapters/memory', 'lambdas', 'lib', 'packages/nervous-system-aws'];

/** @param out the folder that becomes the package's `dist` */
export async function copyAwsPackage(out: string): Promise<void> {
  for (const room of ROOMS)
    cpSync(join(COMPILED, room), join(out, room), { recursive: true, filter: (path) => !path.endsWith('.d.ts') });
  const types = join(COMPILED, 'packages/nervous-system-aws/index.d.ts');
  await rollUpTypes({ index: types }, out, fromMainPackage);
}

/** A configuration is one of the package that made it: its type must not exist twice. */
function fromMainPackage(path: string): string | undefined {
  return relative(COMPILED, path).split(sep).join('/') === 'core/system/index.d.ts'
    ? 'nervous-system/config'
    : undefined;
}

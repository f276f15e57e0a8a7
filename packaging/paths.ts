/** Where the packages are built: under `dist/`, which git ignores. */
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..');
/** What the compiler made of every source, before packages take their part of it. */
export const COMPILED = join(ROOT, 'dist/compiled');
/** A folder for each package, as it is packed. */
export const PACKAGES = join(ROOT, 'dist/packages');

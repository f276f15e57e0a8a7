/** Once per `npm run test:foreign`: installs the JavaScript tools of this folder's own package, which the project does not depend on. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const LOCK = join(import.meta.dirname, 'package-lock.json');
const INSTALLED = join(import.meta.dirname, 'node_modules', '.installed');

export default async function setup(): Promise<void> {
  const wanted = createHash('sha256').update(readFileSync(LOCK)).digest('hex');
  if (existsSync(INSTALLED) && readFileSync(INSTALLED, 'utf8') === wanted) return;
  // Without scripts: none of these tools needs one.
  await promisify(execFile)('npm', ['ci', '--ignore-scripts'], { cwd: import.meta.dirname });
  writeFileSync(INSTALLED, wanted);
}

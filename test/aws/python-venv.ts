/**
 * Makes the Python environment that the emulator or docs/verifier.py runs in: once per content of requirements.txt, every
 * file checked by hash, nothing built from source. Knows nothing about AWS.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HarnessError } from './support/harness-error.ts';

const run = promisify(execFile);
const OLDEST_MINOR = 10;
const INSTALL_TIMEOUT_MS = 300_000;
const PYTHONS = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python'];
const NEEDS_PYTHON = `Python 3.${OLDEST_MINOR} or newer with venv and pip is needed`;

/** The interpreter of a ready environment. Two processes may prepare the same one: the last rename loses, harmlessly. */
export async function prepareVenv(requirements: string, cacheDir: string): Promise<string> {
  const key = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 16);
  const venv = join(cacheDir, `venv-${key}`);
  const python = join(venv, 'bin', 'python');
  if (existsSync(python)) return python;

  const base = await findPython(process.env.NERVOUS_PYTHON === undefined ? PYTHONS : [process.env.NERVOUS_PYTHON]);
  await mkdir(cacheDir, { recursive: true });
  const unfinished = await mkdtemp(`${venv}-`);
  try {
    await install(base, unfinished, requirements);
    await rename(unfinished, venv).catch((error: unknown) => {
      if (!existsSync(python)) throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return python;
}

async function findPython(candidates: readonly string[]): Promise<string> {
  const check = `import sys, venv, ensurepip; sys.exit(sys.version_info < (3, ${OLDEST_MINOR}))`;
  for (const candidate of candidates) {
    const usable = await run(candidate, ['-c', check]).then(
      () => true,
      () => false,
    );
    if (usable) return candidate;
  }
  throw new HarnessError(
    `${NEEDS_PYTHON}; none of ${candidates.join(', ')} is one: install it, or set NERVOUS_PYTHON.`,
  );
}

async function install(base: string, venv: string, requirements: string): Promise<void> {
  await run(base, ['-m', 'venv', venv]).catch((error: unknown) => {
    throw new HarnessError(`${NEEDS_PYTHON}; "${base} -m venv" failed: ${lastLine(error)}`);
  });
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  const checked = ['--require-hashes', '--only-binary=:all:', '--no-deps', '--requirement', requirements];
  await run(join(venv, 'bin', 'python'), [...pip, ...checked], { timeout: INSTALL_TIMEOUT_MS }).catch(
    (error: unknown) => {
      throw new HarnessError(`Cannot install the packages of ${requirements} with pip: ${lastLine(error)}`);
    },
  );
}

function lastLine(error: unknown): string {
  const stderr = (error as { stderr?: string }).stderr?.trim();
  const text = stderr === undefined || stderr === '' ? (error as Error).message : stderr;
  return text.split('\n').at(-1) ?? text;
}

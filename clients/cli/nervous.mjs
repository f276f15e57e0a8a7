#!/usr/bin/env node
/**
 * Runs the command line on a Node that can run it: this one if it strips types and has SQLite (24 or newer), else the
 * project's own. What Node compiled is kept between runs, which halves what a start costs. A service (`nervous dev`) is started with
 * bounds of memory. Plain JavaScript, because an older Node reads it first.
 */
import { spawn } from 'node:child_process';
import { lstatSync, mkdirSync } from 'node:fs';
import module from 'node:module';
import { constants, homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

const NEEDED_MAJOR = 24;
/**
 * Of a service: V8 lets its young generation grow to 16 MiB three times over, and old objects to four times what is in use; glibc keeps an
 * arena for each thread. docs/embedded.md has what these bounds save.
 */
const YOUNG_GENERATION = '--max-semi-space-size=4';
const OLD_GENERATION = '--heap-growing-percent=50';
const ARENAS = { MALLOC_ARENA_MAX: '2' };
const isService = process.argv[2] === 'dev';
const main = new URL('./main.ts', import.meta.url);
const ownNode = findOwnNode();

keepCompiled();
if (Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR && process.features.typescript) {
  if (isService) boundMemory();
  await import(main.href);
} else if (ownNode !== undefined) {
  reexecute();
} else {
  const remedy = `install it, or give the project one of its own: npm install --save-dev node@${NEEDED_MAJOR}`;
  console.error(`nervous needs Node ${NEEDED_MAJOR}, this is ${process.version}: ${remedy}`);
  process.exitCode = 1;
}

/** The package `node`, in this repository or beside this package where it is installed. */
function findOwnNode() {
  try {
    return module.createRequire(import.meta.url).resolve('node/bin/node');
  } catch {
    return undefined; // there is none
  }
}

/** In the environment, so that threads and a second Node use it too. Whoever said otherwise there is heard. */
function keepCompiled() {
  const { NODE_COMPILE_CACHE, NODE_DISABLE_COMPILE_CACHE } = process.env;
  if (NODE_COMPILE_CACHE !== undefined || NODE_DISABLE_COMPILE_CACHE !== undefined) return;
  try {
    const folder = join(cacheFolder(), 'nervous-system', 'compiled');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // It is code that will run: not from a folder that somebody else may write.
    const { uid, mode } = lstatSync(folder);
    if (process.getuid !== undefined && (uid !== process.getuid() || (mode & 0o022) !== 0)) return;
    module.enableCompileCache?.(folder);
    process.env.NODE_COMPILE_CACHE = folder;
  } catch {
    // Without it everything takes a little longer: no home, a full disk, a folder that may not be written.
  }
}

function cacheFolder() {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (process.platform === 'win32' && LOCALAPPDATA !== undefined) return LOCALAPPDATA;
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches');
  // https://specifications.freedesktop.org/basedir-spec: a relative path is as if it were not there
  return XDG_CACHE_HOME !== undefined && isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(homedir(), '.cache');
}

/**
 * The young generation and the arenas are bounded when a process begins, so this one begins anew, with the same id and streams. Whoever
 * chose for themselves, or is another's child with a channel to it, keeps what they have; where it cannot be done, memory is not bounded.
 */
function boundMemory() {
  const chosen = `${process.env.NODE_OPTIONS ?? ''} ${process.execArgv.join(' ')}`;
  if (!chosen.includes('heap-growing-percent')) setFlagsFromString(OLD_GENERATION);
  if (/semi[-_]space/.test(chosen) || process.send !== undefined || process.execve === undefined) return;
  const args = [process.execPath, YOUNG_GENERATION, ...process.execArgv, ...process.argv.slice(1)];
  try {
    process.execve(process.execPath, args, { ...ARENAS, ...process.env });
  } catch {
    // Windows has no such call.
  }
}

function reexecute() {
  // The channel tells the child when this process is gone, even killed, so that no engine is left behind.
  const stdio = ['inherit', 'inherit', 'inherit', 'ipc'];
  const bounds = isService ? { flags: [YOUNG_GENERATION, OLD_GENERATION], arenas: ARENAS } : { flags: [], arenas: {} };
  const env = { ...bounds.arenas, ...process.env };
  const child = spawn(ownNode, [...bounds.flags, fileURLToPath(main), ...process.argv.slice(2)], { stdio, env });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`cannot run ${ownNode}: ${error.message}`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

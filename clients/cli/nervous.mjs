#!/usr/bin/env node
/**
 * Runs the command line on a Node that can run it: this one if it strips types and has SQLite (24 or newer), else the
 * project's own. Plain JavaScript, because an older Node reads it first.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const NEEDED_MAJOR = 24;
const main = new URL('./main.ts', import.meta.url);
const ownNode = fileURLToPath(new URL('../../node_modules/node/bin/node', import.meta.url));

if (Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR && process.features.typescript) {
  await import(main.href);
} else if (existsSync(ownNode)) {
  reexecute();
} else {
  console.error(`nervous needs Node ${NEEDED_MAJOR}, this is ${process.version}: install it, or run npm ci`);
  process.exitCode = 1;
}

function reexecute() {
  // The channel tells the child when this process is gone, even killed, so that no engine is left behind.
  const stdio = ['inherit', 'inherit', 'inherit', 'ipc'];
  const child = spawn(ownNode, [fileURLToPath(main), ...process.argv.slice(2)], { stdio });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`cannot run ${ownNode}: ${error.message}`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

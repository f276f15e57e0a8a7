/**
 * `engine.json` in a data folder: where the engine that runs on it listens. Written when it serves, removed when it stops; what
 * a killed engine left behind is never believed, because the folder's lock is free then.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeDurably } from '../machine/durable-file.ts';
import { isLocked } from '../store/sqlite-schema.ts';

const FILE = 'engine.json';
const OWNER_ONLY = 0o600;

export type RunningEngine =
  | { readonly kind: 'running'; readonly url: string }
  /** an engine holds the folder, but says not (or not yet) where it listens */
  | { readonly kind: 'silent' }
  | { readonly kind: 'none' };

export function writeEngineFile(dataDir: string, url: string): void {
  writeDurably(join(dataDir, FILE), `${JSON.stringify({ version: 1, url, pid: process.pid })}\n`, OWNER_ONLY);
}

/** Whoever holds the lock calls it: before it serves, because of an engine that was killed, and when it stops. */
export function removeEngineFile(dataDir: string): void {
  rmSync(join(dataDir, FILE), { force: true });
}

/** Where the engine of this folder listens. A port alone proves nothing: another program may have it by now. */
export function findEngine(dataDir: string): RunningEngine {
  if (!isLocked(dataDir)) return { kind: 'none' };
  const path = join(dataDir, FILE);
  if (!existsSync(path)) return { kind: 'silent' };
  const url = urlIn(readFileSync(path, 'utf8'));
  return url === undefined ? { kind: 'silent' } : { kind: 'running', url };
}

function urlIn(text: string): string | undefined {
  try {
    const { url } = JSON.parse(text) as { readonly url?: unknown };
    return typeof url === 'string' && URL.canParse(url) ? url : undefined;
  } catch {
    return undefined; // written by somebody else: the engine replaces the file whole
  }
}

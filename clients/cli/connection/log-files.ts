/** Reads the files of a tlog-tiles log from a folder or a web server. What it reads is untrusted: it bounds what it keeps. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { readPacked } from '../../../adapters/embedded/log/packed-bundle.ts';
import { MAX_BUNDLE_BYTES, type ReadLogFile } from '../../../core/ledger/index.ts';
import { Unreachable } from '../../sdk/index.ts';

/** Nothing in a log is larger than a bundle of the largest entries; one byte more shows that it is. */
const MAX_READ_BYTES = MAX_BUNDLE_BYTES + 1;
const TRIES = 3;
const FIRST_PAUSE_MS = 200;
const TIMEOUT_MS = 30_000;
/** Object stores answer 403 for what is not there, to callers who may not list. */
const NOT_THERE = new Set([403, 404, 410]);

class ServerUnreachable extends Unreachable {
  constructor(url: string, reason: string) {
    super(url, reason);
    this.message = `cannot reach ${url} (${reason}): is the address right?`;
  }
}

export function logFiles(folderOrUrl: string): ReadLogFile {
  return /^https?:\/\//i.test(folderOrUrl) ? fromServer(folderOrUrl) : fromFolder(folderOrUrl);
}

/** The log of a data folder, or of anybody. */
function fromFolder(folder: string): ReadLogFile {
  return readPacked((path) => fromFile(join(folder, path)));
}

async function fromFile(path: string): Promise<Uint8Array | undefined> {
  const file = await open(path).catch((cause: unknown) => {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new Error(`"${path}" cannot be read: ${message}`, { cause });
  });
  if (file === undefined) return undefined;
  try {
    const stat = await file.stat();
    if (!stat.isFile()) return undefined;
    const bytes = Buffer.alloc(Math.min(stat.size, MAX_READ_BYTES));
    let length = 0;
    for (let read = -1; length < bytes.length && read !== 0; length += read)
      read = (await file.read(bytes, length, bytes.length - length, length)).bytesRead;
    return bytes.subarray(0, length);
  } finally {
    await file.close();
  }
}

function fromServer(url: string): ReadLogFile {
  const base = url.endsWith('/') ? url : `${url}/`;
  return async (path) => {
    const target = new URL(path, base).href;
    for (let tried = 1; ; tried += 1) {
      const answer = await fetchOnce(target);
      if (answer instanceof Uint8Array) return answer;
      if (answer.kind === 'status' && NOT_THERE.has(answer.status) && path !== 'checkpoint') return undefined;
      const isPassing = answer.kind === 'failed' || answer.status === 429 || answer.status >= 500;
      if (isPassing && tried < TRIES) await pause(FIRST_PAUSE_MS * 2 ** (tried - 1));
      else if (answer.kind === 'status') throw new Error(`${target} answers with status ${answer.status}`);
      else throw new ServerUnreachable(target, answer.reason);
    }
  };
}

type Failure =
  { readonly kind: 'status'; readonly status: number } | { readonly kind: 'failed'; readonly reason: string };

async function fetchOnce(target: string): Promise<Uint8Array | Failure> {
  try {
    const response = await fetch(target, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.status === 200) return await bounded(response);
    await response.body?.cancel();
    return { kind: 'status', status: response.status };
  } catch (error) {
    const { cause, message } = error as Error;
    const inner = cause instanceof Error ? (cause as NodeJS.ErrnoException) : undefined;
    return { kind: 'failed', reason: inner?.code ?? inner?.message ?? message };
  }
}

async function bounded(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop ends the transfer.
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= MAX_READ_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, MAX_READ_BYTES);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

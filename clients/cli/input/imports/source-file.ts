/**
 * The bytes of a file that is imported, unpacked when it is gzip, with the SHA-256 of the file as it was given. Memory is that of a
 * few chunks. A file that unpacks to far more than anybody's records do is refused: it was made to fill a disk.
 */
import { createHash } from 'node:crypto';
import { createReadStream, openSync, readSync, closeSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { createGunzip } from 'node:zlib';
import { UsageError } from '../../output/output.ts';

/** JSON logs shrink to a tenth, a table of one repeated row to a hundredth; nulls to a thousandth. */
const MAX_RATIO = 250;
/** Small files may repeat themselves. */
const RATIO_FROM_BYTES = 64 * 1024 * 1024;
const MIB = 1024 * 1024;

export interface SourceFile {
  /** without folders: those are the importer's own business */
  readonly name: string;
  readonly bytes: number;
  /** of it that were read so far */
  readonly read: () => number;
  /** SHA-256 of the file, in hex; once everything was read */
  readonly digest: () => string;
  readonly chunks: () => AsyncGenerator<Buffer>;
}

/** @throws UsageError when it cannot be read, is cut off, or unpacks to too much */
export function openSource(path: string): SourceFile {
  const bytes = sizeOf(path);
  const hash = createHash('sha256');
  let read = 0;
  async function* packed(): AsyncGenerator<Buffer> {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      read += chunk.length;
      yield chunk;
    }
  }
  async function* unpacked(): AsyncGenerator<Buffer> {
    let out = 0;
    const gunzip = createGunzip();
    const feeding = feed(packed(), gunzip);
    try {
      for await (const chunk of gunzip as AsyncIterable<Buffer>) {
        out += chunk.length;
        if (out > RATIO_FROM_BYTES && out > read * MAX_RATIO)
          throw new UsageError(
            `"${path}" unpacks to more than ${MAX_RATIO} times its size (${Math.round(out / MIB)} MiB so far): unpack it yourself if that is right`,
          );
        yield chunk;
      }
      await feeding;
    } catch (cause) {
      if (cause instanceof UsageError) throw cause;
      throw new UsageError(`"${path}" is no whole gzip file (${(cause as Error).message}): get it again`, { cause });
    } finally {
      gunzip.destroy();
      await feeding.catch(() => undefined); // it was told above, or nobody waits for it any more
    }
  }
  return {
    ...{ name: basename(path), bytes, read: () => read },
    digest: () => hash.digest('hex'),
    chunks: () => (isGzip(path) ? unpacked() : packed()),
  };
}

async function feed(chunks: AsyncIterable<Buffer>, gunzip: ReturnType<typeof createGunzip>): Promise<void> {
  try {
    for await (const chunk of chunks) {
      if (gunzip.destroyed) return;
      if (!gunzip.write(chunk))
        await new Promise<void>((resolve) => {
          gunzip.once('drain', resolve);
          gunzip.once('close', resolve);
        });
    }
    gunzip.end();
  } catch (error) {
    gunzip.destroy(error as Error);
  }
}

/** The first bytes, to find out what the file is. */
function firstBytes(path: string, count: number): Buffer {
  const bytes = Buffer.alloc(count);
  const file = openSync(path, 'r');
  try {
    return bytes.subarray(0, readSync(file, bytes, 0, count, 0));
  } finally {
    closeSync(file);
  }
}

function isGzip(path: string): boolean {
  const [one, two] = firstBytes(path, 2);
  return one === 0x1f && two === 0x8b;
}

function sizeOf(path: string): number {
  try {
    const found = statSync(path);
    if (found.isFile()) return found.size;
  } catch (cause) {
    throw new UsageError(`"${path}" cannot be read: ${(cause as Error).message}`, { cause });
  }
  throw new UsageError(`"${path}" is not a file: name one file at a time, or use * in a shell`);
}

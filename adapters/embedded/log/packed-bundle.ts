/**
 * A full entry bundle as it lies in a data folder: gzip (RFC 1952) in one form, with nothing before, beside or behind the bundle.
 * A bundle repeats itself in every entry; packed it takes about a fifth.
 */
import { promisify } from 'node:util';
import { crc32, deflateRaw, inflateRaw, type ZlibOptions } from 'node:zlib';
import { MAX_BUNDLE_BYTES, type ReadLogFile } from '../../../core/ledger/index.ts';

export const PACKED_SUFFIX = '.gz';
/** Deflate, no flags, no time, no word of how it was made, no system. */
const HEADER = Buffer.from('1f8b08000000000000ff', 'hex');
/** Checksum and length of what was packed, four bytes each, little-endian. */
const END_BYTES = 8;
/** The fastest: the next ones take twice as long for a twentieth less. */
const LEVEL = 1;

/** What Node answers to `info: true`, which its types do not know. */
type Inflated = { readonly buffer: Uint8Array; readonly engine: { readonly bytesWritten: number } };

const deflate = promisify<Uint8Array, ZlibOptions, Uint8Array>(deflateRaw);
const inflate = promisify<Uint8Array, ZlibOptions, unknown>(inflateRaw);

/** Reads a folder whose full bundles are packed, or plain as an older engine left them. @param readFile a file by its name */
export function readPacked(readFile: ReadLogFile): ReadLogFile {
  return async (path) => {
    const plain = await readFile(path);
    if (plain !== undefined || !isKeptPacked(path)) return plain;
    const packed = await readFile(`${path}${PACKED_SUFFIX}`);
    return packed === undefined ? undefined : unpackBundle(packed);
  };
}

/** Is it the path of a bundle that is written packed? Partial ones are written again and again, and are few. */
export function isKeptPacked(path: string): boolean {
  return path.startsWith('tile/entries/') && !path.includes('.p/');
}

export async function packBundle(bundle: Uint8Array): Promise<Uint8Array> {
  return Buffer.concat([HEADER, await deflate(bundle, { level: LEVEL }), endOf(bundle)]);
}

/** Input is untrusted. What is in another form is given as it is: then it is not the bytes of the bundle, and that is found. */
async function unpackBundle(file: Uint8Array): Promise<Uint8Array> {
  return (await contentOf(file)) ?? file;
}

async function contentOf(file: Uint8Array): Promise<Uint8Array | undefined> {
  const stream = file.subarray(HEADER.length, -END_BYTES);
  if (file.length < HEADER.length + END_BYTES || Buffer.compare(file.subarray(0, HEADER.length), HEADER) !== 0)
    return undefined;
  const inflated = await inflatedOf(stream);
  const isExact =
    inflated?.engine.bytesWritten === stream.length &&
    Buffer.compare(endOf(inflated.buffer), file.subarray(-END_BYTES)) === 0;
  return isExact ? inflated.buffer : undefined;
}

/** Undefined: it is no stream of this kind, or longer than any bundle. */
async function inflatedOf(stream: Uint8Array): Promise<Inflated | undefined> {
  const options: ZlibOptions = { info: true, maxOutputLength: MAX_BUNDLE_BYTES };
  try {
    return (await inflate(stream, options)) as Inflated;
  } catch (error) {
    if (isUnreadable(error)) return undefined;
    throw error;
  }
}

function isUnreadable(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'Z_DATA_ERROR' || code === 'Z_BUF_ERROR' || code === 'ERR_BUFFER_TOO_LARGE';
}

function endOf(bundle: Uint8Array): Uint8Array {
  const end = Buffer.alloc(END_BYTES);
  end.writeUInt32LE(crc32(bundle));
  end.writeUInt32LE(bundle.length, END_BYTES / 2);
  return end;
}

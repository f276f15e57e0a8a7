/** Cuts a byte stream into lines without ever holding more than one chunk and one line. */
import type { Readable } from 'node:stream';

const NEWLINE = 0x0a;

/**
 * The lines of each chunk, without their ends; the last one need not have an end. undefined stands for a line of more than
 * `maxBytes`, which is skipped.
 */
export async function* linesOf(input: Readable, maxBytes: number): AsyncGenerator<readonly (Uint8Array | undefined)[]> {
  let begun: Buffer[] = [];
  let length = 0;
  const finish = (end: Buffer): Uint8Array | undefined => {
    const line = length + end.length > maxBytes ? undefined : begun.length === 0 ? end : Buffer.concat([...begun, end]);
    begun = [];
    length = 0;
    return line;
  };
  for await (const chunk of input as AsyncIterable<Buffer>) {
    const lines: (Uint8Array | undefined)[] = [];
    let from = 0;
    for (let to = chunk.indexOf(NEWLINE); to >= 0; to = chunk.indexOf(NEWLINE, from)) {
      lines.push(finish(chunk.subarray(from, to)));
      from = to + 1;
    }
    length += chunk.length - from;
    if (length > maxBytes) begun = [];
    else if (from < chunk.length) begun.push(chunk.subarray(from));
    if (lines.length > 0) yield lines;
  }
  if (length > 0) yield [finish(Buffer.of())];
}

/**
 * Cuts a stream of bytes into records, each with the place where it stood. Memory is bounded by the longest record that is taken: a
 * longer one is passed over to its end and named, whatever it holds.
 */
import { BEHIND, BETWEEN, LAST, WITHIN, type Framing } from './framing.ts';

const LF = 0x0a;

/** `record` counts from 1, and so does `line`; `offset` is that of its first byte. */
export type FramedRecord = { readonly record: number; readonly line: number; readonly offset: number } & (
  { readonly kind: 'record'; readonly bytes: Buffer } | { readonly kind: 'bad'; readonly reason: string }
);

export async function* splitRecords(
  chunks: AsyncIterable<Buffer>,
  framing: Framing,
  maxBytes: number,
): AsyncGenerator<FramedRecord> {
  let [record, line, offset] = [0, 1, 0];
  let begun: { readonly line: number; readonly offset: number; length: number; parts: Buffer[] } | undefined;
  const done = (): FramedRecord[] => {
    if (begun === undefined) return [];
    const { parts, length, ...place } = begun;
    begun = undefined;
    record += 1;
    const at = { record, line: place.line, offset: place.offset };
    if (length <= maxBytes) return [{ kind: 'record', ...at, bytes: Buffer.concat(parts) }];
    return [
      { kind: 'bad', ...at, reason: `it has ${length} bytes and ends on line ${line}; at most ${maxBytes} are taken` },
    ];
  };
  const keep = (part: Buffer): void => {
    if (begun === undefined || part.length === 0) return;
    begun.length += part.length;
    if (begun.length <= maxBytes) begun.parts.push(part);
    else begun.parts = [];
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i] as number;
      const role = framing.next(byte);
      if (begun === undefined && (role === WITHIN || role === LAST)) {
        begun = { line, offset: offset + i, length: 0, parts: [] };
        from = i;
      }
      if (role === LAST || role === BEHIND) {
        keep(chunk.subarray(from, role === LAST ? i + 1 : i));
        yield* done();
        from = i + 1;
      } else if (role === BETWEEN) from = i + 1;
      if (byte === LF) line += 1;
    }
    keep(chunk.subarray(from));
    offset += chunk.length;
  }
  if (framing.endsAnywhere()) yield* done();
  else {
    const at = { record: record + 1, line: begun?.line ?? line, offset: begun?.offset ?? offset };
    const reason = begun === undefined ? 'the file ends before what the records stand in' : 'the file ends within it';
    yield { kind: 'bad', ...at, reason };
  }
}

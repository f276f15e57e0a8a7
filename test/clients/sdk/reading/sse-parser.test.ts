/** Server-sent events as WHATWG HTML section 9.2.6 interprets them, in pieces cut anywhere. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SseParser, type ServerSentEvent } from '../../../../clients/sdk/reading/sse-parser.ts';

function parse(...pieces: readonly string[]): ServerSentEvent[] {
  const parser = new SseParser();
  return pieces.flatMap((piece) => [...parser.push(piece)]);
}

const message = (data: string, lastEventId = '', type = 'message'): ServerSentEvent => ({ type, data, lastEventId });

describe('a stream of events', () => {
  it.each([
    // the standard's own examples
    ['data: YHOO\ndata: +2\ndata: 10\n\n', [message('YHOO\n+2\n10')]],
    [
      ': test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n',
      [message('first event', '1'), message('second event'), message(' third event')],
    ],
    ['data\n\ndata\ndata\n\ndata:', [message(''), message('\n')]],
    ['data:test\n\ndata: test\n\n', [message('test'), message('test')]],
    // and what else it says
    ['event: add\ndata: 1\n\ndata: 2\n\n', [message('1', '', 'add'), message('2')]],
    ['event: add\n\ndata: 1\n\n', [message('1')]],
    ['id: 7\n\ndata: 1\n\n', [message('1', '7')]],
    ['id: 7\ndata: 1\n\nid: a\0b\ndata: 2\n\n', [message('1', '7'), message('2', '7')]],
    ['retry: 10\nunknown: x\nDATA: x\n data: x\n\n', []],
    ['data: a:b: c\n\n', [message('a:b: c')]],
    ['data: no blank line follows\n', []],
    ['\n\n\n', []],
  ] as const)('%j', (text, events) => {
    for (const lineEnd of ['\n', '\r\n', '\r']) expect(parse(text.replaceAll('\n', lineEnd))).toEqual(events);
  });

  it('keeps the id of the connection before until there is another', () => {
    const parser = new SseParser('5');
    expect(parser.push('retry: 1\n')).toEqual([]);
    expect(parser.lastEventId).toBe('5');
    expect(parser.push('data: x\n\n')).toEqual([message('x', '5')]);
    parser.push(': nothing new\nid: 6\n');
    expect(parser.lastEventId).toBe('5'); // half a block
    parser.push('\n');
    expect(parser.lastEventId).toBe('6');
  });
});

/** Mixed as they may be: a CR before an LF would be one end, not two. */
const lineEnds = fc
  .constantFrom(['\n', '\r\n'], ['\r', '\r\n'])
  .chain((ends) => fc.infiniteStream(fc.constantFrom(...ends)));
const text = fc.string({ unit: fc.constantFrom('a', ' ', ':', '{', 'é', '🙂', '\u2028'), maxLength: 12 });
const block = fc.record({
  id: fc.option(text, { nil: undefined }),
  type: fc.option(
    text.filter((type) => type.trim() === type),
    { nil: undefined },
  ),
  data: fc.array(text, { maxLength: 4 }),
  comment: text,
});

/** An infinite stream has always one more. */
function takeNext<T>(values: Iterator<T>): T {
  const next = values.next();
  if (next.done === true) throw new Error('an infinite stream ended');
  return next.value;
}

/** Each line with an end of its own; the text and what it means. */
const stream = fc.tuple(fc.array(block, { maxLength: 6 }), lineEnds).map(([blocks, ends]) => {
  let written = '';
  let lastEventId = '';
  const events: ServerSentEvent[] = [];
  for (const { id, type, data, comment } of blocks) {
    const lines = [
      `:${comment}`,
      ...(id === undefined ? [] : [`id: ${id}`]),
      ...data.map((line) => `data: ${line}`),
      ...(type === undefined ? [] : [`event: ${type}`]),
      '',
    ];
    for (const line of lines) written += line + takeNext(ends);
    lastEventId = id ?? lastEventId;
    if (data.length > 0)
      events.push(message(data.join('\n'), lastEventId, type === undefined || type === '' ? 'message' : type));
  }
  return { written, events };
});

describe('pieces', () => {
  it('mean the same wherever they are cut', () => {
    fc.assert(
      fc.property(stream, fc.infiniteStream(fc.integer({ min: 1, max: 5 })), ({ written, events }, sizes) => {
        const pieces: string[] = [];
        for (let at = 0; at < written.length; at += pieces.at(-1)?.length ?? 1)
          pieces.push(written.slice(at, at + takeNext(sizes)));
        expect(parse(written)).toEqual(events);
        expect(parse(...pieces)).toEqual(events);
        expect(parse(...written.split(''))).toEqual(events); // between the halves of a surrogate pair too
      }),
    );
  });

  it('complete an event with its blank line, however that is cut', () => {
    const parser = new SseParser();
    expect(parser.push('data: 1\r')).toEqual([]);
    expect(parser.push('\n\r')).toEqual([message('1')]);
    expect(parser.push('\n')).toEqual([]); // the rest of that blank line, not another
    expect(parser.push('data: 2\r\n\r\n')).toEqual([message('2')]);
  });
});

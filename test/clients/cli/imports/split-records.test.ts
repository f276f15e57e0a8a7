/** Where records begin and end: by every way of putting them one after the other, however the stream is cut into chunks. */
import { describe, expect, it } from 'vitest';
import { frameIon } from '../../../../clients/cli/input/imports/frame-ion.ts';
import { frameCsv, frameJsonArray, frameLines, type Framing } from '../../../../clients/cli/input/imports/framing.ts';
import { splitRecords, type FramedRecord } from '../../../../clients/cli/input/imports/split-records.ts';

type Found = readonly [line: number, offset: number, what: string];

async function split(text: string | Buffer, framing: Framing, chunk: number, maxBytes = 100): Promise<Found[]> {
  const bytes = Buffer.from(text as string);
  const chunks = (async function* () {
    for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
  })();
  const found: FramedRecord[] = [];
  for await (const one of splitRecords(chunks, framing, maxBytes)) found.push(one);
  expect(found.map(({ record }) => record)).toEqual(found.map((_, i) => i + 1));
  for (const one of found)
    if (one.kind === 'record') expect(bytes.subarray(one.offset, one.offset + one.bytes.length)).toEqual(one.bytes);
  return found.map((one) => [one.line, one.offset, one.kind === 'record' ? one.bytes.toString() : `! ${one.reason}`]);
}

const framings: Readonly<Record<string, () => Framing>> = {
  lines: frameLines,
  csv: () => frameCsv(0x2c),
  array: frameJsonArray,
  ion: frameIon,
};
const CUT = '! the file ends within it';

const CASES: readonly [string, string, readonly (readonly [number, string])[]][] = [
  [
    'lines',
    'a\n\nb\r\nc',
    [
      [1, 'a'],
      [3, 'b\r'],
      [4, 'c'],
    ],
  ],
  ['lines', '', []],
  [
    'csv',
    'a,b\n1,"x\ny"\n\n2,""""\n',
    [
      [1, 'a,b'],
      [2, '1,"x\ny"'],
      [5, '2,""""'],
    ],
  ],
  [
    'csv',
    'a,5"\nb,c',
    [
      [1, 'a,5"'],
      [2, 'b,c'],
    ],
  ],
  [
    'csv',
    'a,"q"z\nb,c\n',
    [
      [1, 'a,"q"z'],
      [2, 'b,c'],
    ],
  ],
  [
    'csv',
    'a\n"open\nb\n',
    [
      [1, 'a'],
      [2, CUT],
    ],
  ],
  [
    'array',
    '{"Records":[{"a":[{"b":1}]},\n {"c":"}]\\"{"}]}',
    [
      [1, '{"a":[{"b":1}]}'],
      [2, '{"c":"}]\\"{"}'],
    ],
  ],
  [
    'array',
    '[{"a":1},{"b":2}]',
    [
      [1, '{"a":1}'],
      [1, '{"b":2}'],
    ],
  ],
  [
    'array',
    '{"Records":[{"a":1},{"b"',
    [
      [1, '{"a":1}'],
      [1, CUT],
    ],
  ],
  ['array', '{"digest":{"a":1}}', []],
  [
    'array',
    '{"Records":[{"a":1},',
    [
      [1, '{"a":1}'],
      [1, '! the file ends before what the records stand in'],
    ],
  ],
  [
    'csv',
    '\ufeff"a\nb",c\n1,2\n',
    [
      [1, '\ufeff"a\nb",c'],
      [3, '1,2'],
    ],
  ],
  [
    'ion',
    '{a:1}{b:{c:2}} // {no\n/* {no */ {d:3}',
    [
      [1, '{a:1}'],
      [1, '{b:{c:2}}'],
      [2, '{d:3}'],
    ],
  ],
  [
    'ion',
    "{a:\"}\\\"\",b:'}\\'',c:'''}'}\n''',d:''}{e:1}",
    [
      [1, "{a:\"}\\\"\",b:'}\\'',c:'''}'}\n''',d:''}"],
      [2, '{e:1}'],
    ],
  ],
  [
    'ion',
    '{h:{{ab//cd/*=}}}{i:{{"}}"}}}',
    [
      [1, '{h:{{ab//cd/*=}}}'],
      [1, '{i:{{"}}"}}}'],
    ],
  ],
  ['ion', '{a:[{b:1},{c:{{AA==}}}]}\n', [[1, '{a:[{b:1},{c:{{AA==}}}]}']]],
  ['ion', '{a:/* } */1,b://}\n2}', [[1, '{a:/* } */1,b://}\n2}']]],
  ['ion', '} } {a:1', [[1, CUT]]],
];

describe.each([1, 2, 3, 1_000])('in chunks of %d bytes', (chunk) => {
  it.each(CASES)('%s %j', async (kind, text, wanted) => {
    const found = await split(text, (framings[kind] as () => Framing)(), chunk);
    expect(found.map(([line, , what]) => [line, what])).toEqual(wanted);
  });

  it('passes over what is too long, names it, and goes on behind it', async () => {
    const found = await split(`a\n${'x'.repeat(50)}\nb`, frameLines(), chunk, 20);
    expect(found).toEqual([
      [1, 0, 'a'],
      [2, 2, '! it has 50 bytes and ends on line 2; at most 20 are taken'],
      [3, 53, 'b'],
    ]);
  });
});

it.each([3, 2_000])('a record that nests %d deep hides none behind it', async (depth) => {
  const deep = `${'{"a":['.repeat(depth)}${']}'.repeat(depth)}`;
  const found = await split(`{"Records":[${deep},{"b":1}]}`, frameJsonArray(), 1_000, 100_000);
  expect(found.map(([, , what]) => what)).toEqual([deep, '{"b":1}']);
});

it('objects that stand deeper than anybody puts them are no records, and those behind them are', async () => {
  const text = `{"x":${'['.repeat(2_000)}{"a":1}${']'.repeat(2_000)},"Records":[{"b":1}]}`;
  expect((await split(text, frameJsonArray(), 1_000)).map(([, , what]) => what)).toEqual(['{"b":1}']);
});

it('keeps nothing of what is too long', async () => {
  const chunks = (async function* () {
    for (let i = 0; i < 2_000; i++) yield Buffer.alloc(65_536, 0x20);
  })();
  const before = process.memoryUsage().rss;
  for await (const one of splitRecords(chunks, frameLines(), 1_024)) expect(one.kind).toBe('bad');
  expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
});

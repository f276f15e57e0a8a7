/** The place of an entry, read from the end of its text: the same as parsing finds, or nothing. */
import { beforeEach, expect, it } from 'vitest';
import { readPlace } from '../../../../core/ledger/entries/entry-place.ts';
import { parseEntry } from '../../../../core/ledger/index.ts';
import { windowFixture } from '../window-fixture.ts';

let note: string;
beforeEach(async () => {
  note = Buffer.from((await windowFixture(3)).committed[2]?.note ?? Buffer.of()).toString('utf8');
});
const place = (text: string) => readPlace(Buffer.from(text));

it('is what parsing finds', () => {
  const parsed = parseEntry(Buffer.from(note));
  if (parsed.kind !== 'entry') throw new Error(parsed.reason);
  const { entity, ledger, prev, seq, type } = parsed.body;
  expect(place(note)).toEqual({ entity, ledger, prev, seq, type });
  const inPart = Buffer.from(`before${note}`).subarray('before'.length);
  expect(readPlace(inPart)).toEqual({ entity, ledger, prev, seq, type });
});

it('is the last that is named, whatever the data says', () => {
  const planted = note.replace('"payload":{}', '"payload":{"x":",\\"entity\\":\\"other\\""}');
  expect(place(planted)).toMatchObject({ entity: 'account:1' });
});

it('is nothing where it takes parsing to know', () => {
  expect(place('')).toBeUndefined();
  expect(place(note.replace('nervous-system.entry.v1', 'nervous-system.entry.v2'))).toBeUndefined();
  expect(place(note.replaceAll('\n\n', '\n'))).toBeUndefined();
  expect(place(note.replace('"v":1}', '"v":2}'))).toBeUndefined();
  expect(place(note.replace(/"seq":\d+/, '"seq":01'))).toBeUndefined();
  expect(place(note.replace(/"idem":"[^"]*"/, `"idem":"${'e'.repeat(700)}"`))).toBeUndefined();
  expect(place('nervous-system.entry.v1\n\n')).toBeUndefined();
});

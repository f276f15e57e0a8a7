/** Keys read from bytes without parsing them are those that parsing gives, whatever stands around them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IsoInstant, ChainHash } from '../../../../core/brands/index.ts';
import {
  entryText,
  joinReplayIndices,
  parseEntry,
  prepareEntry,
  ReplayIndexBuilder,
  sealText,
  suspectedDuplicates,
  uniqueKeyOf,
  type EntryDraft,
} from '../../../../core/ledger/index.ts';
import { checked } from '../../../support/checked.ts';

const name = fc.constantFrom('a', 'b', 'a/b', 'a","idem":"b'.replaceAll('"', '-'));
const tricky = fc.constantFrom('x', '","source":"a', ',"idem":"', '\\', '"', '\\"', '","ledger":"main', 'ž', '\u2028');
const drafts: fc.Arbitrary<EntryDraft> = fc
  .record({
    type: fc.constantFrom('event', 'event', 'change.voted', 'delegation.granted', 'policy.adopted', 'revealed'),
    idem: fc.oneof(name, tricky),
    source: name,
    inside: fc.oneof(tricky, name),
    userId: fc.option(tricky, { nil: undefined }),
    more: fc.dictionary(
      fc.constantFrom('source', 'idem', 'x'),
      fc.oneof(tricky, fc.integer(), fc.dictionary(fc.constant('source'), tricky)),
      { maxKeys: 2 },
    ),
  })
  .map(({ type, idem, source, inside, userId, more }) => ({
    ...{ type, idem, actor: { kind: 'module' as const, id: inside } },
    data: {
      ...{ source, topic: inside, version: 1, payload: JSON.parse(JSON.stringify(more)) as object as never },
      ...(userId === undefined ? {} : { userId }),
    },
  }));

function noteOf(draft: EntryDraft, seq: number): Uint8Array {
  const prepared = prepareEntry(
    { ledger: 'main', entity: 'account:1', at: checked<IsoInstant>('2026-11-21T09:00:00.000Z') },
    draft,
  );
  return sealText(entryText(prepared, checked<ChainHash>('0'.repeat(64)), seq), '— k AAAA\n').note;
}

describe('what a replay needs of a log', () => {
  it('V5: finds every idempotency key that is there twice, and suspects no other', () => {
    fc.assert(
      fc.property(fc.array(drafts, { maxLength: 30 }), fc.nat(30), (all, cut) => {
        const notes = all.map(noteOf);
        const parts = [notes.slice(0, cut), notes.slice(cut)].map((some, i) => {
          const builder = new ReplayIndexBuilder(i === 0 ? 0 : Math.min(cut, all.length));
          some.forEach((note, at) => builder.add(all[(i === 0 ? 0 : cut) + at]?.type ?? '', note));
          return builder.built();
        });
        const byKey = new Map<string, number[]>();
        notes.forEach((note, i) => {
          const parsed = parseEntry(note);
          const key = uniqueKeyOf(parsed.kind === 'entry' ? parsed.body : (all[i] as EntryDraft));
          if (key !== undefined) byKey.set(key, [...(byKey.get(key) ?? []), i]);
        });
        const twice = [...byKey.values()].filter(({ length }) => length > 1);
        expect(suspectedDuplicates(joinReplayIndices(parts))).toEqual(twice.sort(([, a = 0], [, b = 0]) => a - b));
      }),
      { numRuns: 300 },
    );
  });

  it('names the entries that decide by their log index, in whatever segments they were found', () => {
    const types = ['event', 'change.voted', 'key.certified', 'policy.adopted', 'delegation.revoked'];
    const parts = [0, 5].map((from) => {
      const builder = new ReplayIndexBuilder(from);
      for (const type of types) builder.add(type, new Uint8Array());
      return builder.built();
    });
    expect([...joinReplayIndices(parts).decisive]).toEqual([1, 3, 4, 6, 8, 9]);
  });
});

it('has no key for an entry in which the marks of one are missing', () => {
  const entry = '"source":"no","x":{},"source":"s"},"entity":"a","idem":"i","ledger":"main"';
  const suspected = (type: string, text: string): unknown => {
    const builder = new ReplayIndexBuilder(0);
    for (const _ of [1, 2]) builder.add(type, Buffer.from(text));
    return suspectedDuplicates(joinReplayIndices([builder.built()]));
  };
  for (const type of ['change.voted', 'event']) {
    expect(suspected(type, entry)).toEqual([[0, 1]]);
    for (const mark of [',"idem":"', '","ledger":"']) expect(suspected(type, entry.replace(mark, '-'))).toEqual([]);
  }
  expect(suspected('event', entry.replaceAll('"source":"', '-'))).toEqual([]);
  expect(suspected('anything', entry)).toEqual([]);
});

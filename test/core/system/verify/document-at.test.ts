/** An entity as it was: which entries count, and that nothing counts which does not continue what was before it. */
import { describe, expect, it } from 'vitest';
import { msOf } from '../../../../core/brands/index.ts';
import { leafHash, toHex } from '../../../../core/canonical/index.ts';
import { parseEntry, type StoredEntry } from '../../../../core/ledger/index.ts';
import { documentAt } from '../../../../core/system/verify/document-at.ts';
import { config } from '../../../api/test-system.ts';
import { feedFixture } from '../feed-fixture.ts';

const ENTITY = 'account:1';
const COUNT = 6;

async function chain() {
  const fixture = feedFixture();
  const times: string[] = [];
  for (let i = 0; i < COUNT; i++) {
    times.push(new Date(fixture.clock.now()).toISOString());
    await fixture.publish({ eventId: `e-${i}`, entityId: ENTITY });
    await fixture.publish({ eventId: `o-${i}`, entityId: 'account:2' });
    await fixture.clock.advance(60_000);
  }
  const stored = [...(await fixture.store.read(ENTITY, 0, COUNT))];
  const at = (entries: readonly StoredEntry[], place: { seq: number } | { time: string }, signal?: AbortSignal) =>
    documentAt(
      {
        ...{ ledger: config.ledger, origin: config.origin },
        entries: { read: async (_chain, from, limit) => entries.filter(({ seq }) => seq >= from).slice(0, limit) },
      },
      {
        ...{ entityId: ENTITY, headSeq: COUNT - 1, signal },
        at: 'seq' in place ? place : { time: msOf(place.time) },
      },
    );
  return { stored, times, at };
}

describe('an entity as it was', () => {
  it('is that of the entry, or of the last one until the time', async () => {
    const { stored, times, at } = await chain();
    for (const [seq, entry] of stored.entries()) {
      const named = { seq, hash: toHex(entry.hash), at: times[seq] };
      expect(await at(stored, { seq })).toMatchObject({ entry: named, version: 0 });
      expect(await at(stored, { time: times[seq] ?? '' })).toMatchObject({ entry: named });
      const later = new Date(Date.parse(times[seq] ?? '') + 59_999).toISOString();
      expect(await at(stored, { time: later })).toMatchObject({ entry: named });
    }
    const before = new Date(Date.parse(times[0] ?? '') - 1).toISOString();
    for (const place of [{ time: before }, { seq: COUNT }])
      await expect(at(stored, place)).rejects.toMatchObject({ code: 'ENTITY_NOT_FOUND' });
  });

  it('believes no entry that does not continue the one before, whatever the store says of its hash', async () => {
    const { stored, at } = await chain();
    const swapped = stored.map((entry, i) => (i === 1 ? { ...entry, note: stored[2]?.note ?? entry.note } : entry));
    const changed = stored.map((entry, i) => {
      if (i !== 2) return entry;
      const note = Buffer.from(Buffer.from(entry.note).toString().replace('e-2', 'x-2'));
      expect(parseEntry(note).kind).toBe('entry');
      return { ...entry, note, hash: leafHash(note) };
    });
    const forgery = { code: 'ENTRY_UNREADABLE' };
    await expect(at(swapped, { seq: 3 })).rejects.toMatchObject(forgery);
    await expect(at(changed, { seq: 3 })).rejects.toMatchObject(forgery); // the next one names another hash
    expect((await at(changed, { seq: 2 })).entry.hash).not.toBe(toHex(stored[2]?.hash ?? Buffer.alloc(0))); // and the answer says so
    await expect(at(stored.slice(1), { seq: 3 })).rejects.toMatchObject(forgery);
    await expect(at(stored.slice(0, 2), { seq: 3 })).rejects.toMatchObject(forgery);
    const garbage = stored.map((entry) => ({ ...entry, note: Buffer.from('nothing') }));
    await expect(at(garbage, { seq: 0 })).rejects.toMatchObject(forgery);
    await expect(at(stored, { seq: 3 }, AbortSignal.abort())).rejects.toMatchObject({ code: 'VERIFICATION_ENDED' });
  });
});

/** An entry read back: the one that was asked for, or a refusal. */
import { expect, it } from 'vitest';
import { readEntry } from '../../../../core/changes/model/read-entry.ts';
import type { EntryStore, StoredEntry } from '../../../../core/ledger/index.ts';
import { createFixture, ENTITY, patchOf, proposal, who } from '../fixture.ts';

const storeOf = (entry: StoredEntry | undefined): EntryStore =>
  ({ read: async () => (entry === undefined ? [] : [entry]) }) as unknown as EntryStore;

it('gives the entry of the place, and refuses what is missing, damaged or of another place', async () => {
  const fixture = createFixture();
  await fixture.changes.propose(who('pete'), proposal([patchOf('/a', 1)]));
  expect((await readEntry(fixture.store, ENTITY, 0)).body.type).toBe('change.proposed');
  const [stored] = await fixture.store.read(ENTITY, 0, 1);
  if (stored === undefined) throw new Error('nothing was recorded');
  const refused = expect.objectContaining({ code: 'CHANGE_STATE_CONFLICT' }) as unknown;
  await expect(readEntry(fixture.store, ENTITY, 99)).rejects.toEqual(refused);
  await expect(readEntry(storeOf(undefined), ENTITY, 0)).rejects.toEqual(refused);
  await expect(readEntry(storeOf({ ...stored, note: Buffer.from('damaged') }), ENTITY, 0)).rejects.toEqual(refused);
  await expect(readEntry(storeOf({ ...stored, seq: 1 }), ENTITY, 0)).rejects.toEqual(refused);
});

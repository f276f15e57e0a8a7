/** Entries that decide carry the root signature, and those beside them on the chain do not. */
import { expect, it } from 'vitest';
import { MemoryStore } from '../../../../adapters/memory/index.ts';
import { parseNote } from '../../../../core/ledger/index.ts';
import { appenderOn, note } from '../ledger-fixture.ts';

it('signs just those with the root key that ask for it', async () => {
  const store = new MemoryStore();
  const [one, two] = [note('a', 'one'), note('a', 'two')];
  await appenderOn(store).append({
    entries: [{ ...one, draft: { ...one.draft, rootSigned: true } }, two, note('b', 'x')],
  });
  const linesOf = async (chain: string): Promise<unknown[]> =>
    (await store.read(chain, 0, 9)).map((entry) => {
      const parsed = parseNote(entry.note);
      return 'malformed' in parsed ? parsed.malformed : parsed.signatures.length;
    });
  expect(await linesOf('a')).toEqual([2, 1]);
  expect(await linesOf('b')).toEqual([1]);
});

import { expect, it } from 'vitest';
import type { LeafHash } from '../../../../core/brands/index.ts';
import type { StoredEntry } from '../../../../core/ledger/index.ts';
import { atOneMoment } from '../../../../core/system/verify/at-one-moment.ts';
import { checked } from '../../../support/checked.ts';

/** A chain that grows as often as it is told to while somebody reads what is kept beside it. */
function growing(times: number): {
  entries: { head: () => Promise<StoredEntry | undefined> };
  read: () => Promise<number>;
} {
  let length = 0;
  return {
    entries: {
      head: async () =>
        length === 0
          ? undefined
          : {
              chain: 'account:1',
              seq: length - 1,
              note: Buffer.of(),
              hash: checked<LeafHash>(Buffer.alloc(32)),
              position: undefined,
            },
    },
    read: async () => {
      const kept = length;
      if (length < times) length += 1;
      return kept;
    },
  };
}

it('reads again until the chain ended before where it ends after', async () => {
  for (const times of [0, 1, 5]) {
    const { entries, read } = growing(times);
    expect(await atOneMoment(entries, 'account:1', read)).toEqual({ kept: times, length: times });
  }
});

it('says so when the chain never holds still', async () => {
  const { entries, read } = growing(Infinity);
  await expect(atOneMoment(entries, 'account:1', read)).rejects.toThrow('"account:1" grew each of 1000 times');
});

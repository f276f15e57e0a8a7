/** What a function seals: each entry by itself, whatever is committed with it, because a path of hashes may be another write unit. */
import { expect, it } from 'vitest';
import { localSealer } from '../../../../adapters/aws/keys/local-sealer.ts';
import { MemoryStore } from '../../../../adapters/memory/index.ts';
import { parseNote, type Sealer } from '../../../../core/ledger/index.ts';
import { appenderOn, note } from '../../../core/ledger/ledger-fixture.ts';

it('signs each entry by itself, also where many chains are committed together', async () => {
  const store = new MemoryStore();
  const runsTogether: number[] = [];
  const sealer: Sealer = {
    seal: (runs, ...rest) => {
      runsTogether.push(runs.length);
      return localSealer.seal(runs, ...rest);
    },
  };
  const appender = appenderOn(store, { sealer });
  await Promise.all(['a', 'b', 'c', 'd', 'e'].map((chain) => appender.append({ entries: [note(chain, chain)] })));
  expect(Math.max(...runsTogether)).toBeGreaterThan(1);
  for (const { note: bytes } of await store.readLog(0, 99)) {
    const parsed = parseNote(bytes);
    if ('malformed' in parsed) throw new Error(parsed.malformed);
    expect(parsed.signatures.map(({ signature }) => signature.length).every((length) => length === 64)).toBe(true);
  }
});

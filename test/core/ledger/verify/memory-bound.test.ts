/**
 * What a verification holds at a time does not grow with the log: entries are counted that are still alive once others were looked at.
 * Counted after a collection that was asked for, so that nothing depends on when the engine would have collected.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { MemoryStore } from '../../../../adapters/memory/index.ts';
import { EntryVerifier, verifySegment, type LoggedEntry, type LogPair } from '../../../../core/ledger/index.ts';
import { appenderOn, note, ORIGIN, ROOT } from '../ledger-fixture.ts';

const PAGE = 256;
const PAGES = 24;
const CHAINS = 64;
/** The page being looked at, the one before it that its tile may still need, and one for what the engine is slow to give up. */
const MOST_ALIVE = 3 * PAGE;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

it.each([true, false])('holds a few pages of entries, whatever the log has; signatures %s', async (signatures) => {
  const store = new MemoryStore();
  const appender = appenderOn(store);
  for (let i = 0; store.log.length < PAGES * PAGE; i += CHAINS)
    await Promise.all(
      Array.from({ length: CHAINS }, (_, at) => appender.append({ entries: [note(`chain:${at}`, `${i + at}`)] })),
    );
  const alive: WeakRef<Uint8Array>[] = [];
  const counts: number[] = [];
  // Each page is made anew from the store, as from a file: nobody else holds what is in it.
  async function* pages(): AsyncGenerator<readonly LogPair[]> {
    for (let from = 0; from < PAGES * PAGE; from += PAGE) {
      yield store.log.slice(from, from + PAGE).map((entry): LogPair => {
        const copy: LoggedEntry = { ...entry, note: Uint8Array.from(entry.note) };
        alive.push(new WeakRef(copy.note));
        return { position: copy.position, place: copy, entry: copy };
      });
      await turn();
      collect();
      counts.push(alive.filter((one) => one.deref() !== undefined).length);
      await turn();
    }
  }
  const verifier = new EntryVerifier({
    ...{ ledger: 'main', root: { name: ORIGIN, publicKey: ROOT.publicKey }, signatures },
    rootSigned: () => false,
    certificate: async (name) => (await store.read(name, 0, 1))[0],
  });
  const segment = await verifySegment(pages(), verifier, {
    from: 0,
    sizes: [],
    replay: true,
    onTile: async () => undefined,
  });
  expect(segment.finding).toBeUndefined();
  expect(segment.entries).toBe(PAGES * PAGE);
  expect(Math.max(...counts)).toBeLessThanOrEqual(MOST_ALIVE);
  // 8 bytes of each entry for the replay, 32 for every 256 of the tree, and something for each chain.
  expect(segment.replay?.keys.byteLength).toBe(PAGES * PAGE * 8);
  expect(segment.tree?.tileRoots.buffer.byteLength).toBe(PAGES * 32);
  expect(segment.spans.size).toBeLessThanOrEqual(CHAINS + 2);
});

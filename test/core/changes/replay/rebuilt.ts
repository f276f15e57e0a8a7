/** A ledger's items made again from its entries, to be compared with those that were written with them. */
import { createItemRebuilder } from '../../../../core/changes/index.ts';
import { readCounts } from '../../../../core/changes/store/change-counts.ts';
import { parseEntry } from '../../../../core/ledger/index.ts';
import { toHex } from '../../../../core/canonical/index.ts';
import { MemoryStore } from '../../../../adapters/memory/index.ts';
import { expect } from 'vitest';
import type { Fixture } from '../fixture.ts';

/** Every entry of one store into another, with the writes computed from it. */
export async function rebuilt(fixture: Fixture): Promise<MemoryStore> {
  const store = new MemoryStore();
  const rebuild = createItemRebuilder({ ledger: 'main', items: store, entries: store });
  for (const { chain, seq, note, hash } of fixture.store.log) {
    const parsed = parseEntry(note);
    if (parsed.kind !== 'entry') throw new Error(parsed.reason);
    const step = await rebuild({ body: parsed.body, hash: toHex(hash) });
    if (step.kind !== 'writes') throw new Error(step.reason);
    const entry = { chain, seq, note, hash, idemKey: undefined };
    const [outcome] = await store.commit([{ entries: [entry], writes: step.writes }]);
    expect(outcome?.kind).toBe('committed');
  }
  return store;
}

/** A count is the difference of two items, and each may be written more often one way than the other. */
const COUNTS = 'main#change-count';

/** Values by key; of what is counted, how much. Versions of records count transactions, not steps; those of documents are the documents'. */
export async function itemsOf(store: MemoryStore): Promise<Record<string, unknown>> {
  const { items } = store as unknown as { items: Map<string, Map<string, { version: number; value: unknown }>> };
  const all = [...items]
    .filter(([pk]) => pk !== COUNTS)
    .flatMap(([pk, partition]) =>
      [...partition].map(([sk, { version, value }]) => [
        `${pk}|${sk}`,
        pk === 'main#document' ? { version, value } : { value },
      ]),
    );
  const counts = [...(await readCounts('main', store))].filter(([, count]) => count !== 0).sort();
  return { ...(Object.fromEntries(all.sort()) as Record<string, unknown>), [COUNTS]: counts };
}

import { expect, it } from 'vitest';
import type { ChainHash } from '../../../../core/brands/index.ts';
import { MemoryStore } from '../../../../adapters/memory/index.ts';
import { createDocumentStore } from '../../../../core/changes/index.ts';
import { createPolicy } from '../../../../core/policy/index.ts';
import { createReadFacts } from '../../../../core/system/index.ts';
import { config } from '../../../../nervous.config.ts';
import { wholeRecord } from '../../../stored/items.ts';
import { checked } from '../../../support/checked.ts';

const { roster, modules } = config;

/** A document of version 2, and 150 change-sets of which two are open. */
async function storeOf(entityId: string): Promise<MemoryStore> {
  const store = new MemoryStore();
  const documents = createDocumentStore('main', store);
  const entry = { seq: 0, hash: checked<ChainHash>('0'.repeat(64)) };
  for (const [from, limit] of ['100.00', '500.00'].entries())
    await store.write(documents.put(entityId, { from, document: { limit }, change: 'c', entry }));
  for (let i = 0; i < 150; i++) {
    const id = `c-${String(i).padStart(3, '0')}`;
    const state = i === 3 ? 'executing' : i === 149 ? 'pending' : i % 2 === 0 ? 'executed' : 'rejected';
    await store.write([
      { kind: 'put', key: { pk: `main#change-of#${entityId}`, sk: id }, value: {}, expect: 'absent' },
      {
        kind: 'put',
        key: { pk: 'main#change', sk: id },
        value: { ...wholeRecord, id, state } as never,
        expect: 'absent',
      },
    ]);
  }
  return store;
}

it('a condition sees the document, the open change-sets and the rights of the subscriber', async () => {
  const items = await storeOf('account:1');
  const readFacts = createReadFacts({ ledger: 'main', items, policy: createPolicy(roster, modules) });
  expect(await readFacts('budget-engine', 'account:1')).toEqual({
    entity: { id: 'account:1', document: { limit: '500.00' }, version: 2 },
    changeSets: ['executing', 'pending'],
    permissions: ['reads'],
  });
  expect(await readFacts('budget-bot', 'account:2')).toEqual({
    entity: { id: 'account:2', document: null, version: 0 },
    changeSets: [],
    permissions: ['reads', 'proposes'],
  });
});

it('a condition sees nothing of what the subscriber may not read', async () => {
  const items = await storeOf('vault:1');
  const readFacts = createReadFacts({ ledger: 'main', items, policy: createPolicy(roster, modules) });
  const nothing = { entity: { id: 'vault:1', document: null, version: 0 }, changeSets: [], permissions: [] };
  expect(await readFacts('budget-engine', 'vault:1')).toEqual(nothing);
  expect(await readFacts('nobody', 'vault:1')).toEqual(nothing);
  expect((await readFacts('reporting', 'vault:1')).changeSets).toHaveLength(2);
});

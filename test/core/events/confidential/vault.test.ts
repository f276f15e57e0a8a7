/** What confidential fields held: at the edges of what is kept, and for whoever looks at every data key. */
import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../../../adapters/memory/index.ts';
import {
  createVault,
  wrappedKeys,
  type FieldKeys,
  type Vault,
  type WrappedKey,
} from '../../../../core/events/confidential/vault.ts';
import type { JsonValue } from '../../../../core/canonical/index.ts';

let unwrapped = 0;
const keys: FieldKeys = {
  wrap: (key) => Promise.resolve(key),
  unwrap: (wrapped) => {
    unwrapped += 1;
    return Promise.resolve(wrapped);
  },
};
const randomBytes = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));

function fixture(): {
  store: MemoryStore;
  vault: Vault;
  roundTrip: (entity: string, value: JsonValue) => Promise<unknown>;
} {
  const store = new MemoryStore();
  const vault = createVault({ ledger: 'main', items: store, keys, randomBytes });
  const roundTrip = async (entity: string, value: JsonValue): Promise<unknown> => {
    const { commitment, writeAt } = await vault.seal(entity, '/name', value);
    await store.write([writeAt(1)]);
    return vault.open(entity, 1, commitment);
  };
  return { store, vault, roundTrip };
}

describe('a confidential field', () => {
  it.each(['', 'Ann', 0, null, {}, [1, { a: true }]])('comes back as it was: %j', async (value) => {
    expect(await fixture().roundTrip('person:1', value)).toEqual({ kind: 'value', value });
  });

  it('is an integer or a text, as everything recorded is', async () => {
    await expect(fixture().vault.seal('person:1', '/height', 1.5)).rejects.toThrow(/integer/);
  });

  it.each([0, 11, 12, 27, 28, 29])('of which only %i bytes are left is damaged, and says so', async (length) => {
    const { store, vault } = fixture();
    const { commitment, writeAt } = await vault.seal('person:1', '/name', 'Ann');
    const write = writeAt(1);
    if (write.kind !== 'put') throw new Error('it is put');
    const { salt, box } = write.value as { salt: string; box: string };
    const cut = Buffer.from(box, 'base64').subarray(0, length).toString('base64');
    await store.write([{ ...write, value: { salt, box: cut } }]);
    await expect(vault.open('person:1', 1, commitment)).rejects.toMatchObject({ code: 'FIELD_DAMAGED' });
  });

  it('asks for the key of an entity once, also when there are a thousand of them', async () => {
    const { vault } = fixture();
    const seal = (n: number): Promise<unknown> => vault.seal(`person:${n}`, '/name', 'x');
    for (let n = 0; n < 1_000; n++) await seal(n);
    unwrapped = 0;
    for (let n = 0; n < 1_000; n++) await seal(n);
    expect(unwrapped).toBe(0);
    await seal(1_000); // one more than is remembered: the others are asked for again
    await seal(0);
    expect(unwrapped).toBe(2);
  });
});

async function all(store: MemoryStore): Promise<WrappedKey[]> {
  const found: WrappedKey[] = [];
  for await (const one of wrappedKeys('main', store)) found.push(one);
  return found;
}

describe('who looks at every data key', () => {
  it.each([0, 1, 999, 1_000, 1_001, 2_000, 2_001])('finds each of %i once', async (count) => {
    const store = new MemoryStore();
    for (let n = 0; n < count; n++)
      await store.write([
        { kind: 'put', key: { pk: 'main#data-key', sk: `person:${n}` }, value: { wrapped: 'aGk=' }, expect: 'absent' },
      ]);
    const found = await all(store);
    expect(found.map(({ entity }) => entity).sort()).toEqual(
      Array.from({ length: count }, (_, n) => `person:${n}`).sort(),
    );
    for (const { entity, wrapped, context } of found)
      expect([Buffer.from(wrapped).toString(), context]).toEqual(['hi', `main#${entity}`]);
  });

  it('finds a key that was taken away as an empty one, and goes on', async () => {
    const store = new MemoryStore();
    for (const [sk, value] of [
      ['a', {}],
      ['b', { wrapped: 7 }],
      ['c', { wrapped: 'aGk=' }],
    ] as const)
      await store.write([{ kind: 'put', key: { pk: 'main#data-key', sk }, value, expect: 'absent' }]);
    const found = await all(store);
    expect(found.map(({ wrapped }) => wrapped.length)).toEqual([0, 0, 2]);
  });
});

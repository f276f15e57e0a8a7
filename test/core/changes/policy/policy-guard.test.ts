/** What holds a decision to the policy in force: the condition on its item, how old a reading may be, and the entry that brought it. */
import { describe, expect, it } from 'vitest';
import type { ChainHash } from '../../../../core/brands/index.ts';
import { MemoryStore } from '../../../../adapters/memory/index.ts';
import { lastPolicyEntry, policySince } from '../../../../core/changes/policy/policy-entry.ts';
import { policyVersionKey } from '../../../../core/changes/store/document-store.ts';
import type { ItemKey } from '../../../../core/ledger/index.ts';
import { at, createGovernanceFixture, onPolicy, patch, POLICY } from '../governance-fixture.ts';
import { checked } from '../../../support/checked.ts';

const KEY = policyVersionKey('main');
const OTHERS = [
  { pk: KEY.pk, sk: 'another' },
  { pk: 'another', sk: KEY.sk },
  { pk: 'another', sk: 'another' },
];
const put = (key: ItemKey): never => ({ kind: 'put', key, value: {}, expect: 'any' }) as never;

describe('the condition on the policy in force', () => {
  it('is on its item alone', () => {
    const { governance } = createGovernanceFixture();
    expect([KEY, ...OTHERS].map((key) => governance.isCondition(key))).toEqual([true, false, false, false]);
  });

  it('is a check beside other writes, and part of the write of the item itself', async () => {
    const fixture = createGovernanceFixture();
    const guard = (...keys: ItemKey[]): readonly object[] => fixture.governance.inForce().guard(keys.map(put));
    for (const expect_ of ['absent', 1] as const) {
      const check = { kind: 'check', key: KEY, expect: expect_ };
      expect(guard()).toEqual([check]);
      expect(guard(...OTHERS)).toEqual([...OTHERS.map(put), check]);
      const own = { kind: 'put', key: KEY, value: {}, expect: expect_ };
      expect(guard(...OTHERS, KEY)).toEqual([...OTHERS.map(put), own]);
      expect(guard(KEY)).toEqual([own]);
      await fixture.propose();
      await fixture.governance.refresh();
    }
  });
});

describe('a reading of the policy in force', () => {
  async function counting() {
    const store = new MemoryStore({ exclusive: false });
    let reads = 0;
    const counted = new Proxy(store, {
      get: (of, name): unknown => {
        const value: unknown = Reflect.get(of, name);
        if (typeof value !== 'function') return value;
        return (...given: readonly unknown[]): unknown => {
          const [key] = given as [Partial<ItemKey> | undefined];
          if (name === 'get' && key?.pk === KEY.pk && key.sk === KEY.sk) reads += 1;
          return Reflect.apply(value as (...all: readonly unknown[]) => unknown, of, given);
        };
      },
    });
    const fixture = createGovernanceFixture({}, counted);
    await fixture.governance.refresh();
    return {
      fixture,
      /** whether it is read again by who takes one that is younger than this */
      reads: async (maxAgeMs: number): Promise<boolean> => {
        const before = reads;
        await fixture.governance.refresh(maxAgeMs);
        return reads > before;
      },
    };
  }

  it('is taken while it is younger than wanted, by both clocks', async () => {
    const { fixture, reads } = await counting();
    await fixture.clock.advance(1_000);
    expect([await reads(Infinity), await reads(1_001)]).toEqual([false, false]);
    expect(await reads(1_000)).toBe(true);
    expect(await reads(1)).toBe(false); // it has just been read
    expect(await reads(0)).toBe(true);
    await fixture.clock.advance(1_000);
    fixture.clock.setBack(5_000); // the other clock goes on
    expect(await reads(1_000)).toBe(true);
    fixture.clock.setBack(-5_000); // set forward: as if that much had passed
    expect(await reads(5_000)).toBe(true);
    fixture.clock.setBack(-5_000);
    expect(await reads(5_001)).toBe(false);
  });
});

describe('the entry that brought the policy into force', () => {
  it('is the last on its chain that wrote the document, however far back', async () => {
    const fixture = createGovernanceFixture();
    expect(await lastPolicyEntry(fixture.store)).toBeUndefined();
    await fixture.propose();
    const [adopted] = await fixture.store.read(POLICY, 0, 1);
    const { seq, hash } = fixture.governance.inForce().entry ?? { seq: -1, hash: '' };
    expect(await lastPolicyEntry(fixture.store)).toEqual({ seq, hash });
    // The same entry, with as many behind it that write nothing.
    const [other] = await fixture.store.read('account:1', 0, 1);
    for (const behind of [0, 98, 99, 100, 101, 250]) {
      const asked: [number, number][] = [];
      const entries = {
        head: async () => ({ seq: behind, hash: new Uint8Array(32) }),
        read: async (_: string, from: number, limit: number) => {
          asked.push([from, limit]);
          return Array.from({ length: limit }, (_one, i) => ({ ...(from + i === 0 ? adopted : other), seq: from + i }));
        },
      };
      expect(await lastPolicyEntry(entries as never)).toEqual({ seq: 0, hash });
      expect(asked.reduce((sum, [, limit]) => sum + limit, 0)).toBe(behind + 1);
    }
  });

  it('is superseded by any that writes another, and by none that does not', async () => {
    const fixture = createGovernanceFixture();
    await fixture.propose();
    await fixture.governance.refresh();
    const deps = { ...fixture.governance.proofs, entries: fixture.store };
    const head = fixture.governance.inForce().entry ?? { seq: 0, hash: checked<ChainHash>('') };
    expect(await policySince(deps, head)).toEqual(head);
    const rename = { op: 'replace', path: `/roster/people/${at('pete')}/name`, value: 'Peter' };
    const view = await fixture.propose([patch(rename)], onPolicy);
    expect(await policySince(deps, head)).toEqual({ seq: 2, hash: expect.any(String) as string });
    await fixture.carryOut(view, 'bob', 'rita', 'sam');
    expect((await fixture.chain()).map(({ body }) => body.type)).toContain('change.executed');
    expect(await policySince(deps, head)).toBe('superseded');
  });
});

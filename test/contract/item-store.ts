/** What every ItemStore promises, as tests. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Expectation, ItemWrite } from '../../core/ledger/index.ts';
import type { Open, OpenStore } from './stores.ts';

const key = (sk: string): { pk: string; sk: string } => ({ pk: 'p', sk });
const put = (sk: string, expectation: Expectation = 'any'): ItemWrite => ({
  kind: 'put',
  key: key(sk),
  value: { sk },
  expect: expectation,
});
const remove = (sk: string, expectation: Expectation = 'any'): ItemWrite => ({
  kind: 'delete',
  key: key(sk),
  expect: expectation,
});

export function describeItemStore(name: string, opens: Open): void {
  describe(`items of ${name}`, () => {
    let open: OpenStore;
    beforeEach(async () => void (open = await opens()));
    afterEach(() => open.close());

    it('count their versions from 1, and start over when deleted', async () => {
      const version = async (): Promise<number | undefined> => (await open.store.get(key('a')))?.version;
      expect(await version()).toBeUndefined();
      await open.store.write([put('a', 'absent')]);
      expect(await open.store.get(key('a'))).toEqual({ pk: 'p', sk: 'a', version: 1, value: { sk: 'a' } });
      await open.store.write([put('a', 1)]);
      expect(await version()).toBe(2);
      await open.store.write([remove('a', 2)]);
      expect(await version()).toBeUndefined();
      await open.store.write([put('a', 'absent')]);
      expect(await version()).toBe(1);
    });

    it.each<[string, ItemWrite]>([
      ['put over an item that should be absent', put('a', 'absent')],
      ['put over another version', put('a', 7)],
      ['put over a missing item', put('none', 1)],
      ['delete of another version', remove('a', 7)],
      ['delete of a missing item', remove('none', 1)],
      ['check of another version', { kind: 'check', key: key('a'), expect: 2 }],
      ['check of an absent item that is there', { kind: 'check', key: key('a'), expect: 'absent' }],
    ])('are written all or none: %s', async (_, failing) => {
      await open.store.write([put('a')]);
      expect(await open.store.write([put('b'), failing, remove('a')])).toEqual({
        kind: 'precondition',
        failed: failing.key,
      });
      expect((await open.store.list('p', { limit: 9 })).map(({ sk, version }) => [sk, version])).toEqual([['a', 1]]);
    });

    it('are listed in order, by prefix, after a key, up to a limit, in their own partition', async () => {
      await open.store.write(['b/2', 'a', 'b/1', 'c', 'b/3', 'b'].map((sk) => put(sk)));
      await open.store.write([{ kind: 'put', key: { pk: 'q', sk: 'b/0' }, value: 1, expect: 'any' }]);
      const list = async (options: { prefix?: string; after?: string; limit: number }): Promise<string[]> =>
        (await open.store.list('p', options)).map(({ sk }) => sk);
      expect(await list({ limit: 9 })).toEqual(['a', 'b', 'b/1', 'b/2', 'b/3', 'c']);
      expect(await list({ prefix: 'b/', limit: 2 })).toEqual(['b/1', 'b/2']);
      expect(await list({ prefix: 'b/', after: 'b/2', limit: 9 })).toEqual(['b/3']);
      expect(await list({ prefix: 'b/', after: 'a', limit: 9 })).toEqual(['b/1', 'b/2', 'b/3']);
      expect(await list({ after: 'c', limit: 9 })).toEqual([]);
    });

    it('keep any JSON value', async () => {
      const value = { '': [null, true, 1.5, -0.25, 'ü\u0000"\u2028'], nested: { a: {} } };
      await open.store.write([{ kind: 'put', key: key('v'), value, expect: 'any' }]);
      expect((await open.store.get(key('v')))?.value).toEqual(value);
    });

    it('let one of two writers win', async () => {
      await open.store.write([put('a')]);
      const results = await Promise.all([open.store.write([put('a', 1)]), open.store.write([put('a', 1)])]);
      expect(results.map(({ kind }) => kind).sort()).toEqual(['precondition', 'written']);
    });
  });
}

/** Says that the system is being removed, to runs of the reconciler that do not know of each other. */
import type { ItemStore } from '../../../core/ledger/index.ts';

export interface ClosingMark {
  isSet(): Promise<boolean>;
  set(): Promise<void>;
  clear(): Promise<void>;
}

export function closingMark(ledger: string, items: Pick<ItemStore, 'get' | 'write'>): ClosingMark {
  const key = { pk: `${ledger}#reconciler`, sk: 'closing' };
  return {
    isSet: async () => (await items.get(key)) !== undefined,
    set: async () => {
      await items.write([{ kind: 'put', key, value: true, expect: 'any' }]);
    },
    clear: async () => {
      await items.write([{ kind: 'delete', key, expect: 'any' }]);
    },
  };
}

/** A bank for tests: payouts by their key, each in one step, as a bank's database has it. */
import type { Bank } from './payouts.ts';

export interface FakeBank extends Bank {
  /** what customers got, in cents */
  readonly paid: () => Record<string, number>;
}

export function fakeBank(): FakeBank {
  const payouts = new Map<string, { readonly to: string; readonly cents: number } | 'cancelled'>();
  return {
    find: async (key) => {
      const payout = payouts.get(key);
      if (payout === undefined) return undefined;
      return payout === 'cancelled' ? 'cancelled' : 'paid';
    },
    pay: async (key, payout) => {
      if (!payouts.has(key)) payouts.set(key, payout);
      return payouts.get(key) !== 'cancelled';
    },
    cancel: async (key) => void payouts.set(key, 'cancelled'),
    paid: () => {
      const sums: Record<string, number> = {};
      for (const payout of payouts.values())
        if (payout !== 'cancelled') sums[payout.to] = (sums[payout.to] ?? 0) + payout.cents;
      return sums;
    },
  };
}

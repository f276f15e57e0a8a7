/**
 * An executor whose effect is a call to somebody else's API, here a bank's. It has no database of its own: the bank keeps a payout
 * under the operation's key, once, so the bank is where the mark of an operation is found, whatever dies on the way.
 */
import { defineExecutor, singleUse, statusOf, type Executor, type Mark, type RootKeys } from 'nervous-system/sdk';
import { payoutInput, PAYOUTS, type PayoutInput } from './payout-input.ts';

/** The parts of the bank's API that are used. Both writes are idempotent by their key. */
export interface Bank {
  find(key: string): Promise<'paid' | 'cancelled' | undefined>;
  /** @returns false when the key was cancelled before */
  pay(key: string, payout: PayoutInput): Promise<boolean>;
  /** Takes the payout back, or closes the key for good if there is none. */
  cancel(key: string): Promise<void>;
}

interface PayoutOptions {
  readonly bank: Bank;
  readonly rootKeys: RootKeys;
  /** milliseconds since the Unix epoch */
  readonly now?: () => number;
}

export function createPayouts({ bank, rootKeys, now = Date.now }: PayoutOptions): Executor {
  const markOf = async (operation: string): Promise<Mark | undefined> => {
    const found = await bank.find(operation);
    if (found === undefined) return undefined;
    return found === 'paid' ? 'applied' : 'undone';
  };
  return defineExecutor<PayoutInput>({
    ...{ ...PAYOUTS, schema: payoutInput, rootKeys, now },
    plan: ({ to, cents }) => ({ facts: { to, cents } }), // what people and risk rules see; reads only
    apply: async (input, { operation }) => {
      const use = singleUse.apply(await markOf(operation));
      if (use !== 'act') return use;
      const isPaid = await bank.pay(operation, input);
      return isPaid ? { kind: 'applied' } : { kind: 'refused', reason: 'the payout was cancelled before it was made' };
    },
    undo: async (_inverse, { operation }) => {
      await bank.cancel(operation);
      return { kind: 'applied' };
    },
    status: async (key) => statusOf(await markOf(key.operation), key),
  });
}

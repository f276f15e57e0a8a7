/**
 * Where executions wait: for each change-set the task token of its newest wait, what was known when the wait began and when
 * it ends. A token is a wake-up and no authority: whoever steals, forges or repeats one makes the execution read the ledger.
 */
import * as z from 'zod';
import type { ItemKey, ItemStore } from '../../../core/ledger/index.ts';
import { codecOf, stored, whole } from '../../../core/values/index.ts';

export interface Gate {
  readonly token: string;
  /** which execution of the change-set waits */
  readonly attempt: number;
  /** version of the record the wait rests on; a later one ends the wait */
  readonly seen: number;
  /** milliseconds since the Unix epoch */
  readonly until: number;
}

export const gateCodec = codecOf<Gate>(
  'wait',
  stored<Gate>({ token: z.string(), attempt: whole, seen: whole, until: z.number() }),
);

export interface GateReader {
  find(changeId: string): Promise<Gate | undefined>;
}

export interface Gates extends GateReader {
  /** Durable on return. The newest wait replaces the one before. */
  register(changeId: string, gate: Gate): Promise<void>;
  forget(changeId: string): Promise<void>;
}

export function createGates(ledger: string, items: ItemStore): Gates {
  return {
    ...createGateReader(ledger, items),
    register: async (changeId, { token, attempt, seen, until }) => {
      const value = gateCodec.encode({ token, attempt, seen, until });
      await items.write([{ kind: 'put', key: keyOf(ledger, changeId), value, expect: 'any' }]);
    },
    forget: async (changeId) => {
      await items.write([{ kind: 'delete', key: keyOf(ledger, changeId), expect: 'any' }]);
    },
  };
}

/** For those who wake and must not write. */
export function createGateReader(ledger: string, items: Pick<ItemStore, 'get'>): GateReader {
  return {
    find: async (changeId) => {
      const item = await items.get(keyOf(ledger, changeId));
      return item && gateCodec.decode(item);
    },
  };
}

function keyOf(ledger: string, changeId: string): ItemKey {
  return { pk: `${ledger}#workflow`, sk: changeId };
}

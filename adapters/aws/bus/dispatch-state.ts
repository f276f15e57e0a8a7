/** Where the state of a pushed subscription is kept (ADR 0037), for its run and for those who only want to know. */
import { dispatchCodec, type DispatchState, type Subscription } from '../../../core/events/index.ts';
import type { ItemKey, ItemStore } from '../../../core/ledger/index.ts';

/** A removed subscription and a new one of the same id are two. */
export function dispatchKey(ledger: string, { id, createdAt }: Pick<Subscription, 'id' | 'createdAt'>): ItemKey {
  return { pk: `${ledger}#dispatch`, sk: `${id}#${createdAt}` };
}

/** Undefined: it is not sent to, yet. */
export async function dispatchState(
  { ledger, items }: { readonly ledger: string; readonly items: Pick<ItemStore, 'get'> },
  subscription: Pick<Subscription, 'id' | 'createdAt'>,
): Promise<DispatchState | undefined> {
  const item = await items.get(dispatchKey(ledger, subscription));
  return item && dispatchCodec.decode(item);
}

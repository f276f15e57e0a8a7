/** In which states the open change-sets of an entity are: for those who only need to know whether something is under way. */
import type { ItemStore } from '../../ledger/index.ts';
import { defined } from '../../values/index.ts';
import { createChangeStore } from './change-store.ts';
import { isTerminal, type ChangeState } from '../model/lifecycle.ts';

const PAGE = 100;

/** One state each, oldest change-set first. Costs a read for each change-set the entity ever had. */
export async function openChangeStates(
  ledger: string,
  items: Pick<ItemStore, 'get' | 'list'>,
  entityId: string,
): Promise<readonly ChangeState[]> {
  const store = createChangeStore(ledger, items);
  const states: ChangeState[] = [];
  for (let after: string | undefined; ;) {
    const ids = await store.ids({ entityId }, { limit: PAGE, ...defined({ after }) });
    const stored = await Promise.all(ids.map((id) => store.find(id)));
    states.push(
      ...stored.flatMap((one) => (one === undefined || isTerminal(one.record.state) ? [] : one.record.state)),
    );
    after = ids.at(-1);
    if (ids.length < PAGE) return states;
  }
}

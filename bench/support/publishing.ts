/** What the benches publish, as whom, and at which pace. */
import type { Engine } from '../../adapters/embedded/index.ts';
import type { EventInput } from '../../core/events/index.ts';
import type { Principal } from '../../core/policy/index.ts';

/** As many entities as the Berka sample has accounts. */
const ENTITIES = 1_178;

/** Events on their way together when there is no pace. */
const MOST_AT_ONCE = 1_000;

export function principal(engine: Engine, id: string): Principal {
  const found = engine.system.policy.principal(id);
  if (found === undefined) throw new Error(`"${id}" is not in nervous.config.ts`);
  return found;
}

let serial = 0;

/** A transaction as the bank feed publishes it. */
export function transaction(): EventInput {
  serial += 1;
  return {
    eventId: `bench-${serial}`,
    topic: 'transactions.new',
    entityId: `account:${serial % ENTITIES}`,
    payload: { amount: '1234.50', kind: 'credit', operation: 'VKLAD', date: '1993-01-01', balance: '5678.00' },
  };
}

/** Publishes one event at a time, at a steady pace or, with `Infinity`, as fast as they are taken. */
export async function publishAt(
  engine: Engine,
  options: { readonly total: number; readonly perSecond: number; readonly onPublish?: (eventId: string) => void },
): Promise<void> {
  const { total, perSecond, onPublish } = options;
  const feed = principal(engine, 'bank-feed');
  const begin = performance.now();
  for (let sent = 0; sent < total;) {
    const due = perSecond === Infinity ? total : ((performance.now() - begin) * perSecond) / 1_000;
    const batch: Promise<unknown>[] = [];
    for (; sent < Math.min(total, Math.floor(due)) && batch.length < MOST_AT_ONCE; sent++) {
      const event = transaction();
      onPublish?.(event.eventId ?? '');
      batch.push(engine.system.publish(feed, [event]));
    }
    if (perSecond === Infinity) await Promise.all(batch);
    else await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/**
 * Checks whether a queued message says what the ledger says (W5). Whoever may send to a queue could put anything into it, so a
 * message only names an entry: the event that is handed out is read from the ledger, at one read unit for each event.
 */
import { canonicalize } from '../../../core/canonical/index.ts';
import { recordedEvent, type DeliveredEvent } from '../../../core/events/index.ts';
import type { EntryStore } from '../../../core/ledger/index.ts';
import { withoutPosition } from './directory.ts';

export interface LedgerCheck {
  /** as the ledger has it; undefined: it has no such event */
  readonly event?: DeliveredEvent;
  /** why the message was not made by this system; undefined: it says what the ledger says */
  readonly forged?: string;
}

export async function checkAgainstLedger(
  entries: Pick<EntryStore, 'read'>,
  told: DeliveredEvent,
): Promise<LedgerCheck> {
  const { entity, seq, hash } = told.ledger;
  const [entry] = await entries.read(entity, seq, 1);
  const recorded = entry?.seq === seq ? recordedEvent(entry)?.event : undefined;
  if (recorded === undefined) return { forged: `the ledger has no event ${seq} of "${entity}"` };
  if (recorded.ledger.hash !== hash) return { forged: `event ${seq} of "${entity}" has another hash in the ledger` };
  const event = withoutPosition(recorded);
  if (saysTheSame(event, withoutPosition(told))) return { event };
  return {
    event,
    forged: `event ${seq} of "${entity}" says something else in the ledger, which was delivered instead`,
  };
}

function saysTheSame(a: DeliveredEvent, b: DeliveredEvent): boolean {
  try {
    return canonicalize(a) === canonicalize(b);
  } catch {
    return false; // what has no canonical form was never recorded
  }
}

/** An event that the system itself tells, as an entry to append. */
import type { JsonObject } from '../../canonical/index.ts';
import type { Actor, EntryDraft } from '../../ledger/index.ts';
import { eventIdemKey } from './envelope.ts';
import { GUARD_CHAIN, GUARD_SOURCE, type SYSTEM_TOPICS } from '../catalog/system-topics.ts';

export type SystemTopic = keyof typeof SYSTEM_TOPICS;

export const GUARD_ACTOR: Actor = { kind: 'service', id: GUARD_SOURCE };

/** @param id of the event: told twice under one id, it is recorded once */
export function systemEvent(
  topic: SystemTopic,
  { id, payload, by = GUARD_ACTOR }: { readonly id: string; readonly payload: object; readonly by?: Actor },
): { readonly chain: string; readonly idemKey: string; readonly draft: EntryDraft } {
  const data: JsonObject = { topic, version: 1, source: GUARD_SOURCE, payload: { ...payload } };
  return {
    chain: GUARD_CHAIN,
    idemKey: eventIdemKey(GUARD_SOURCE, id),
    draft: { type: 'event', actor: by, idem: id, data },
  };
}

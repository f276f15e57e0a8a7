/** Notes on deliveries, in memory. */
import type { DeliveryNotes, Noted, Place } from '../../adapters/aws/bus/delivery-notes.ts';
import type { DeliveryAttempt } from '../../core/events/index.ts';

export function memoryNotes(): DeliveryNotes {
  const notes = new Map<string, DeliveryAttempt[]>();
  const keyOf = ({ id, createdAt }: Noted, { chain, seq }: Place): string => `${id} ${createdAt} ${chain}#${seq}`;
  return {
    add: async (subscription, places, attempt) => {
      for (const key of places.map((place) => keyOf(subscription, place)))
        notes.set(key, [...(notes.get(key) ?? []), attempt]);
    },
    read: async (subscription, place) => notes.get(keyOf(subscription, place)) ?? [],
  };
}

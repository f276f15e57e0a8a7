/** The module `loyalty`: a point for every euro that a customer orders, once per order, whatever crashes. */
import { caused, type Client, type RunningSubscription } from 'nervous-system/sdk';
import type { config } from './nervous.config.ts';

const CENTS_PER_POINT = 100;

export function startLoyalty(client: Client<typeof config>): Promise<RunningSubscription> {
  return client.subscribe(
    { id: 'loyalty', topics: ['orders.*'], order: 'entity', startAt: 'earliest' },
    async (event) => {
      const points = Math.floor(event.payload.cents / CENTS_PER_POINT);
      if (points === 0) return;
      const { entityId, eventId } = event;
      // An id made of the cause: should this be published twice, it is recorded once.
      const earned = {
        topic: 'loyalty.earned',
        eventId: `points-for-${eventId}`,
        entityId,
        payload: { points },
      } as const;
      await client.publish({ ...earned, metadata: caused(event) });
    },
  );
}

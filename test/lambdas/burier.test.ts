/** What SQS gave up becomes a dead letter, once; what is none is put aside; what fails comes again. */
import { describe, expect, it } from 'vitest';
import { DeadLetterStore } from '../../adapters/aws/subscriptions/dead-letters.ts';
import { SubscriptionDirectory } from '../../adapters/aws/bus/directory.ts';
import { formatMessage } from '../../adapters/aws/bus/message.ts';
import { createQuarantine, type DeliveredEvent } from '../../core/events/index.ts';
import { writeDeadLetters } from '../../lambdas/burier/write-dead-letters.ts';
import { createBusWorld, storedSubscription } from './bus-world.ts';

async function createWorld() {
  const world = createBusWorld();
  const sequenced = { yes: true };
  const letters = new DeadLetterStore({
    ...{ ledger: 'main', items: world.store, entries: world.store, clock: world.clock },
    positions: { positionOf: async (...place) => (sequenced.yes ? world.positions.positionOf(...place) : undefined) },
  });
  const buried: string[] = [];
  const deps = {
    directory: new SubscriptionDirectory({ ledger: 'main', items: world.store }),
    letters,
    quarantine: createQuarantine({ ledger: 'main', items: world.store, clock: world.clock }),
    onBuried: (id: string) => void buried.push(id),
  };
  await world.store.write([storedSubscription('s', { topics: ['orders.*'] })]);
  return {
    ...{ ...world, sequenced, letters, buried },
    bury: async (...bodies: string[]): Promise<void> => {
      for (const one of bodies) await writeDeadLetters(deps, one);
    },
  };
}

const body = (event: DeliveredEvent, subscription = 's'): string => formatMessage({ subscription, event });
const quarantined = async (world: Awaited<ReturnType<typeof createWorld>>): Promise<string[]> =>
  (await world.store.list('main#quarantine', { limit: 9 })).map(({ value }) => (value as { reason: string }).reason);

describe('the burier', () => {
  it('writes one dead letter per event, however often it comes', async () => {
    const world = await createWorld();
    const event = await world.publish();
    await world.bury(body(event), body(event));
    expect(await world.letters.list('s', { limit: 9 })).toMatchObject([
      { attempts: 5, reason: 'not acknowledged within 30000 ms', event: { eventId: event.eventId } },
    ]);
  });

  it('drops messages of removed subscriptions, and puts aside what is no event of the subscription', async () => {
    const world = await createWorld();
    const event = await world.publish();
    const other = await world.publish('e', 'other.new');
    const forged = { ...event, ledger: { ...event.ledger, seq: 99 } };
    await world.bury(body(event, 'removed'), 'junk', body(other), body(forged));
    expect(world.buried).toEqual([]);
    expect((await quarantined(world)).sort()).toEqual([
      'no event stood in the queue of a subscription: find out who may send to it',
      'the ledger has no such event for subscription "s"',
      'the ledger has no such event for subscription "s"',
    ]);
  });

  it('fails while the event has no place in the log, so that the message comes again', async () => {
    const world = await createWorld();
    const event = await world.publish();
    world.sequenced.yes = false;
    await expect(world.bury(body(event))).rejects.toThrow(/no place in the log yet/);
    world.sequenced.yes = true;
    await world.bury(body(event));
    expect(world.buried).toEqual(['s']);
  });
});

/** What SQS gave up becomes a dead letter, once; what is none is put aside; what fails comes again. */
import { describe, expect, it } from 'vitest';
import { DeadLetterStore } from '../../adapters/aws/subscriptions/dead-letters.ts';
import { SubscriptionDirectory } from '../../adapters/aws/bus/directory.ts';
import { formatMessage } from '../../adapters/aws/bus/message.ts';
import { createQuarantine, type DeliveredEvent } from '../../core/events/index.ts';
import { writeDeadLetters } from '../../lambdas/burier/write-dead-letters.ts';
import { createBusFixture, storedSubscription } from './bus-fixture.ts';

async function createFixture() {
  const fixture = createBusFixture();
  const sequenced = { yes: true };
  const letters = new DeadLetterStore({
    ...{ ledger: 'main', items: fixture.store, entries: fixture.store, clock: fixture.clock },
    positions: { positionOf: async (...place) => (sequenced.yes ? fixture.positions.positionOf(...place) : undefined) },
  });
  const written: string[] = [];
  const deps = {
    directory: new SubscriptionDirectory({ ledger: 'main', items: fixture.store }),
    letters,
    quarantine: createQuarantine({ ledger: 'main', items: fixture.store, clock: fixture.clock }),
    onDeadLetter: (id: string) => void written.push(id),
  };
  await fixture.store.write([storedSubscription('s', { topics: ['orders.*'] })]);
  return {
    ...{ ...fixture, sequenced, letters, written },
    writeDeadLetter: async (...bodies: string[]): Promise<void> => {
      for (const one of bodies) await writeDeadLetters(deps, one);
    },
  };
}

const body = (event: DeliveredEvent, subscription = 's'): string => formatMessage({ subscription, event });
const quarantined = async (fixture: Awaited<ReturnType<typeof createFixture>>): Promise<string[]> =>
  (await fixture.store.list('main#quarantine', { limit: 9 })).map(({ value }) => (value as { reason: string }).reason);

describe('the dead-letter writer', () => {
  it('writes one dead letter per event, however often it comes', async () => {
    const fixture = await createFixture();
    const event = await fixture.publish();
    await fixture.writeDeadLetter(body(event), body(event));
    expect(await fixture.letters.list('s', { limit: 9 })).toMatchObject([
      { attempts: 5, reason: 'not acknowledged within 30000 ms', event: { eventId: event.eventId } },
    ]);
  });

  it('drops messages of removed subscriptions, and puts aside what is no event of the subscription', async () => {
    const fixture = await createFixture();
    const event = await fixture.publish();
    const other = await fixture.publish('e', 'other.new');
    const forged = { ...event, ledger: { ...event.ledger, seq: 99 } };
    await fixture.writeDeadLetter(body(event, 'removed'), 'junk', body(other), body(forged));
    expect(fixture.written).toEqual([]);
    expect((await quarantined(fixture)).sort()).toEqual([
      'no event stood in the queue of a subscription: find out who may send to it',
      'the ledger has no such event for subscription "s"',
      'the ledger has no such event for subscription "s"',
    ]);
  });

  it('fails while the event has no place in the log, so that the message comes again', async () => {
    const fixture = await createFixture();
    const event = await fixture.publish();
    fixture.sequenced.yes = false;
    await expect(fixture.writeDeadLetter(body(event))).rejects.toThrow(/no place in the log yet/);
    fixture.sequenced.yes = true;
    await fixture.writeDeadLetter(body(event));
    expect(fixture.written).toEqual(['s']);
  });
});

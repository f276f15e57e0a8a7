import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestSystem, type TestSystem } from 'nervous-system/testing';
import { startLoyalty } from './loyalty.ts';
import { config } from './nervous.config.ts';

const order = (lab: TestSystem<typeof config>, eventId: string, cents: number): Promise<unknown> =>
  lab.as('shop').publish({ topic: 'orders.placed', eventId, entityId: 'customer:1', payload: { cents } });

test('an order earns points, and the points name the order', async () => {
  const lab = await startTestSystem({ config });
  await startLoyalty(lab.as('loyalty'));
  await order(lab, 'order-1', 2599);
  await lab.settled();
  const { event } = await lab.as('axel').trace('points-for-order-1');
  assert.deepEqual(event.payload, { points: 25 });
  assert.equal(event.metadata?.['causationId'], 'order-1');
});

test('an order that is published twice earns points once', async () => {
  const lab = await startTestSystem({ config });
  await startLoyalty(lab.as('loyalty'));
  await order(lab, 'order-1', 2599);
  await order(lab, 'order-1', 2599);
  await lab.settled();
  const { entries } = await lab.as('axel').entries('customer:1');
  assert.equal(entries.filter(({ body }) => body.data['topic'] === 'loyalty.earned').length, 1);
});

test('a change waits for the person whose approval its risk asks for', async () => {
  const lab = await startTestSystem({ config });
  const { change } = await lab.as('helpdesk-bot').propose({
    entityId: 'customer:1',
    title: 'Give a credit of 20',
    rationale: 'The parcel came late',
    operations: [{ type: 'state.put', payload: { credit: '20.00' } }],
  });
  await lab.settled();
  await assert.rejects(lab.as('olga').decide(await lab.as('olga').changeSet(change.id), 'approve'));
  await lab.as('rita').decide(await lab.as('rita').changeSet(change.id), 'approve');
  await lab.clock.advance('1s');
  assert.equal((await lab.as('rita').changeSet(change.id)).state, 'executed');
});

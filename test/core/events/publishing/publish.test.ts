import { expect, it } from 'vitest';
import { z } from 'zod';
import { CountingIds, MemoryStore } from '../../../../adapters/memory/index.ts';
import { createCatalog, createPublish, type Publish, type PublishResult } from '../../../../core/events/index.ts';
import { createPolicy, modulesSchema, rosterSchema, type Principal } from '../../../../core/policy/index.ts';
import { appenderOn, recordedIds } from '../../ledger/ledger-fixture.ts';

const catalog = createCatalog({
  'orders.new': { description: 'An order.', versions: { 1: z.strictObject({ n: z.number() }) } },
  'user.login': { description: 'A login.', versions: { 1: z.strictObject({}) } },
});
const policy = createPolicy(
  rosterSchema.parse({ roles: {}, people: [], agents: [] }),
  modulesSchema.parse({ shop: { publishes: ['orders.*'] }, web: { publishes: ['*'] } }),
);
const shop = policy.principal('shop') as Principal;
const order = (eventId: string, n = 1, more: object = {}): object => ({
  eventId,
  topic: 'orders.new',
  entityId: 'order:1',
  payload: { n },
  ...more,
});

function fixture(): { store: MemoryStore; publish: Publish } {
  const store = new MemoryStore();
  return { store, publish: createPublish({ appender: appenderOn(store), catalog, policy, ids: new CountingIds() }) };
}
const statuses = (results: readonly PublishResult[]): string[] =>
  results.map((result) => (result.status === 'rejected' ? result.problem.code : result.status));

it('answers for each event, and one bad event does not sink the others', async () => {
  const { store, publish } = fixture();
  const results = await publish(shop, [
    ...[order('1'), order('2', 1, { topic: 'user.login', payload: {} }), order('3', 1, { source: 'web' })],
    ...[
      order('4', 1, { entityId: 'keys/x' }),
      order('5', 1, { entityId: 'module/web' }),
      order('6', 1, { version: 2 }),
    ],
    ...[
      order('7', 1, { payload: { n: 'x' } }),
      order('8', 1.5),
      order('9', 1, { topic: 'orders.nwe' }),
      { topic: 'x' },
    ],
    ...[null, order('10', 1, { source: 'shop' }), { topic: 'orders.new', payload: { n: 1 } }, order('11', Number.NaN)],
  ]);
  expect(statuses(results)).toEqual([
    ...['accepted', 'FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN', 'VERSION_UNKNOWN', 'PAYLOAD_INVALID'],
    ...['NOT_I_JSON', 'TOPIC_UNKNOWN', 'EVENT_INVALID', 'EVENT_INVALID', 'accepted', 'accepted', 'PAYLOAD_INVALID'],
  ]);
  expect(results[0]).toMatchObject({
    entity: 'order:1',
    seq: 0,
    hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
  });
  expect(results[12]).toMatchObject({ entity: 'module/shop', seq: 0 });
  expect(await recordedIds(store)).toHaveLength(3);
});

it('takes 1 to 100 events', async () => {
  for (const count of [0, 101])
    await expect(
      fixture().publish(
        shop,
        Array.from({ length: count }, (_, i) => order(`${i}`)),
      ),
    ).rejects.toMatchObject({ code: 'EVENT_INVALID' });
});

it('calls the same event again a duplicate, another under its id a conflict, and keeps sources apart', async () => {
  const { store, publish } = fixture();
  const [first] = await publish(shop, [order('1')]);
  const again = await publish(shop, [
    order('1'),
    order('1', 2),
    order('1', 1, { entityId: 'order:2' }),
    order('1', 1, { userId: 'u' }),
  ]);
  expect(statuses(again)).toEqual(['duplicate', 'EVENT_ID_CONFLICT', 'EVENT_ID_CONFLICT', 'EVENT_ID_CONFLICT']);
  expect(again[0]).toEqual({ ...first, status: 'duplicate' });
  expect(statuses(await publish(policy.principal('web') as Principal, [order('1')]))).toEqual(['accepted']);
  expect(await recordedIds(store)).toEqual(['1', '1']);
});

it('records an atomic batch whole or not at all', async () => {
  const { store, publish } = fixture();
  const atomic = async (...inputs: object[]): Promise<string[]> =>
    statuses(await publish(shop, inputs, { atomic: true }));
  expect(await atomic(order('1'), order('2', 1, { payload: {} }))).toEqual(['ATOMIC_REJECTED', 'PAYLOAD_INVALID']);
  expect(await atomic(order('1'), order('2'), order('1'))).toEqual([
    'EVENT_INVALID',
    'ATOMIC_REJECTED',
    'EVENT_INVALID',
  ]);
  expect(await atomic(order('1'), order('2', 1.5))).toEqual(['NOT_I_JSON', 'NOT_I_JSON']);
  expect(await store.size()).toBe(0);
  expect(await atomic(order('1'), order('2', 2, { entityId: 'order:2' }))).toEqual(['accepted', 'accepted']);
  expect(await atomic(order('0'), order('1'), order('3'))).toEqual(['accepted', 'duplicate', 'accepted']);
  expect(await atomic(order('4'), order('1', 9), order('2', 2, { entityId: 'order:2' }))).toEqual([
    'ATOMIC_REJECTED',
    'EVENT_ID_CONFLICT',
    'duplicate',
  ]);
  expect(await atomic(order('1'), order('3'))).toEqual(['duplicate', 'duplicate']);
  expect(await recordedIds(store)).toEqual(['1', '2', '0', '3']);
});

it.each([true, false])('does not call a broken store the fault of the event (atomic: %s)', async (atomic) => {
  const { store, publish } = fixture();
  store.faults.before = () => {
    throw new Error('the disk is gone');
  };
  await expect(publish(shop, [order('1')], { atomic })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
});

it('does not ask for ever when an idempotency record names an entry that is gone', async () => {
  const { store, publish } = fixture();
  store.commit = async (groups) => groups.map(() => ({ kind: 'exists', idemKey: 'k' }));
  const certified = publish(shop, [order('1'), order('2')], { atomic: true });
  await expect(certified).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
});

it.each(['registry:policy', 'registry:anything', 'keys/root', 'system/log', 'module/web'])(
  "R10: %s takes nobody's events",
  async (entityId) => {
    const { store, publish } = fixture();
    expect(statuses(await publish(shop, [order('1', 1, { entityId })]))).toEqual(['FORBIDDEN']);
    expect(await recordedIds(store)).toEqual([]);
  },
);

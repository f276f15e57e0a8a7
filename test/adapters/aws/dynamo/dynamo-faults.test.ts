import { describe, expect, it } from 'vitest';
import type { LeafHash } from '../../../../core/brands/index.ts';
import { createCallCounter } from '../../../../adapters/aws/wiring/count-calls.ts';
import type { DynamoStore } from '../../../../adapters/aws/dynamo/dynamo-store.ts';
import { createSequencer } from '../../../../adapters/aws/dynamo/sequencer.ts';
import type { CommitGroup, EntryToStore, ItemWrite } from '../../../../core/ledger/index.ts';
import { appenderOn, note, recordedIds } from '../../../core/ledger/ledger-fixture.ts';
import { describeStorm } from '../guard/storm.ts';
import { FakeDynamo, type Fault } from './fake-dynamo.ts';
import { fakeStore, inOrder, TABLES } from '../fake-store.ts';
import { checked } from '../../../support/checked.ts';

const entry = (chain: string, seq: number, idemKey?: string): EntryToStore => ({
  ...{
    chain,
    seq,
    idemKey,
    note: Buffer.from(`${chain} ${seq} ${idemKey ?? ''}`),
    hash: checked<LeafHash>(Buffer.alloc(32, seq + 1)),
  },
});
const group = (entries: EntryToStore[], writes: ItemWrite[] = []): CommitGroup => ({ entries, writes });
const put = (sk: string, expectation: 'absent' | 'any' | number = 'any'): ItemWrite => ({
  ...{ kind: 'put', key: { pk: 'p', sk }, value: sk, expect: expectation },
});
const LOST: Fault = { kind: 'lose-answer' };
const CONFLICT: Fault = { kind: 'cancel', codes: ['TransactionConflict', 'None'] };
const kinds = async (store: DynamoStore, groups: CommitGroup[]): Promise<string[]> =>
  (await store.commit(groups)).map(({ kind }) => kind);

describe('W11: a key that follows from what else is written', () => {
  it('W11: takes no row of its own, and costs an entry less', async () => {
    const { dynamo, store } = fakeStore();
    const told = { ...entry('a', 1, 'event/system/approvals/c.0.x'), keyFollows: true };
    await store.commit([group([entry('a', 0, 'k'), told], [put('s', 'absent')])]);
    const [sent] = dynamo.requests.filter(({ operation }) => operation === 'TransactWriteItems');
    expect(sent?.body['TransactItems']).toHaveLength(4);
    expect(dynamo.items('state').map(({ pk }) => pk?.S)).toEqual(['main#idem#k', 'p']);
    // What makes it unique is the item, as of a change-set its record.
    expect(await kinds(store, [group([{ ...told, seq: 2 }], [put('s', 'absent')])])).toEqual(['precondition']);
  });
});

describe('a write whose answer got lost', () => {
  it.each<[string, string, CommitGroup]>([
    ['an entry alone', 'PutItem', group([entry('a', 0)])],
    ['an entry with its key', 'TransactWriteItems', group([entry('a', 0, 'k')])],
    ['an entry with an item', 'TransactWriteItems', group([entry('a', 0)], [put('s', 'absent')])],
  ])('is our own when it is found there: %s', async (_, operation, written) => {
    const { dynamo, store } = fakeStore();
    dynamo.fault = inOrder(operation, LOST, LOST);
    expect(await store.commit([written])).toEqual([{ kind: 'committed', positions: [undefined] }]);
    expect(dynamo.requests.filter((request) => request.operation === operation)).toHaveLength(3);
    expect((await store.read('a', 0, 9)).map(({ seq }) => seq)).toEqual([0]);
  });

  it('is read back by the appender when it stays lost, and nothing is doubled', async () => {
    const { dynamo, store } = fakeStore();
    const appender = appenderOn(store);
    await appender.append({ entries: [note('a', '1')] });
    dynamo.fault = inOrder('TransactWriteItems', LOST, LOST, LOST);
    expect((await appender.append({ entries: [note('a', '2')] })).kind).toBe('appended');
    await createSequencer({ store }).catchUp();
    expect((await recordedIds(store)).sort()).toEqual(['1', '2']);
  });

  it('is our own in another transaction too: it was applied late, after it was given up', async () => {
    const { store } = fakeStore();
    const late = group([entry('a', 0, 'k'), entry('a', 1)], [put('s', 'absent')]);
    expect([await kinds(store, [late]), await kinds(store, [late])]).toEqual([['committed'], ['committed']]);
    expect((await store.get({ pk: 'p', sk: 's' }))?.version).toBe(1);
  });

  it('of conditional items does not look like somebody else’s', async () => {
    const { dynamo, store } = fakeStore();
    dynamo.fault = inOrder('TransactWriteItems', LOST);
    expect(await store.write([put('s', 'absent')])).toEqual({ kind: 'written' });
    expect((await store.get({ pk: 'p', sk: 's' }))?.version).toBe(1);
  });
});

describe('throttling', () => {
  it.each([
    ['PutItem', 'ProvisionedThroughputExceededException', group([entry('a', 0)])],
    ['TransactWriteItems', 'ThrottlingException', group([entry('a', 0, 'k')])],
  ])('of %s (%s) is waited out', async (operation, type, written) => {
    const { dynamo, store } = fakeStore();
    dynamo.fault = inOrder(operation, { kind: 'refuse', type }, { kind: 'refuse', type });
    expect(await kinds(store, [written])).toEqual(['committed']);
  });
});

describe('a cancelled transaction', () => {
  it('tells each group why it failed; those beside it are committed', async () => {
    const { dynamo, store } = fakeStore();
    await store.commit([group([entry('taken', 0, 'known')], [put('old')])]);
    const before = dynamo.requests.length;
    const groups = [
      group([entry('x', 0, 'x')]),
      group([entry('taken', 0, 'late')]),
      group([entry('y', 0, 'known')]),
      group([entry('z', 0, 'z')], [put('old', 'absent')]),
      group([entry('x', 1, 'x1')]),
      group([entry('taken', 1, 'built on what failed')]),
    ];
    expect(await store.commit(groups)).toMatchObject([
      { kind: 'committed' },
      { kind: 'conflict', chain: 'taken', winner: { seq: 0 } },
      { kind: 'exists', idemKey: 'known' },
      { kind: 'precondition', failed: { pk: 'p', sk: 'old' } },
      { kind: 'committed' },
      { kind: 'conflict', chain: 'taken', winner: undefined },
    ]);
    // All in one transaction, then what is left in another; the places behind were known.
    expect(dynamo.requests.slice(before).map(({ operation }) => operation)).toEqual([
      'TransactWriteItems',
      'TransactWriteItems',
    ]);
  });

  it('answers "exists" for a key that is known, even if the place is taken too', async () => {
    const { store } = fakeStore();
    await store.commit([group([entry('a', 0, 'k')])]);
    expect(await kinds(store, [group([{ ...entry('a', 0, 'k'), note: Buffer.from('another') }])])).toEqual(['exists']);
  });

  it('because of others at work is sent again, with the same token', async () => {
    const { dynamo, store } = fakeStore();
    dynamo.fault = inOrder('TransactWriteItems', CONFLICT, CONFLICT, CONFLICT);
    expect(await kinds(store, [group([entry('a', 0, 'k')])])).toEqual(['committed']);
    const tokens = dynamo.requests.map(({ body }) => body['ClientRequestToken']);
    expect([tokens.length, new Set(tokens).size]).toEqual([4, 1]);
  });

  it('partly because of others: what failed is answered, the rest goes again', async () => {
    const { dynamo, store } = fakeStore();
    await store.commit([group([entry('b', 0, 'known')])]);
    dynamo.fault = inOrder('TransactWriteItems', {
      kind: 'cancel',
      codes: ['TransactionConflict', 'None', 'None', 'ConditionalCheckFailed'],
    });
    expect(await kinds(store, [group([entry('a', 0, 'k')]), group([entry('c', 0, 'known')])])).toEqual([
      'committed',
      'exists',
    ]);
  });

  it('for ever: gives up after a bounded number of tries, with nothing written', async () => {
    const { dynamo, store } = fakeStore();
    dynamo.fault = ({ operation }) => (operation === 'TransactWriteItems' ? CONFLICT : undefined);
    await expect(store.commit([group([entry('a', 0, 'k')])])).rejects.toMatchObject({ code: 'STORE_CONTENDED' });
    expect(dynamo.requests).toHaveLength(10);
    expect(dynamo.items('entries')).toEqual([]);
  });

  it('that DynamoDB calls invalid is not sent again', async () => {
    const { dynamo, store } = fakeStore();
    dynamo.fault = inOrder('TransactWriteItems', { kind: 'cancel', codes: ['ValidationError', 'None'] });
    await expect(store.commit([group([entry('a', 0, 'k')])])).rejects.toThrow('cancelled');
    expect(dynamo.requests).toHaveLength(1);
  });
});

describe('keys left unprocessed', () => {
  it('are asked for until all are there', async () => {
    const { dynamo, store } = fakeStore();
    const entries = Array.from({ length: 250 }, (_, i) => entry(`c${i % 7}`, Math.floor(i / 7)));
    for (const one of entries) await store.commit([group([one])]);
    await createSequencer({ store }).sequence(entries);
    let round = 0;
    dynamo.fault = ({ operation }) =>
      operation === 'BatchGetItem' ? { kind: 'unprocessed', keep: 1 + (round++ % 40) } : undefined;
    const log = await store.readLog(0, 1_000);
    expect(log.map(({ position, chain, seq }) => [position, chain, seq])).toEqual(
      entries.map(({ chain, seq }, i) => [i, chain, seq]),
    );
  });

  it('for ever: gives up after a bounded number of tries', async () => {
    const { dynamo, store } = fakeStore();
    await store.commit([group([entry('a', 0, 'k')])]);
    dynamo.fault = ({ operation }) => (operation === 'BatchGetItem' ? { kind: 'unprocessed', keep: 0 } : undefined);
    await expect(store.findByIdemKey('k')).rejects.toMatchObject({ code: 'STORE_CONTENDED' });
    expect(dynamo.requests.length).toBeLessThan(20);
  });
});

describe('what DynamoDB cannot hold', () => {
  const big = 'x'.repeat(500_000);
  it.each<[string, CommitGroup]>([
    ['101 writes', group(Array.from({ length: 51 }, (_, i) => entry('a', i, `k${i}`)))],
    ['a large item', group([entry('a', 0)], [{ kind: 'put', key: { pk: 'p', sk: 's' }, value: big, expect: 'any' }])],
  ])('is refused unsent, and only that: %s', async (_, tooLarge) => {
    const { dynamo, store } = fakeStore();
    const [refused, beside] = await store.commit([tooLarge, group([entry('b', 0)])]);
    expect(refused).toMatchObject({ kind: 'refused', error: { code: 'ENTRY_TOO_LARGE' } });
    expect([beside?.kind, dynamo.items('entries').length]).toEqual(['committed', 1]);
  });

  it('is refused by the appender at once', async () => {
    const { dynamo, store } = fakeStore();
    const entries = Array.from({ length: 51 }, (_, i) => note('a', `${i}`));
    await expect(appenderOn(store).append({ entries })).rejects.toMatchObject({ code: 'ENTRY_TOO_LARGE' });
    expect(dynamo.requests.filter(({ operation }) => operation.startsWith('Transact'))).toEqual([]);
  });

  it.each(['', '\ud800', 'x'.repeat(1_025)])('as a key is refused: %j', async (sk) => {
    const { dynamo, store } = fakeStore();
    await expect(store.write([put(sk)])).rejects.toMatchObject({ code: 'ITEM_KEY_INVALID' });
    await expect(store.write([put(sk, 'absent')])).rejects.toMatchObject({ code: 'ITEM_KEY_INVALID' });
    expect(dynamo.requests).toEqual([]);
  });

  it('of a value is kept all the same: half surrogates, control characters', async () => {
    const { store } = fakeStore();
    const value = { '\ud800': ['\u0000', ''] };
    await store.write([{ kind: 'put', key: { pk: 'p', sk: '\u0000' }, value, expect: 'absent' }]);
    expect((await store.get({ pk: 'p', sk: '\u0000' }))?.value).toEqual(value);
  });
});

describe('what a write costs', () => {
  const counted = async (work: (store: DynamoStore) => Promise<unknown>, warmUp = work) => {
    const { store } = fakeStore();
    const counter = createCallCounter();
    store.tables.client.middlewareStack.use(counter.plugin);
    await warmUp(store);
    counter.reset();
    await work(store);
    return counter.counts();
  };

  it('one entry alone, warm: one round trip, one unit, no read', async () => {
    let seq = 0;
    const { operations, roundTrips, writeUnits, readUnits } = await counted((store) =>
      store.commit([group([entry('a', seq++)])]),
    );
    expect(operations).toEqual({ PutItem: { calls: 1, tries: 1, units: 1 } });
    expect([roundTrips, writeUnits, readUnits]).toEqual([1, 1, 0]);
  });

  it('one event with its id, warm: one round trip, four units, no read', async () => {
    let id = 0;
    const appenders = new Map<DynamoStore, ReturnType<typeof appenderOn>>();
    const publish = (store: DynamoStore): Promise<unknown> => {
      const appender = appenders.get(store) ?? appenderOn(store);
      appenders.set(store, appender);
      return appender.append({ entries: [note('a', `${id++}`)] });
    };
    const { calls, roundTrips, writeUnits, readUnits } = await counted(publish);
    expect([calls, roundTrips, writeUnits, readUnits]).toEqual([1, 1, 4, 0]);
  });

  it('a hundred events on one entity: two transactions, one after the other', async () => {
    const appenders = new Map<DynamoStore, ReturnType<typeof appenderOn>>();
    let id = 0;
    const publish = (count: number) => (store: DynamoStore) => {
      const appender = appenders.get(store) ?? appenderOn(store);
      appenders.set(store, appender);
      return Promise.all(Array.from({ length: count }, () => appender.append({ entries: [note('a', `${id++}`)] })));
    };
    const { operations, roundTrips } = await counted(publish(100), publish(1));
    expect(operations).toMatchObject({ TransactWriteItems: { calls: 2 } });
    expect([Object.keys(operations), roundTrips]).toEqual([['TransactWriteItems'], 2]);
  });

  it('a hundred events on a hundred new entities: heads side by side, then two transactions side by side', async () => {
    const appenders = new Map<DynamoStore, ReturnType<typeof appenderOn>>();
    const publish = (chains: string[]) => (store: DynamoStore) => {
      const appender = appenders.get(store) ?? appenderOn(store);
      appenders.set(store, appender);
      return Promise.all(chains.map((chain) => appender.append({ entries: [note(chain, chain)] })));
    };
    const hundred = Array.from({ length: 100 }, (_, i) => `new:${i}`);
    const { operations, roundTrips, writeUnits } = await counted(publish(hundred), publish(['first']));
    expect(operations).toMatchObject({ Query: { calls: 100 }, TransactWriteItems: { calls: 2 } });
    expect([roundTrips, writeUnits]).toEqual([2, 400]);
  });

  it('what is side by side counts as one round trip, a lost answer as two tries', async () => {
    const { dynamo, store } = fakeStore();
    const counter = createCallCounter();
    store.tables.client.middlewareStack.use(counter.plugin);
    dynamo.fault = inOrder('PutItem', LOST);
    await store.commit(['a', 'b', 'c'].map((chain) => group([entry(chain, 0)])));
    expect(counter.counts()).toMatchObject({ calls: 3, roundTrips: 1, operations: { PutItem: { tries: 4 } } });
  });
});

describeStorm('the fake', async () => {
  const dynamo = new FakeDynamo();
  const { store } = fakeStore(dynamo);
  return { ...TABLES, client: store.tables.client, close: async () => undefined };
});

import type { DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { beforeEach, describe, expect, it } from 'vitest';
import type { DynamoStore } from '../../../adapters/aws/dynamo/dynamo-store.ts';
import { createSequencer, type EntryPlace } from '../../../adapters/aws/dynamo/sequencer.ts';
import { tamperRecord, type Appender } from '../../../core/ledger/index.ts';
import { catchUp, type CatchUpReport } from '../../../lambdas/sequencer/catch-up.ts';
import { followStream, type StreamDependencies } from '../../../lambdas/sequencer/follow-stream.ts';
import type { Tampering } from '../../../lambdas/sequencer/read-records.ts';
import { inOrder, fakeStore } from '../../adapters/aws/fake-store.ts';
import type { FakeDynamo } from '../../adapters/aws/dynamo/fake-dynamo.ts';
import { ImpatientClock } from '../../../adapters/memory/test-doubles.ts';
import { appenderOn, note } from '../../core/ledger/ledger-fixture.ts';

let store: DynamoStore;
let dynamo: FakeDynamo;
let appender: Appender;
let told: {
  sequenced: number;
  tampered: Tampering[];
  gaps: EntryPlace[];
  recorded: EntryPlace[];
  runs: CatchUpReport[];
};
let deps: StreamDependencies;

beforeEach(async () => {
  ({ store, dynamo } = fakeStore());
  appender = appenderOn(store);
  told = { sequenced: 0, tampered: [], gaps: [], recorded: [], runs: [] };
  const sequencer = createSequencer({ store });
  const clock = new ImpatientClock();
  deps = {
    ledger: 'main',
    sequencer,
    keys: { items: store, entries: store },
    catchUp: (how) => catchUp({ ledger: 'main', sequencer, items: store, entries: store, clock }, how),
    onCaughtUp: (report) => void told.runs.push(report),
    appender: async () => appender,
    onSequenced: (entries) => void (told.sequenced += entries),
    onTampered: (observed) => void told.tampered.push(observed),
    onTamperRecorded: (place) => void told.recorded.push(place),
    onGap: (place) => void told.gaps.push(place),
  };
  for (const id of ['1', '2', '3']) await appender.append({ entries: [note('a', id)] });
});

/** Stream records as Lambda gets them, of every stored entry. */
const records = (eventName: 'INSERT' | 'MODIFY' | 'REMOVE' = 'INSERT'): DynamoDBRecord[] =>
  dynamo.items('entries').map(
    ({ pk, sk, ...rest }) =>
      ({
        eventName,
        eventID: `${eventName} ${pk?.S ?? ''} ${sk?.N ?? ''}`,
        dynamodb: { Keys: { pk, sk }, NewImage: { pk, sk, ...rest } },
      }) as unknown as DynamoDBRecord,
  );
const event = (Records: DynamoDBRecord[]): DynamoDBStreamEvent => ({ Records });
const chains = async (): Promise<string[]> =>
  (await store.readLog(0, 99)).map(({ chain, seq }) => `${chain.split('/')[0] ?? ''}${seq}`);

describe('the entries stream', () => {
  it('leads new entries into the log, in whatever order and how often they come', async () => {
    const all = records();
    expect(await followStream(deps, event(all.slice(2)))).toEqual({ sequenced: 3 });
    expect(await followStream(deps, event([...all].reverse()))).toEqual({ sequenced: 1 });
    expect(await followStream(deps, event(all))).toEqual({ sequenced: 0 });
    expect((await chains()).sort()).toEqual(['a0', 'a1', 'a2', 'keys0']);
    expect([told.sequenced, told.tampered, told.gaps]).toEqual([4, [], []]);
  });

  it('leads the hash that was stored into the log', async () => {
    const before = dynamo.requests.length;
    await followStream(deps, event(records()));
    expect(dynamo.requests.slice(before).filter(({ body }) => body['TableName'] === 'entries')).toEqual([]);
    const last = await store.log.last();
    for (const { chain, seq, hash } of last?.places ?? [])
      expect(Buffer.from(hash)).toEqual(Buffer.from((await store.read(chain, seq, 1))[0]?.hash ?? []));
  });

  it.each(['MODIFY', 'REMOVE'] as const)('makes noise about %s, records it once, and goes on', async (eventName) => {
    const [tampered] = records(eventName).filter(({ dynamodb }) => dynamodb?.Keys?.['sk']?.N === '1');
    const batch = event([tampered as DynamoDBRecord, ...records()]);
    await followStream(deps, batch);
    await followStream(deps, batch);
    const observed = { chain: 'a', seq: 1, change: eventName === 'MODIFY' ? 'modified' : 'removed' };
    expect(told.tampered).toMatchObject([observed, observed]);
    const recorded = await store.read('system/tamper', 0, 9);
    expect(recorded).toHaveLength(1);
    expect(Buffer.from(recorded[0]?.note ?? []).toString()).toContain('"type":"tamper.observed"');
  });

  it('V2: makes noise about what another function recorded: the alarm counts here', async () => {
    const finding = { verdict: 'DRIFT', entity: 'registry:policy', seq: 0, detail: 'rewritten' } as const;
    await appender.append(tamperRecord(finding, 'governance'));
    await followStream(deps, event(records()));
    expect(told.recorded).toEqual([{ chain: 'system/tamper', seq: 0 }]);
    expect(told.tampered).toEqual([]);
  });

  it('throws what fails, having made the noise first', async () => {
    const refused = { kind: 'refuse', type: 'AccessDeniedException' } as const;
    dynamo.fault = inOrder('PutItem', refused);
    await expect(followStream(deps, event([...records(), ...records('REMOVE')]))).rejects.toThrow('scripted');
    expect(told.tampered.length).toBeGreaterThan(0);
    expect(await store.size()).toBe(0);
  });

  it('is caught up with when it lost something, and says which entries are gone', async () => {
    dynamo.tables.get('entries')?.get('main#a')?.delete('1');
    expect(await followStream(deps, { kind: 'catch-up' })).toEqual({ sequenced: 2, finished: true });
    expect(told.runs).toMatchObject([{ overdue: 0, passAgeSeconds: 0 }]);
    expect(told.gaps).toEqual([{ chain: 'a', seq: 1 }]);
  });

  it('is not moved by items of other ledgers', async () => {
    const foreign = records('MODIFY').map((record) => ({
      ...record,
      dynamodb: { ...record.dynamodb, Keys: { pk: { S: 'mainly#a' }, sk: { N: '0' } } },
    }));
    expect(await followStream(deps, event(foreign))).toEqual({ sequenced: 0 });
    expect(told.tampered).toEqual([]);
  });
});

describe('V5: an idempotency key that is gone', () => {
  const KEY = 'event/bank-feed/t-9';
  const recordIt = () => appender.append({ entries: [{ ...note('k', 't-9'), idemKey: KEY }] });
  const rows = () => {
    const found = dynamo.tables.get('state')?.get(`main#idem#${KEY}`);
    if (found === undefined) throw new Error('the key is stored elsewhere');
    return found;
  };
  /** As Lambda gets it from the state table's stream. */
  const lost = (eventName: 'REMOVE' | 'MODIFY' | 'INSERT', ledger = 'main'): DynamoDBStreamEvent => {
    const row = rows().get('-');
    if (row === undefined) throw new Error('no such key');
    const Keys = { pk: { S: `${ledger}#idem#${KEY}` }, sk: { S: '-' } };
    return event([{ eventName, eventID: `of ${eventName}`, dynamodb: { Keys, OldImage: row } } as DynamoDBRecord]);
  };
  const recorded = async (): Promise<string> =>
    (await store.read('system/tamper', 0, 9)).map((one) => Buffer.from(one.note).toString()).join('\n');

  it('V5: is put back, told and recorded once, and a retry is answered with the entry', async () => {
    await recordIt();
    const removed = lost('REMOVE');
    const before = JSON.stringify(rows().get('-'));
    rows().delete('-');
    await followStream(deps, removed);
    await followStream(deps, removed);
    expect(JSON.stringify(rows().get('-'))).toBe(before);
    expect(told.tampered).toMatchObject([{ chain: 'k', seq: 0, change: 'removed' }, { chain: 'k' }]);
    expect(await store.read('system/tamper', 0, 9)).toHaveLength(1);
    expect(await recorded()).toContain(`"its idempotency key \\"${KEY}\\" was removed, and was put back"`);
    expect(await recordIt()).toMatchObject({ kind: 'exists', entries: [{ chain: 'k', seq: 0 }] });
    expect(await store.read('k', 0, 9)).toHaveLength(1);
  });

  it('V5: is told with both places when something was recorded under it meanwhile', async () => {
    await recordIt();
    const removed = lost('REMOVE');
    rows().delete('-');
    expect((await recordIt()).kind).toBe('appended');
    await followStream(deps, removed);
    expect(told.tampered).toMatchObject([{ chain: 'k', seq: 0 }]);
    expect(await recorded()).toContain('\\"k\\" #1 was recorded under it: the same, twice');
  });

  it('V5: is told when it says something else, and when it said nothing before', async () => {
    await recordIt();
    await followStream(deps, lost('MODIFY'));
    expect(told.tampered).toMatchObject([{ chain: 'k', seq: 0, change: 'modified' }]);
    rows().set('-', { ...rows().get('-'), v: { S: '{"chain":7}' } });
    const removed = lost('REMOVE');
    rows().delete('-');
    await followStream(deps, removed);
    expect(told.tampered[1]).toMatchObject({ chain: '(idempotency)', seq: 0, change: 'removed' });
    expect(rows().size).toBe(0);
  });

  it('V5: is put back by whoever is told next, when this one dies', async () => {
    await recordIt();
    const removed = lost('REMOVE');
    rows().delete('-');
    const refused = { kind: 'refuse', type: 'AccessDeniedException' } as const;
    dynamo.fault = inOrder('TransactWriteItems', refused);
    await expect(followStream(deps, removed)).rejects.toThrow('scripted');
    expect(told.tampered).toHaveLength(1);
    await followStream(deps, removed);
    expect(rows().size).toBe(1);
  });

  it('V5: is not looked for among new ones, or those of other ledgers', async () => {
    await recordIt();
    const before = dynamo.requests.length;
    await followStream(deps, lost('INSERT'));
    await followStream(deps, lost('REMOVE', 'other'));
    expect([told.tampered, dynamo.requests.length]).toEqual([[], before]);
  });
});

/** Narrow filters on DynamoDB: what a page asks for grows with what it finds, not with the log; nothing that is damaged hides an event. */
import { beforeAll, describe, expect, it } from 'vitest';
import { DynamoStore } from '../../../../adapters/aws/dynamo/dynamo-store.ts';
import { batchItem } from '../../../../adapters/aws/dynamo/dynamo-log.ts';
import { indexKey } from '../../../../adapters/aws/dynamo/dynamo-items.ts';
import { FakeClock } from '../../../../adapters/memory/index.ts';
import { createPolicy, type Principal } from '../../../../core/policy/index.ts';
import { createFeed, createLogIndex, createTopicIndexer, type Feed } from '../../../../core/system/index.ts';
import { BLOCK } from '../../../../core/system/feed/topic-blocks.ts';
import { config } from '../../../api/test-system.ts';
import { craftedEntry, craftedLog } from '../../../support/crafted-log.ts';
import { FakeDynamo } from './fake-dynamo.ts';

const LEDGER = 'main';
const ENTRIES = 100_000;
const EVERY = 20_000;
const BATCH = 99;
const policy = createPolicy(config.roster, config.modules);
const auditor = policy.principal('aud') as Principal;
const tables = { entriesTable: 'entries', stateTable: 'state', ledger: LEDGER };

interface Ledger {
  readonly fake: FakeDynamo;
  readonly store: DynamoStore;
  readonly feed: Feed;
}

/** As a sequencer left it, put into the tables past the client, which would take minutes. */
function ledgerOf(count: number): Ledger {
  const fake = new FakeDynamo();
  fake.pageItems = 1_000;
  const put = (table: string, key: { pk?: { S?: string }; sk?: { S?: string; N?: string } }, item: object): void => {
    const rows = fake.tables.get(table) ?? new Map<string, Map<string, never>>();
    fake.tables.set(table, rows);
    const [pk, sk] = [key.pk?.S ?? '', key.sk?.S ?? key.sk?.N ?? ''];
    const partition = rows.get(pk) ?? new Map<string, never>();
    rows.set(pk, partition);
    partition.set(sk, item as never);
  };
  let places: { position: number; chain: string; seq: number; hash: Uint8Array }[] = [];
  let position = 0;
  const close = (): void => {
    const item = batchItem(LEDGER, { first: position - places.length, places, edge: new Uint8Array() });
    if (places.length > 0) put('state', item, { ...item, h: { B: base64(item['h']?.B) }, e: { B: '' } });
    places = [];
  };
  for (const event of craftedLog(count, { entities: 500, everyNth: EVERY })) {
    const { chain, seq, note, hash } = craftedEntry(event);
    const key = { pk: { S: `${LEDGER}#${chain}` }, sk: { N: String(seq) } };
    put('entries', key, { ...key, b: { B: base64(note) }, h: { B: base64(hash) } });
    const index = indexKey(LEDGER, chain, seq);
    put('state', index, { ...index, i: { N: String(position) } });
    places.push({ position, chain, seq, hash });
    position += 1;
    if (places.length === BATCH) close();
  }
  close();
  return { fake, ...readerOf(fake) };
}

/** A process that knows nothing. */
function readerOf(fake: FakeDynamo): Omit<Ledger, 'fake'> {
  const store = new DynamoStore({ ...tables, client: fake.client(), sleep: async () => {}, random: () => 0 });
  const clock = new FakeClock();
  const index = createLogIndex({ ledger: LEDGER, entries: store, items: store, clock });
  return { store, feed: createFeed({ entries: store, policy, clock, streams: { perPrincipal: 2 }, index }).feed };
}

function base64(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? new Uint8Array()).toString('base64');
}

const rare = (count: number): string[] => Array.from({ length: count / EVERY }, (_, i) => `e-${(i + 1) * EVERY - 1}`);
const FILTERS = [{ topics: ['rare.seen'] }, { topics: ['rare.*'] }, { entityId: 'account:rare' }] as const;

async function idsOf({ feed }: Pick<Ledger, 'feed'>, filter: object): Promise<string[]> {
  const ids: string[] = [];
  for (let after: string | undefined; ;) {
    const page = await feed.read(auditor, {
      ...filter,
      limit: 100,
      waitMs: 0,
      ...(after === undefined ? {} : { after }),
    });
    ids.push(...page.items.map(({ event }) => event.eventId));
    if (page.cursor === after) return ids;
    after = page.cursor;
  }
}

let large: Ledger;
beforeAll(async () => {
  large = ledgerOf(ENTRIES);
  await createTopicIndexer({ ledger: LEDGER, entries: large.store, items: large.store }).extend();
});

describe.each(FILTERS)('a page of %o', (filter) => {
  it('takes as many requests in a log of 100,000 as in one of 40,000, for each event found', async () => {
    const small = ledgerOf(2 * EVERY);
    await createTopicIndexer({ ledger: LEDGER, entries: small.store, items: small.store }).extend();
    const counted = async (ledger: Ledger, found: number): Promise<number> => {
      const { feed } = readerOf(ledger.fake);
      const before = ledger.fake.requests.length;
      const page = await feed.read(auditor, { ...filter, limit: found, waitMs: 0 });
      expect(page.items).toHaveLength(found);
      return ledger.fake.requests.length - before;
    };
    const [few, many] = [await counted(small, 2), await counted(large, 5)];
    expect(many - few).toBeLessThanOrEqual(3 * 3); // of three events more
    expect(many).toBeLessThanOrEqual(5 * 3 + 8);
  });

  it('finds what the whole log holds', async () => {
    expect(await idsOf(large, filter)).toEqual(rare(ENTRIES));
  });
});

describe('a damaged index', () => {
  it('of log indices hides nothing: the log is read instead', async () => {
    const ledger = ledgerOf(2 * EVERY);
    const partition = ledger.fake.tables.get('state')?.get(`${LEDGER}#index#account:rare`);
    const [first, second] = [...(partition?.keys() ?? [])];
    for (const damage of [
      () => partition?.delete(first ?? ''),
      () => partition?.set(first ?? '', { i: { N: '7' } }),
      () => partition?.set(second ?? '', { i: { N: String(9 * EVERY) } }),
    ]) {
      const kept = new Map(partition);
      damage();
      expect(await idsOf(readerOf(ledger.fake), FILTERS[2])).toEqual(rare(2 * EVERY));
      for (const [key, item] of kept) partition?.set(key, item);
    }
  });
});

it('is written with less than a tenth of a write unit for each entry', () => {
  const writes = large.fake.requests.filter(({ operation }) => operation === 'TransactWriteItems');
  const units = writes.reduce((sum, { body }) => sum + 2 * (body['TransactItems'] as unknown[]).length, 0);
  expect(writes).toHaveLength(Math.floor(ENTRIES / BLOCK));
  expect(units / ENTRIES).toBeLessThan(0.1);
});

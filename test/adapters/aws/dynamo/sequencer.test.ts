import { describe, expect, it } from 'vitest';
import type { LeafHash } from '../../../../core/brands/index.ts';
import { createSequencer, type EntryPlace } from '../../../../adapters/aws/dynamo/sequencer.ts';
import { merkleRoot, MerkleEdge, type EntryToStore } from '../../../../core/ledger/index.ts';
import { DynamoStore } from '../../../../adapters/aws/dynamo/dynamo-store.ts';
import type { FakeDynamo, Fault } from './fake-dynamo.ts';
import { fakeStore, inOrder } from '../fake-store.ts';
import { checked } from '../../../support/checked.ts';

const entry = (chain: string, seq: number): EntryToStore => ({
  ...{
    chain,
    seq,
    idemKey: undefined,
    note: Buffer.from(`${chain} ${seq}`),
    hash: checked<LeafHash>(Buffer.alloc(32, seq + 1)),
  },
});
const chainOf = (chain: string, length: number): EntryToStore[] =>
  Array.from({ length }, (_, seq) => entry(chain, seq));
const store = async (entries: EntryToStore[]): Promise<{ store: DynamoStore; dynamo: FakeDynamo }> => {
  const fixture = fakeStore();
  await fixture.store.commit(entries.map((one) => ({ entries: [one], writes: [] })));
  return fixture;
};
const places = async (on: DynamoStore): Promise<string[]> =>
  (await on.readLog(0, 10_000)).map(({ position, chain, seq }) => `${position}:${chain}${seq}`);
/** Another process: it knows nothing but what is stored. */
const anew = (on: DynamoStore): DynamoStore => new DynamoStore(on.tables);

/** Each entry once, chains in order, the tree's edge right, and every entry shown with its place. */
async function soundPlaces(on: DynamoStore, lengths: Readonly<Record<string, number>>): Promise<void> {
  const log = await on.readLog(0, 1_000);
  expect(log.map(({ position }) => position)).toEqual(log.map((_, i) => i));
  for (const [chain, length] of Object.entries(lengths)) {
    const placed = log.filter((one) => one.chain === chain);
    expect(placed.map(({ seq }) => seq)).toEqual(Array.from({ length }, (_, i) => i));
    const shown = await on.read(chain, 0, length);
    expect(shown.map(({ position }) => position)).toEqual(placed.map(({ position }) => position));
  }
  const root = new MerkleEdge({ size: log.length, edge: (await on.log.last())?.edge ?? new Uint8Array() }).root();
  expect(Buffer.from(root)).toEqual(Buffer.from(merkleRoot(log.map(({ hash }) => hash))));
}

describe('the sequencer', () => {
  it('puts entries in the order it is told, predecessors first, each once', async () => {
    const { store: on } = await store([...chainOf('a', 4), ...chainOf('b', 2)]);
    const { sequence } = createSequencer({ store: on });
    await sequence([entry('b', 0), entry('a', 0)]);
    const told: EntryPlace[] = [{ chain: 'a', seq: 2 }, entry('b', 1), entry('a', 1), entry('b', 0), entry('b', 1)];
    const { sequenced, gaps } = await sequence(told);
    expect(sequenced.map(({ position, chain, seq }) => `${position}:${chain}${seq}`)).toEqual(['2:a1', '3:a2', '4:b1']);
    expect(gaps).toEqual([]);
    expect(await places(anew(on))).toEqual(['0:b0', '1:a0', '2:a1', '3:a2', '4:b1']);
    expect((await on.read('a', 0, 9)).map(({ position }) => position)).toEqual([1, 2, 3, undefined]);
    expect(await on.size()).toBe(5);
  });

  it('gives nothing twice when the stream delivers again, to this process or another', async () => {
    const { store: on, dynamo } = await store(chainOf('a', 3));
    await createSequencer({ store: on }).sequence(chainOf('a', 3));
    const stored = JSON.stringify(dynamo.items('state'));
    for (const process of [on, anew(on)])
      expect((await createSequencer({ store: process }).sequence(chainOf('a', 3))).sequenced).toEqual([]);
    expect(JSON.stringify(dynamo.items('state'))).toBe(stored);
  });

  it('cuts what does not fit one transaction, and keeps the right edge of the Merkle tree', async () => {
    const { store: on } = await store(chainOf('a', 250));
    const { sequenced } = await createSequencer({ store: on }).sequence([{ chain: 'a', seq: 249 }]);
    expect(sequenced.map(({ position, seq }) => position - seq)).toEqual(sequenced.map(() => 0));
    const log = await on.readLog(0, 1_000);
    expect(log).toHaveLength(250);
    const last = await on.log.last();
    expect([last?.first, last?.places.length]).toEqual([198, 52]);
    const root = new MerkleEdge({ size: 250, edge: last?.edge ?? new Uint8Array() }).root();
    expect(Buffer.from(root)).toEqual(Buffer.from(merkleRoot(log.map(({ hash }) => hash))));
    expect((await on.readLog(97, 4)).map(({ position }) => position)).toEqual([97, 98, 99, 100]);
    expect((await anew(on).readLog(150, 3)).map(({ position }) => position)).toEqual([150, 151, 152]);
  });

  it('races with others without a gap, a fork or a double', async () => {
    const chains = ['a', 'b', 'c'].flatMap((chain) => chainOf(chain, 40));
    const { store: on } = await store(chains);
    const rivals = [on, anew(on), anew(on)].map((one) => createSequencer({ store: one }));
    const results = await Promise.all(
      rivals.map(async ({ sequence }, i) => {
        const mine: EntryPlace[] = [];
        for (let at = 0; at < chains.length; at += 5 + i)
          mine.push(...(await sequence(chains.slice(at, at + 5 + i))).sequenced);
        return mine;
      }),
    );
    const log = await anew(on).readLog(0, 1_000);
    expect(log.map(({ position }) => position)).toEqual(chains.map((_, i) => i));
    expect(new Set(log.map(({ chain, seq }) => `${chain}${seq}`)).size).toBe(chains.length);
    expect(results.flat()).toHaveLength(chains.length);
    const seqs = log.filter(({ chain }) => chain === 'b').map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_, i) => i));
  });

  it('loses nothing to a rival that is busy with other chains', async () => {
    const { store: on } = await store(['a', 'b', 'c'].flatMap((chain) => chainOf(chain, 20)));
    await Promise.all(
      ['a', 'b', 'c'].map(async (chain) => {
        const { sequence } = createSequencer({ store: anew(on) });
        for (let seq = 0; seq < 20; seq++) await sequence([entry(chain, seq)]);
      }),
    );
    expect(await on.size()).toBe(60);
  });

  const lost: Fault = { kind: 'lose-answer' };
  const unseen: Fault = { kind: 'lose-request' };
  it.each<[string, Fault]>([
    ['before its write', unseen],
    ['after its write', lost],
  ])('dies %s: it throws, and whoever is told again finishes', async (_, fault) => {
    const { store: on, dynamo } = await store(chainOf('a', 3));
    const { sequence } = createSequencer({ store: on });
    await sequence([entry('a', 0)]);
    dynamo.fault = inOrder('PutItem', fault, fault, fault);
    await expect(sequence(chainOf('a', 3))).rejects.toThrow('reset');
    await sequence(chainOf('a', 3)); // the same process goes on
    await createSequencer({ store: anew(on) }).sequence(chainOf('a', 3));
    expect(await places(on)).toEqual(['0:a0', '1:a1', '2:a2']);
  });

  // The record is one write, the index item another: between them, and at any other call, a sequencer may end.
  const CALLS = 12;
  const deaths = Array.from({ length: CALLS }, (_, call) => call).flatMap((call) =>
    [unseen, lost].flatMap((fault) =>
      ['knew the log before', 'knows nothing'].map((rival) => ({ call, fault, rival })),
    ),
  );
  it.each(deaths)(
    'W11: dies at its call $call ($fault.kind); one that $rival goes on',
    async ({ call, fault, rival }) => {
      const { store: on, dynamo } = await store([...chainOf('a', 6), ...chainOf('b', 3)]);
      const knowing = createSequencer({ store: anew(on) });
      await knowing.sequence([entry('a', 0), entry('b', 0)]);
      const dying = createSequencer({ store: anew(on) });
      let calls = 0;
      // From there on nothing reaches the table: the process is gone.
      dynamo.fault = () => (calls++ < call ? undefined : calls === call + 1 ? fault : unseen);
      await dying.sequence([entry('a', 2), entry('b', 1), entry('a', 3)]).catch(() => undefined);
      dynamo.fault = () => undefined;
      const next = rival === 'knows nothing' ? createSequencer({ store: anew(on) }) : knowing;
      await next.sequence([entry('b', 2)]); // another chain first: what was left undone must not be forgotten behind it
      await createSequencer({ store: anew(on) }).sequence([entry('a', 4)]);
      await createSequencer({ store: anew(on) }).catchUp();
      await soundPlaces(anew(on), { a: 6, b: 3 });
    },
  );

  it('W11: places what it is told twice at once only once', async () => {
    const { store: on } = await store(chainOf('a', 3));
    const { sequence } = createSequencer({ store: on });
    const told = await Promise.all([sequence(chainOf('a', 3)), sequence(chainOf('a', 2)), sequence([entry('a', 2)])]);
    expect(told.map(({ sequenced }) => sequenced.length)).toEqual([3, 0, 0]);
    expect(await places(on)).toEqual(['0:a0', '1:a1', '2:a2']);
  });

  it('W11: begins anew when others have written more than it wants to take in', async () => {
    const { store: on } = await store([...chainOf('a', 70), ...chainOf('b', 2)]);
    const behind = createSequencer({ store: anew(on) });
    await behind.sequence([entry('b', 0)]);
    const busy = createSequencer({ store: anew(on) });
    for (let seq = 0; seq < 69; seq++) await busy.sequence([entry('a', seq)]);
    expect((await behind.sequence([entry('b', 1), entry('a', 69), entry('a', 3)])).sequenced).toHaveLength(2);
    expect(await places(on)).toHaveLength(72);
    expect(new Set((await on.readLog(0, 99)).map(({ chain, seq }) => `${chain}${seq}`)).size).toBe(72);
  });

  it('W11: gives one entry of a known chain its place with two writes, and nothing else', async () => {
    const { store: on, dynamo } = await store(chainOf('a', 2));
    const { sequence } = createSequencer({ store: on });
    await sequence([entry('a', 0)]);
    dynamo.requests.length = 0;
    await sequence([entry('a', 1)]);
    expect(dynamo.requests.map(({ operation }) => operation)).toEqual(['PutItem', 'PutItem']);
  });

  it('names entries that are gone, and goes on with the other chains', async () => {
    const { store: on, dynamo } = await store([...chainOf('a', 4), ...chainOf('b', 2)]);
    dynamo.tables.get('entries')?.get('main#a')?.delete('1');
    const { sequenced, gaps } = await createSequencer({ store: on }).sequence([entry('a', 3), entry('b', 1)]);
    expect(gaps).toEqual([{ chain: 'a', seq: 1 }]);
    expect(sequenced.map(({ chain, seq }) => `${chain}${seq}`)).toEqual(['a0', 'b0', 'b1']);
  });

  it('catches up with what the stream never told, of this ledger only', async () => {
    const { store: on, dynamo } = await store(['a', 'b', 'c'].flatMap((chain) => chainOf(chain, 12)));
    await createSequencer({ store: on }).sequence(chainOf('b', 12));
    const other = new DynamoStore({ ...on.tables, ledger: 'other' });
    await other.commit([{ entries: [entry('x', 0)], writes: [] }]);
    const { sequenced, gaps } = await createSequencer({ store: anew(on) }).catchUp();
    expect([sequenced.length, gaps]).toEqual([24, []]);
    expect([await on.size(), await other.size()]).toEqual([36, 0]);
    expect((await createSequencer({ store: anew(on) }).catchUp()).sequenced).toEqual([]);
    expect(dynamo.items('entries')).toHaveLength(37);
  });

  it('does not append to a damaged record', async () => {
    const { store: on, dynamo } = await store(chainOf('a', 3));
    await createSequencer({ store: on }).sequence([entry('a', 0)]);
    const record = dynamo.tables.get('state')?.get('main#log')?.values().next().value;
    if (record !== undefined) delete record['e'];
    await expect(createSequencer({ store: anew(on) }).sequence([entry('a', 1)])).rejects.toMatchObject({
      code: 'EDGE_INVALID',
    });
  });
});

import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { asContractError } from '../../../../adapters/aws/http/contract-error.ts';
import { pack } from '../../../../adapters/aws/dynamo/packing.ts';
import { createSequencer } from '../../../../adapters/aws/dynamo/sequencer.ts';
import { verifyTable, type VerifyTableOptions } from '../../../../adapters/aws/verify/verify-table.ts';
import type { DynamoStore } from '../../../../adapters/aws/dynamo/dynamo-store.ts';
import { FakeClock } from '../../../../adapters/memory/index.ts';
import { parseBatchSignature, parseNote, type VerificationReport } from '../../../../core/ledger/index.ts';
import { appenderOn, note, ORIGIN, ROOT } from '../../../core/ledger/ledger-fixture.ts';
import type { FakeDynamo } from '../dynamo/fake-dynamo.ts';
import { fakeStore } from '../fake-store.ts';

const HOUR_MS = 3_600_000;

interface Ledger {
  readonly store: DynamoStore;
  readonly dynamo: FakeDynamo;
  readonly clock: FakeClock;
  append(chain: string, ...ids: string[]): Promise<void>;
  verify(options?: Partial<VerifyTableOptions>): Promise<VerificationReport>;
}

/** Two accounts with four entries each and a session key, all in the log: 9 entries. */
async function ledger(): Promise<Ledger> {
  const { store, dynamo } = fakeStore();
  const clock = new FakeClock();
  const appender = appenderOn(store, { clock });
  const append = async (chain: string, ...ids: string[]): Promise<void> => {
    for (const id of ids) await appender.append({ entries: [note(chain, id)] });
  };
  await append('a', '1', '2', '3', '4');
  await append('b', '5', '6', '7', '8');
  await createSequencer({ store }).catchUp();
  const verify: Ledger['verify'] = (options) =>
    verifyTable({ store, ledger: 'main', origin: ORIGIN, root: ROOT, clock, ...options });
  return { store, dynamo, clock, append, verify };
}

const partition = ({ dynamo }: Ledger, table: string, pk: string) => {
  const found = dynamo.tables.get(table)?.get(pk);
  if (found === undefined) throw new Error(`no ${pk}`);
  return found;
};
const item = (on: Ledger, table: string, pk: string, sk: string) => {
  const found = partition(on, table, pk).get(sk);
  if (found === undefined) throw new Error(`no ${pk} ${sk}`);
  return found;
};
/** Binary is base64 text inside the fake. */
const flip = (attributes: Record<string, unknown>, name: string, byte: number): void => {
  const bytes = Buffer.from((attributes[name] as { B: string }).B, 'base64');
  bytes.writeUInt8(bytes.readUInt8(byte) ^ 1, byte);
  attributes[name] = { B: bytes.toString('base64') };
};

function isInTree(bytes: Uint8Array): boolean {
  const parsed = parseNote(bytes);
  return !('malformed' in parsed) && parsed.signatures.some((line) => parseBatchSignature(line.signature));
}

describe('verifying the tables', () => {
  it('finds an honest ledger sound, and says what it did not look at', async () => {
    const on = await ledger();
    const report = await on.verify();
    expect(report).toMatchObject({ verdict: 'OK', entries: 9, chains: 3 });
    expect(report.checked).toContain('signatures up to the root key');
    expect((await on.verify({ signatures: false })).notChecked).toContain('signatures up to the root key');
    expect(await on.verify({ entity: 'a' })).toMatchObject({ verdict: 'OK', entries: 4, chains: 1 });
  });

  it('finds entries sound that another engine signed in trees', async () => {
    const on = await ledger();
    await Promise.all(['c', 'd', 'e', 'f', 'g'].map((chain, i) => on.append(chain, String(i + 9))));
    await createSequencer({ store: on.store }).catchUp();
    const log = await on.store.readLog(0, 99);
    const inTree = log.filter(({ note }) => isInTree(note)).map(({ chain }) => chain);
    expect(inTree.length).toBeGreaterThan(1);
    expect(await on.verify()).toMatchObject({ verdict: 'OK', entries: log.length });
    expect(await on.verify({ signatures: false })).toMatchObject({ verdict: 'OK' });
    const [chain = ''] = inTree;
    expect(await on.verify({ entity: chain })).toMatchObject({ verdict: 'OK', entries: 1 });
    const other = { ...ROOT, name: `${ORIGIN}/other` };
    expect((await on.verify({ entity: chain, root: other })).verdict).not.toBe('OK');
  });

  it.each<[string, (on: Ledger) => void, { verdict: string; entity?: string; seq?: number }]>([
    [
      'a byte of a note',
      (on) => flip(item(on, 'entries', 'main#a', '2'), 'b', 60),
      { verdict: 'CONTENT_MISMATCH', entity: 'a', seq: 2 },
    ],
    [
      'a byte of a hash',
      (on) => flip(item(on, 'entries', 'main#b', '0'), 'h', 5),
      { verdict: 'CONTENT_MISMATCH', entity: 'b', seq: 0 },
    ],
    [
      'a note removed',
      (on) => delete item(on, 'entries', 'main#a', '1')['b'],
      { verdict: 'UNREADABLE', entity: 'a', seq: 1 },
    ],
    [
      'an entry deleted in the middle',
      (on) => partition(on, 'entries', 'main#a').delete('1'),
      { verdict: 'MISSING_ENTRY', entity: 'a', seq: 1 },
    ],
    [
      'an entry deleted at the end',
      (on) => partition(on, 'entries', 'main#b').delete('3'),
      { verdict: 'MISSING_ENTRY', entity: 'b', seq: 3 },
    ],
    [
      'a whole chain deleted',
      (on) => partition(on, 'entries', 'main#a').clear(),
      { verdict: 'MISSING_ENTRY', entity: 'a', seq: 0 },
    ],
    [
      'a record without its list',
      (on) => delete [...partition(on, 'state', 'main#log').values()][0]?.['p'],
      { verdict: 'UNREADABLE' },
    ],
    [
      'a hash in a record',
      (on) => flip([...partition(on, 'state', 'main#log').values()][0] ?? {}, 'h', 3),
      { verdict: 'UNREADABLE' },
    ],
    ['the log’s records removed', (on) => partition(on, 'state', 'main#log').clear(), { verdict: 'LINK_BROKEN' }],
    [
      'the log’s first record removed',
      (on) => partition(on, 'state', 'main#log').delete('0000000000000000'),
      { verdict: 'MISSING_ENTRY' },
    ],
  ])('detects %s', async (_, tamper, found) => {
    const on = await ledger();
    await on.append('a', '9');
    await createSequencer({ store: on.store }).catchUp();
    await on.store.readLog(0, 99); // what was read before is not trusted
    tamper(on);
    const { verdict, ...firstBad } = found;
    expect(await on.verify()).toMatchObject({ verdict, firstBad });
  });

  it.each([
    ['-7', 'a'],
    ['1.5', 'a'],
    ['9007199254740993', 'a'],
    ['100000000000000000000000000000', 'never'],
    ['-1', 'never'],
  ])('V6: names a row outside the log, stored under the number %s of "%s"', async (sk, chain) => {
    const on = await ledger();
    const rows = on.dynamo.tables.get('entries');
    const copy = { ...item(on, 'entries', 'main#a', '3'), pk: { S: `main#${chain}` }, sk: { N: sk } };
    rows?.set(`main#${chain}`, new Map([...(rows.get(`main#${chain}`) ?? []), [sk, copy]]));
    expect(await on.verify()).toMatchObject({
      verdict: 'UNREADABLE',
      firstBad: { entity: chain, detail: expect.stringContaining(sk) as unknown },
    });
  });

  it.each(['-5', '000000000000000x', 'abc', '~', 'é'])('V6: names a record of the log stored as "%s"', async (sk) => {
    const on = await ledger();
    const [first] = [...partition(on, 'state', 'main#log').values()];
    partition(on, 'state', 'main#log').set(sk, { ...first, sk: { S: sk } });
    expect(await on.verify()).toMatchObject({
      verdict: 'UNREADABLE',
      firstBad: { detail: expect.stringContaining(sk) as unknown },
    });
  });

  it.each(['abc', '000000000000009x'])(
    'V6: does not take a record stored as "%s" for the end of the log',
    async (sk) => {
      const on = await ledger();
      const size = await on.store.size();
      const [first] = [...partition(on, 'state', 'main#log').values()];
      partition(on, 'state', 'main#log').set(sk, { ...first, sk: { S: sk } });
      expect(await on.store.size()).toBe(size);
      await on.append('a', '9');
      await createSequencer({ store: on.store }).catchUp();
      expect(await on.store.size()).toBe(size + 1);
    },
  );

  it('checks entries that have no place yet, and says that they have none', async () => {
    const on = await ledger();
    await on.append('a', '9', '10');
    await on.append('c', '11');
    const report = await on.verify();
    expect(report).toMatchObject({ verdict: 'OK', entries: 12, chains: 4 });
    expect(report.notChecked.join()).toContain('3 entries too new');
    partition(on, 'entries', 'main#a').delete('4');
    expect(await on.verify()).toMatchObject({ verdict: 'MISSING_ENTRY', firstBad: { entity: 'a', seq: 4 } });
  });

  it('does not wait for ever: an entry that never got its place is missing from the log', async () => {
    const on = await ledger();
    await on.append('a', '9');
    await on.clock.advance(HOUR_MS);
    expect(await on.verify()).toMatchObject({ verdict: 'MISSING_ENTRY', firstBad: { entity: 'a', seq: 4 } });
    await createSequencer({ store: on.store }).catchUp();
    expect((await on.verify()).verdict).toBe('OK');
  });

  it('detects a document that the ledger does not lead to', async () => {
    const on = await ledger();
    const key = { pk: 'main#document', sk: 'a' };
    await on.store.write([{ kind: 'put', key, value: { document: { x: 1 } }, expect: 'any' }]);
    expect(await on.verify()).toMatchObject({ verdict: 'DRIFT', firstBad: { entity: 'a' } });
    item(on, 'state', key.pk, key.sk)['v'] = { S: '{' };
    expect((await on.verify()).verdict).toBe('UNREADABLE');
  });

  const base64 = (bytes: Uint8Array) => ({ B: Buffer.from(bytes).toString('base64') });
  const long = Buffer.from(`nervous-system.entry.v1\n${'{"type":"event"}'.repeat(100)}`);
  const OTHER_TEXT = 'packed, and another text';
  const GARBAGE: readonly (readonly [string, Record<string, unknown>])[] = [
    ['not packed by us', { z: base64(Buffer.from('junk')) }],
    ['empty', { z: base64(Buffer.alloc(0)) }],
    ['cut off', { z: base64((pack(long) ?? Buffer.alloc(0)).subarray(0, 12)) }],
    ['a bomb', { z: base64(deflateRawSync(Buffer.alloc(50_000_000))) }],
    ['text', { z: { S: 'text' } }],
    [OTHER_TEXT, { z: base64(deflateRawSync(Buffer.from('{"no":"entry"}'))) }],
  ];

  it.each(GARBAGE)('W11: names the entry whose packed note is %s, in every mode', async (name, garbage) => {
    const on = await ledger();
    const stored = item(on, 'entries', 'main#a', '2');
    delete stored['b'];
    delete stored['z'];
    Object.assign(stored, garbage);
    const verdict = name === OTHER_TEXT ? 'CONTENT_MISMATCH' : 'UNREADABLE';
    expect(await on.verify()).toMatchObject({ verdict, firstBad: { entity: 'a', seq: 2 } });
    const ofEntity = await on.verify({ entity: 'a' });
    expect(ofEntity.verdict).toBe(verdict);
    expect(ofEntity.firstBad).toSatisfy(
      ({ entity, seq, detail }: { entity: string; seq: number; detail: string }) =>
        (entity === 'a' && seq === 2) || detail.includes('entry "a" #2'),
    );
    expect((await on.verify({ entity: 'b' })).verdict).toBe('OK');
  });

  it.each(GARBAGE)(
    'W11: names the document whose packed value is %s, and running reads say which item',
    async (name, garbage) => {
      const on = await ledger();
      const key = { pk: 'main#document', sk: 'a' };
      await on.store.write([{ kind: 'put', key, value: { document: { x: 'x'.repeat(2_000) } }, expect: 'any' }]);
      const stored = item(on, 'state', key.pk, key.sk);
      delete stored['v'];
      delete stored['z'];
      Object.assign(stored, garbage);
      const report = await on.verify();
      expect(report.verdict).toMatch(/UNREADABLE|DRIFT/);
      expect(JSON.stringify(report.firstBad)).toMatch(/main#document|"entity":"a"/);
      if (name === OTHER_TEXT) return; // some other value, which is what verification is for
      const error: unknown = await on.store.get(key).catch((found: unknown) => found);
      expect(error).toMatchObject({
        code: 'DATA_UNREADABLE',
        message: expect.stringContaining('"main#document" / "a"') as string,
      });
      expect(asContractError(error)).toMatchObject({ code: 'ENTRY_UNREADABLE', cause: error });
    },
  );
});

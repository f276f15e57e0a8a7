/** Long notes and values are stored packed, read back to the byte, and never believed. */
import { createHash } from 'node:crypto';
import { constants, deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { DynamoStore } from '../../../../adapters/aws/dynamo/dynamo-store.ts';
import { entryOf, itemOf, noteAttribute, valueAttribute } from '../../../../adapters/aws/dynamo/dynamo-items.ts';
import { pack, unpack } from '../../../../adapters/aws/dynamo/packing.ts';
import { FakeDynamo } from './fake-dynamo.ts';

const LONG = {
  change: 'c',
  entries: Array.from({ length: 30 }, (_, seq) => ({ type: 'change.voted', seq, hash: 'ab'.repeat(32) })),
};
const key = { pk: 'p', sk: 's' };

function openStore() {
  const fake = new FakeDynamo();
  const store = new DynamoStore({
    client: fake.client(),
    entriesTable: 'entries',
    stateTable: 'state',
    ledger: 'main',
  });
  const stored = () => fake.items('state')[0] ?? {};
  return { store, stored };
}

describe('W11: what is stored on DynamoDB', () => {
  it('W11: is packed when it is long, and the same when it is read', async () => {
    const { store, stored } = openStore();
    await store.write([{ kind: 'put', key, value: LONG, expect: 'absent' }]);
    expect(stored()['z']?.B?.length).toBeLessThan(JSON.stringify(LONG).length / 4);
    expect(stored()['v']).toBeUndefined();
    expect((await store.get(key))?.value).toEqual(LONG);
  });

  it.each(['any', 1] as const)('W11: is plain again when it has become short, expecting %s', async (expected) => {
    const { store, stored } = openStore();
    await store.write([{ kind: 'put', key, value: LONG, expect: 'absent' }]);
    await store.write([{ kind: 'put', key, value: { short: 1 }, expect: expected }]);
    expect(Object.keys(stored()).sort()).toEqual(['n', 'pk', 'sk', 'v']);
    await store.write([{ kind: 'put', key, value: LONG, expect: expected === 'any' ? 'any' : 2 }]);
    expect(Object.keys(stored()).sort()).toEqual(['n', 'pk', 'sk', 'z']);
    expect(await store.get(key)).toEqual({ ...key, version: 3, value: LONG });
  });

  it('W11: is read when it was stored before anything was packed', () => {
    const v = { S: JSON.stringify(LONG) };
    expect(itemOf({ pk: { S: 'p' }, sk: { S: 's' }, n: { N: '1' }, v }).value).toEqual(LONG);
    const note = Buffer.from('x'.repeat(5_000));
    expect(entryOf('main', { pk: { S: 'main#a' }, sk: { N: '0' }, b: { B: note }, h: { B: note } }).note).toEqual(note);
  });

  const packed = valueAttribute(LONG);
  const bomb = deflateRawSync(Buffer.alloc(10_000_000));
  it.each([
    ['in both forms', { ...packed, v: { S: '{}' } }],
    ['not packed by us', { z: { B: Buffer.from('junk') } }],
    ['cut off', { z: { B: ('z' in packed ? packed.z.B : Buffer.alloc(0)).slice(0, 40) } }],
    ['a bomb', { z: { B: bomb } }],
    ['of another type', { z: { S: 'text' } }],
  ])('W11: is damaged %s', (_, value) => {
    expect(() => itemOf({ pk: { S: 'p' }, sk: { S: 's' }, n: { N: '1' }, ...value })).toThrow(/damaged/);
    const h = { B: Buffer.alloc(32) };
    const entry = 'v' in value ? { ...value, b: { B: h.B } } : value;
    expect(() => entryOf('main', { pk: { S: 'main#a' }, sk: { N: '0' }, h, ...entry })).toThrow(/damaged/);
  });

  it('W11: notes come back to the byte, short, long or past saving', () => {
    for (const note of ['short', 'nervous-system.entry.v1\n{}'.repeat(60), 'é'.repeat(300_000)].map((text) =>
      Buffer.from(text),
    )) {
      const attributes = noteAttribute(note);
      const stored = { pk: { S: 'main#a' }, sk: { N: '0' }, h: { B: note }, ...attributes };
      expect(Buffer.from(entryOf('main', stored).note).equals(note)).toBe(true);
    }
    expect(pack(Buffer.alloc(500_000))).toBeUndefined();
  });

  it('W11: a bomb is not unpacked: as large as an item may be, some 400 MB unpacked, refused at 400 KB', () => {
    const megabyte = deflateRawSync(Buffer.alloc(2 ** 20), { finishFlush: constants.Z_FULL_FLUSH });
    const bomb = Buffer.concat([...Array.from({ length: 390 }, () => megabyte), deflateRawSync(Buffer.alloc(0))]);
    expect(bomb.length).toBeLessThan(400 * 1_024);
    expect(() => unpack(bomb)).toThrow(expect.objectContaining({ code: 'ERR_BUFFER_TOO_LARGE' }));
  });

  // The packed dictionary is nothing but references to each of its bytes: a changed one makes another text of it.
  it('W11: no byte of the dictionary has changed: attribute z means this one', () => {
    const whole = unpack(Buffer.from('7dchAQAAAMOgxu8vl+IOWjDd0A3d0A3d0A3d0A3d0A3d0I1PNwI=', 'base64'));
    expect(whole.length).toBe(3_183);
    expect(createHash('sha256').update(whole).digest('hex')).toBe(
      'a17900fe3c0c4e48a10c7b400b4c17884d66adb248cda5b4074d5a925ba1d6bf',
    );
  });

  it('W11: the dictionary has not changed: what was packed once is read for ever', () => {
    const text = Buffer.from(JSON.stringify(LONG));
    expect(unpack(Buffer.from(PACKED_ONCE, 'base64'))).toEqual(text);
  });
});

const PACKED_ONCE =
  'vda7EcIADETBXtzBHf7gYgiAOujdoXECgT07KuCNAu3o67bewy/fDvDs6z5f5+YfcWGlstKNlUZWmlhpZqWFle6stLrLhUg4JeKYiHMiDoo4KeKoiLMiDos4Leq0KPwpnBZ1WtRpUadFnRZ1WtRp0Su1eHw2';

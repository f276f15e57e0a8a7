import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { IsoInstant, ChainHash } from '../../../../core/brands/index.ts';
import {
  assertEntityId,
  entryText,
  formatVerifierKey,
  genesisHash,
  isReserved,
  isSignedBy,
  MAX_NOTE_BYTES,
  noteVerifier,
  parseEntry,
  parseNote,
  parseVerifierKey,
  prepareEntry,
  sealRun,
  sealText,
  signatureLine,
  type SealedEntry,
} from '../../../../core/ledger/index.ts';
import { checked } from '../../../support/checked.ts';

// The worked example: everything below is concatenated by hand; only node:crypto is used.
const SEED = Buffer.alloc(32, 0x01);
const privateKey = createPrivateKey({
  key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), SEED]),
  format: 'der',
  type: 'pkcs8',
});
const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32);
const sha256 = (...parts: (string | Uint8Array)[]): Buffer =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
const NAME = `keys/${sha256(publicKey).toString('hex').slice(0, 16)}`;
const KEY_ID = sha256(`${NAME}\n`, Buffer.of(1), publicKey).subarray(0, 4);
const ORIGIN = 'ledger.example/main';
const ENTITY = 'account:1695';
const AT = '2026-11-21T09:00:00.000Z';
const draft = {
  type: 'event',
  actor: { via: 'http', kind: 'module', id: 'bank' } as const,
  idem: 'e-1',
  data: { topic: 'transactions.new', payload: { note: '“ü” \n', amount: '12.50', 9: 1, 10: 2 } },
};
const signer = { name: NAME, keyId: KEY_ID, publicKey, privateKey };

function byHand(prev: string, seq: number): { text: string; note: Buffer; hash: string } {
  const text =
    'nervous-system.entry.v1\n' +
    '{"actor":{"id":"bank","kind":"module","via":"http"},"at":"2026-11-21T09:00:00.000Z",' +
    '"data":{"payload":{"10":2,"9":1,"amount":"12.50","note":"“ü” \\n"},"topic":"transactions.new"},' +
    `"entity":"account:1695","idem":"e-1","ledger":"main","prev":"${prev}","seq":${seq},"type":"event","v":1}\n`;
  const signature = sign(null, Buffer.from(text), privateKey);
  const note = Buffer.from(`${text}\n— ${NAME} ${Buffer.concat([KEY_ID, signature]).toString('base64')}\n`);
  return { text, note, hash: sha256(Buffer.of(0), note).toString('hex') };
}

function sealed(): SealedEntry[] {
  const prepared = prepareEntry({ ledger: 'main', entity: ENTITY, at: checked<IsoInstant>(AT) }, draft);
  return sealRun({ prev: genesisHash(ORIGIN, ENTITY), seq: 0 }, [prepared, prepared], signer);
}

it('writes the worked example byte for byte', () => {
  const genesis = sha256(`nervous-system.genesis.v1\n${ORIGIN}\n${ENTITY}\n`).toString('hex');
  const first = byHand(genesis, 0);
  const second = byHand(first.hash, 1);
  expect(publicKey.toString('hex')).toBe('8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c');
  expect(genesisHash(ORIGIN, ENTITY)).toBe(genesis);
  expect(sealed().map(({ note }) => Buffer.from(note).toString())).toEqual(
    [first, second].map(({ note }) => note.toString()),
  );
  expect(sealed().map(({ hash }) => Buffer.from(hash).toString('hex'))).toEqual([first.hash, second.hash]);
});

it('reads back what it wrote', () => {
  const parsed = parseEntry(sealed()[1]?.note ?? new Uint8Array());
  if (parsed.kind !== 'entry') throw new Error(parsed.reason);
  expect(parsed.body).toMatchObject({
    v: 1,
    ledger: 'main',
    entity: ENTITY,
    seq: 1,
    type: 'event',
    at: AT,
    idem: 'e-1',
  });
  expect(parsed.body.data).toEqual(draft.data);
  expect(isSignedBy(parsed.note, noteVerifier(NAME, publicKey))).toBe(true);
  expect(isSignedBy(parsed.note, noteVerifier('other', publicKey))).toBe(false);
});

it('survives every change of one byte without an exception, and none of them verifies', () => {
  const { note } = sealed()[0] as SealedEntry;
  const verifier = noteVerifier(NAME, publicKey);
  for (let i = 0; i < note.length; i++) {
    for (const flip of [0x01, 0x20, 0x80, (note[i] ?? 0) ^ 0x0a]) {
      if (flip === 0) continue;
      const changed = Buffer.from(note);
      changed[i] = (changed[i] ?? 0) ^ flip;
      const parsed = parseEntry(changed);
      expect(parsed.kind === 'entry' && isSignedBy(parsed.note, verifier)).toBe(false);
    }
  }
  for (let length = 0; length < note.length; length++)
    expect(parseEntry(note.subarray(0, length)).kind).toBe('unreadable');
});

describe('parseEntry answers "unreadable" to', () => {
  const body = byHand('0'.repeat(64), 0).text.split('\n')[1] ?? '';
  const LINE = signatureLine(NAME, KEY_ID, new Uint8Array(64));
  const entryOf = (json: string, header = 'nervous-system.entry.v1'): Buffer =>
    Buffer.from(sealText(Buffer.from(`${header}\n${json}\n`), LINE).note);
  const replaced = (from: string | RegExp, to: string): string => {
    expect(body.replace(from, to)).not.toBe(body);
    return body.replace(from, to);
  };
  const deep = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

  it('nothing when there is nothing wrong', () => {
    expect(parseEntry(entryOf(body)).kind).toBe('entry');
    const commits = ['/a', '/b'].map((path) => ({ hash: '0'.repeat(64), path }));
    expect(parseEntry(entryOf(replaced('"data":', `"commits":${JSON.stringify(commits)},"data":`))).kind).toBe('entry');
  });

  it.each<[string, unknown]>([
    ['no commitments', []],
    ['commitments that are no array', {}],
    ['one path twice', ['/a', '/a'].map((path) => ({ hash: '0'.repeat(64), path }))],
    ['paths out of order', ['/b', '/a'].map((path) => ({ hash: '0'.repeat(64), path }))],
    ['a commitment without its path', [{ hash: '0'.repeat(64) }]],
    ['a commitment that says more', [{ hash: '0'.repeat(64), path: '/a', why: '' }]],
    ['a commitment that is no hash', [{ hash: 'x', path: '/a' }]],
  ])('%s', (_, commits) => {
    const json = replaced('"data":', `"commits":${JSON.stringify(commits)},"data":`);
    expect(parseEntry(entryOf(json)).kind).toBe('unreadable');
  });

  it.each<[string, () => Buffer]>([
    ['no bytes', () => Buffer.alloc(0)],
    ['another header', () => entryOf(body, 'nervous-system.entry.v2')],
    ['no JSON', () => entryOf('{')],
    ['another type', () => entryOf('[1]')],
    ['null', () => entryOf('null')],
    ['a space', () => entryOf(replaced(',"at"', ', "at"'))],
    ['another key order', () => entryOf(replaced(/"seq":0,"type":"event"/, '"type":"event","seq":0'))],
    ['a key twice', () => entryOf(replaced('"seq":0', '"seq":0,"seq":0'))],
    ['a key too many', () => entryOf(replaced('"seq":0', '"secret":1,"seq":0'))],
    ['a key too few', () => entryOf(replaced('"idem":"e-1",', ''))],
    ['another version', () => entryOf(replaced('"v":1', '"v":2'))],
    ['a negative seq', () => entryOf(replaced('"seq":0', '"seq":-1'))],
    ['a fraction as seq', () => entryOf(replaced('"seq":0', '"seq":0.5'))],
    ['seq beyond 2^53', () => entryOf(replaced('"seq":0', '"seq":9007199254740992'))],
    ['a short prev', () => entryOf(replaced('"prev":"00', '"prev":"0'))],
    ['prev in capitals', () => entryOf(replaced('"prev":"00', '"prev":"AA'))],
    ['a time without milliseconds', () => entryOf(replaced('00.000Z', '00Z'))],
    ['a name that is no string', () => entryOf(replaced('"entity":"account:1695"', '"entity":7'))],
    ['data that is no object', () => entryOf(replaced(/"data":\{.*\},"entity"/, '"data":[],"entity"'))],
    ['an actor that is no object', () => entryOf(replaced(/"actor":\{[^}]*\}/, '"actor":"bank"'))],
    ['a lone surrogate', () => entryOf(replaced('"e-1"', '"\\ud800"'))],
    ['an escape where none is needed', () => entryOf(replaced('"e-1"', '"\\u0065-1"'))],
    ['invalid UTF-8', () => Buffer.from(entryOf(body).toString('latin1').replace('e-1', 'e\xff1'), 'latin1')],
    ['nesting beyond the limit', () => entryOf(replaced('"amount":"12.50"', `"amount":${deep(70)}`))],
    ['nesting that exhausts a stack', () => entryOf(replaced('"amount":"12.50"', `"amount":${deep(30_000)}`))],
    ['more bytes than an entry has', () => entryOf(replaced('12.50', '1'.repeat(MAX_NOTE_BYTES)))],
    ['no signature', () => Buffer.from(`nervous-system.entry.v1\n${body}\n\n`)],
  ])('%s', (_, malformed) =>
    expect(parseEntry(malformed())).toMatchObject({ kind: 'unreadable', reason: expect.any(String) as string }),
  );
});

describe('signed notes (C2SP)', () => {
  const line = signatureLine('origin.example/a', KEY_ID, new Uint8Array(64).fill(7));
  const parse = (text: string | Buffer): ReturnType<typeof parseNote> => parseNote(Buffer.from(text as string));

  it('take the last blank line for the border and keep every signature', () => {
    const parsed = parse(`a\n\nb\n\n${line}${line.replace('origin', 'other')}`);
    if ('malformed' in parsed) throw new Error(parsed.malformed);
    expect(Buffer.from(parsed.text).toString()).toBe('a\n\nb\n');
    expect(parsed.signatures.map(({ name }) => name)).toEqual(['origin.example/a', 'other.example/a']);
    expect(Buffer.from(parsed.signatures[0]?.keyId ?? []).equals(KEY_ID)).toBe(true);
  });

  it.each([
    ['no blank line', `a\n${line}`],
    ['no signatures', 'a\n\n'],
    ['no last newline', `a\n\n${line.trimEnd()}`],
    ['a hyphen for the dash', `a\n\n${line.replace('—', '-')}`],
    ['no name', `a\n\n${line.replace('origin.example/a', '')}`],
    ['a plus in the name', `a\n\n${line.replace('origin', 'ori+gin')}`],
    ['a space of another script in the name', `a\n\n${line.replace('origin', 'ori\u2003gin')}`],
    [
      'a name that is not UTF-8',
      Buffer.from(`a\n\n${line}`.replace('origin', 'ori~gin')).map((byte) => (byte === 0x7e ? 0xff : byte)),
    ],
    ['more than two parts', `a\n\n${line.trimEnd()} more\n`],
    ['no signature in the line', `a\n\n— name\n`],
    ['base64 without padding', `a\n\n${line.replace('=', '')}`],
    ['base64 with loose last bits', `a\n\n${line.replace(/.=/, (end) => (end.startsWith('c') ? 'd=' : 'x='))}`],
    ['too few bytes', `a\n\n— name ${Buffer.alloc(60).toString('base64')}\n`],
    ['a good line and a bad one', `a\n\n${line}bad\n`],
  ])('with %s are malformed', (_, text) => expect(parse(Buffer.from(text as string))).toHaveProperty('malformed'));

  it('name their key in a string that can be read back, and only untouched', () => {
    const vkey = formatVerifierKey(ORIGIN, publicKey);
    const keyId = sha256(`${ORIGIN}\n`, Buffer.of(1), publicKey).subarray(0, 4).toString('hex');
    expect(vkey).toBe(`${ORIGIN}+${keyId}+${Buffer.concat([Buffer.of(1), publicKey]).toString('base64')}`);
    const parsed = parseVerifierKey(`${vkey}\n`);
    expect([parsed?.name, Buffer.from(parsed?.publicKey ?? []).equals(publicKey)]).toEqual([ORIGIN, true]);
    const wrong = [
      vkey.replace('ledger', 'ledgre'),
      vkey.replace(keyId, '00000000'),
      vkey.slice(0, -4),
      '',
      'a+b+c',
      vkey.replace(/\+A/, '+B'),
      formatVerifierKey(ORIGIN, publicKey, 4),
      formatVerifierKey(ORIGIN, publicKey.subarray(1)),
      formatVerifierKey(ORIGIN, Buffer.concat([publicKey, Buffer.of(0)])),
    ];
    for (const text of wrong) expect(parseVerifierKey(text)).toBeUndefined();
  });
});

it('fills an entry to the last byte that leaves room for two signatures, and no further', () => {
  const sized = (length: number): ReturnType<typeof prepareEntry> =>
    prepareEntry(
      { ledger: 'main', entity: ENTITY, at: checked<IsoInstant>(AT) },
      { ...draft, data: { x: 'é'.repeat(length >> 1) + 'x'.repeat(length & 1) } },
    );
  let [fits, tooMuch] = [0, 80_000];
  while (tooMuch - fits > 1) {
    const middle = (fits + tooMuch) >> 1;
    try {
      sized(middle);
      fits = middle;
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENTRY_TOO_LARGE' });
      tooMuch = middle;
    }
  }
  const text = entryText(sized(fits), checked<ChainHash>('0'.repeat(64)), Number.MAX_SAFE_INTEGER);
  const lines =
    signatureLine(NAME, KEY_ID, new Uint8Array(64)) + signatureLine('o'.repeat(200), KEY_ID, new Uint8Array(64));
  const { note } = sealText(text, lines);
  expect(note.length).toBeLessThanOrEqual(MAX_NOTE_BYTES);
  expect(note.length).toBeGreaterThan(MAX_NOTE_BYTES - 600);
  expect(parseEntry(note).kind).toBe('entry');
});

it('knows which strings name a chain', () => {
  for (const id of ['a', '0', 'account:1695', 'A.b_c:d/e-f', 'x'.repeat(128)])
    expect(() => assertEntityId(id)).not.toThrow();
  for (const id of ['', '-a', '.a', '/a', 'a b', 'ä', 'a\n', 'a\u0000', 'x'.repeat(129), '__proto__', 'a#b', 'a%2f'])
    expect(() => assertEntityId(id)).toThrow(expect.objectContaining({ code: 'ENTITY_ID_INVALID' }) as Error);
  expect(['keys/a', 'module/a', 'system/a', 'keysa', 'KEYS/a', 'a/keys/'].map(isReserved)).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});

describe('at the edges', () => {
  it.each([
    [MAX_NOTE_BYTES, 'entry'],
    [MAX_NOTE_BYTES + 1, 'unreadable'],
  ])('a note of %i bytes is %s', (size, kind) => {
    const { text, note } = byHand('0'.repeat(64), 0);
    const padded = (length: number): Buffer => {
      const longer = text.replace('"amount":"12.50"', `"amount":"${'1'.repeat(length)}"`);
      return Buffer.concat([Buffer.from(longer), note.subarray(Buffer.byteLength(text))]);
    };
    const exact = padded(size - padded(0).length);
    expect(exact).toHaveLength(size);
    expect(parseEntry(exact).kind).toBe(kind);
  });

  it.each([
    ['{"id":"","kind":"module","via":"http"}', 'unreadable'],
    ['{"id":"bank","kind":"module","via":""}', 'unreadable'],
    ['{"id":"bank","kind":"module","via":1}', 'unreadable'],
    ['{"id":1,"kind":"module","via":"http"}', 'unreadable'],
    ['{"id":"bank","kind":"module","who":"x"}', 'unreadable'],
    ['{"id":"bank","kind":"module","logic":"a/1","who":"x"}', 'unreadable'],
    ['{"id":"bank","kind":"nobody"}', 'unreadable'],
    ['{"kind":"module"}', 'unreadable'],
    ['{"id":"bank","kind":"module"}', 'entry'],
    ['{"id":"bank","kind":"module","logic":"a/1","via":"http"}', 'entry'],
  ])('the actor %s makes it %s', (actor, kind) => {
    const note = byHand('0'.repeat(64), 0).note.toString();
    expect(parseEntry(Buffer.from(note.replace('{"id":"bank","kind":"module","via":"http"}', actor))).kind).toBe(kind);
  });
});

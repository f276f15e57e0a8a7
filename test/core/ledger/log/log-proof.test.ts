/** A proof that needs nothing but itself and a key: its bytes, and what is refused of them. */
import { beforeEach, describe, expect, it } from 'vitest';
import { ed25519Key } from '../../../../core/ledger/index.ts';
import { checkProof, formatProof, parseProof, proveEntry } from '../../../../core/ledger/log/log-proof.ts';
import { ORIGIN, ROOT, windowFixture, type WindowFixture } from '../window-fixture.ts';

const KEYS = [ed25519Key(ORIGIN, ROOT.publicKey)];
const INDEX = 270;
let fixture: WindowFixture;
let proof: string;
beforeEach(async () => {
  fixture = await windowFixture();
  const { note: entry } = fixture.committed[INDEX] ?? { note: Buffer.of() };
  const made = await proveEntry({
    entry,
    index: INDEX,
    size: 300,
    note: await fixture.checkpoint(300),
    read: fixture.read,
  });
  proof = Buffer.from(formatProof(made)).toString('latin1');
});

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const check = (text: string) => checkProof(bytes(text), KEYS, ORIGIN);
const malformed = (text: string): unknown => parseProof(bytes(text));
const lines = (change: (all: string[]) => void): string => {
  const all = proof.split('\n');
  change(all);
  return all.join('\n');
};

describe('a proof', () => {
  it('shows the entry at its index, under the checkpoint', () => {
    const shown = check(proof);
    expect(shown).toMatchObject({ verdict: 'OK', index: INDEX, checkpoint: { size: 300 } });
    expect(parseProof(bytes(proof))).toMatchObject({ index: INDEX });
  });

  it('shows nothing at another index, with another hash, or by another key or log', () => {
    expect(check(proof.replace(`index ${INDEX}`, 'index 269')).verdict).toBe('CONTENT_MISMATCH');
    const other = lines((all) => all.splice(3, 1, Buffer.alloc(32).toString('base64')));
    expect(check(other).verdict).toBe('CONTENT_MISMATCH');
    expect(checkProof(bytes(proof), [ed25519Key(ORIGIN, new Uint8Array(32).fill(1))], ORIGIN).verdict).toBe(
      'KEY_UNKNOWN',
    );
    expect(checkProof(bytes(proof), KEYS, 'other').verdict).not.toBe('OK');
    const refused = check(proof.replace('\n300\n', '\n301\n'));
    expect(refused).toMatchObject({ verdict: 'SIGNATURE_INVALID' });
    expect('detail' in refused && refused.detail).toContain('its checkpoint: ');
  });

  it.each([
    ['no blank line', () => proof.replaceAll('\n\n', '\n'), 'no blank line'],
    ['another header', () => proof.replace('@v1', '@v2'), 'the first line'],
    ['no entry', () => proof.replace('extra ', 'extra'), 'the second line'],
    ['an entry that is not base64', () => lines((all) => all.splice(1, 1, 'extra *')), 'the second line'],
    ['no index', () => lines((all) => all.splice(2, 1)), 'the third line'],
    ['an index with a zero before it', () => proof.replace(`index ${INDEX}`, `index 0${INDEX}`), 'the third line'],
    [
      'an index beyond what is exact',
      () => proof.replace(`index ${INDEX}`, 'index 9007199254740993'),
      'the third line',
    ],
    ['a short hash', () => lines((all) => all.splice(3, 1, 'AAAA')), 'a line of the proof'],
    ['a hash spelt otherwise', () => lines((all) => all.splice(3, 1, ` ${all[3] ?? ''}`)), 'a line of the proof'],
  ])('is malformed with %s', (_, made, reason) => {
    expect(malformed(made())).toEqual({ malformed: expect.stringContaining(reason) as unknown });
    expect(check(made())).toMatchObject({ verdict: 'UNREADABLE' });
  });

  it('has at most 63 hashes', () => {
    const hash = Buffer.alloc(32).toString('base64');
    const withHashes = (count: number): string =>
      lines((all) => all.splice(3, all.indexOf('', 3) - 3, ...Array.from({ length: count }, () => hash)));
    expect(malformed(withHashes(63))).toHaveProperty('proof.length', 63);
    expect(malformed(withHashes(64))).toEqual({ malformed: 'more than 63 hashes' });
  });

  it('may be of the first entry, and have no hash at all', () => {
    const alone = `c2sp.org/tlog-proof@v1\nextra ${Buffer.from('x').toString('base64')}\nindex 0\n\nnote`;
    expect(malformed(alone)).toMatchObject({ index: 0, proof: [] });
  });
});

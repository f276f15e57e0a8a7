/** A note is its text and its signature lines, or it is none. */
import { expect, it } from 'vitest';
import { ed25519Key, openNote, parseNote, signNote } from '../../../../core/ledger/index.ts';
import { signatory } from '../log-fixture.ts';

const line = (bytes: number, name = 'k'): string => `— ${name} ${Buffer.alloc(bytes, 7).toString('base64')}\n`;
const parse = (text: string, anyType = false) => parseNote(Buffer.from(text), anyType);
const malformed = (reason: string) => ({ malformed: expect.stringContaining(reason) as unknown });

it('has a text that ends with its newline, and lines after a blank one', () => {
  const note = parse(`a\nb\n\n${line(68)}${line(68, 'l')}`);
  if ('malformed' in note) throw new Error(note.malformed);
  expect(Buffer.from(note.text).toString()).toBe('a\nb\n');
  expect(note.signatures.map(({ name, keyId, signature }) => [name, keyId.length, signature.length])).toEqual([
    ['k', 4, 64],
    ['l', 4, 64],
  ]);
  expect(parse(`\n\n${line(68)}`)).toMatchObject({ signatures: [{ name: 'k' }] }); // an empty line is a text
  expect(parse(`a\n\nb\n\n${line(68)}`)).toMatchObject({ signatures: [{ name: 'k' }] });
});

it('is none without them', () => {
  expect(parse(`a\n${line(68)}`)).toEqual(malformed('no blank line'));
  expect(parse('')).toEqual(malformed('no blank line'));
  expect(parse('a\n\n')).toEqual(malformed('do not end'));
  expect(parse('a\n\n\n')).toEqual(malformed('do not end'));
  expect(parse(`a\n\n${line(68).trimEnd()}`)).toEqual(malformed('do not end'));
  for (const wrong of [line(68).replace('—', '-'), line(68, 'a b'), line(68, 'a+b'), line(68, ''), line(4), `— k *\n`])
    expect(parse(`a\n\n${wrong}`, true)).toEqual(malformed('a signature line'));
});

it('keeps signatures of other lengths only where they are asked for', () => {
  expect(parse(`a\n\n${line(76)}`)).toEqual(malformed('a signature line'));
  expect(parse(`a\n\n${line(76)}`, true)).toMatchObject({ signatures: [{ name: 'k' }] });
  expect(parse(`a\n\n${line(5)}`, true)).toMatchObject({ signatures: [{ name: 'k' }] });
});

it('is opened by a known key, whose every line must be right', async () => {
  const [one, other] = [signatory('one', 1), signatory('other', 2)];
  const keys = [one, other].map(({ name, publicKey }) => ed25519Key(name, publicKey));
  const note = await signNote(Buffer.from('text\n'), [one, other]);
  expect(openNote(note, keys)).toMatchObject({ kind: 'opened', signatures: [{}, {}] });
  expect(openNote(note, keys.slice(0, 1))).toMatchObject({ kind: 'opened', signatures: [{}] });
  expect(openNote(note, [ed25519Key('one', other.publicKey)])).toMatchObject({
    kind: 'refused',
    verdict: 'KEY_UNKNOWN',
  });
  expect(openNote(Buffer.from(Buffer.from(note).toString('utf8').replace('text', 'tex!')), keys)).toMatchObject({
    ...{ kind: 'refused', verdict: 'SIGNATURE_INVALID' },
  });
});

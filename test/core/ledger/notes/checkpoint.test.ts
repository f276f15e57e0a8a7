/** Signed notes, checkpoints and cosignatures: the examples of the specifications, and what must be refused. */
import { sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  cosign,
  cosignatureTime,
  cosignedText,
  cosignerKey,
  ed25519Key,
  EMPTY_ROOT,
  formatCheckpoint,
  formatCosignerKey,
  formatVerifierKey,
  LogError,
  openCheckpoint,
  openNote,
  parseCheckpoint,
  parseLogKey,
  signatureLine,
  signNote,
  type Checkpoint,
} from '../../../../core/ledger/index.ts';
import { ORIGIN, signatory } from '../log-fixture.ts';

const [log, other] = [signatory(), signatory('other.test/log', 2)];
const known = ed25519Key(log.name, log.publicKey);
const root = Buffer.from('CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=', 'base64');
const text = Buffer.from(formatCheckpoint({ origin: ORIGIN, size: 20852163, root }));
const BODY = `${ORIGIN}\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n`;

describe('a note', () => {
  // https://c2sp.org/signed-note@v1.0.0; the key is that of golang.org/x/mod/sumdb/note
  const PETER = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
  const PETERS_NOTE = `If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
`;

  it('signed by others opens', () => {
    const key = parseLogKey(PETER);
    if ('malformed' in key) throw new Error(key.malformed);
    expect(openNote(Buffer.from(PETERS_NOTE), [key])).toMatchObject({ kind: 'opened', unknown: [] });
    expect(openNote(Buffer.from(PETERS_NOTE.replace('answer', 'Answer')), [key])).toMatchObject({
      verdict: 'SIGNATURE_INVALID',
    });
  });

  it('keeps lines of unknown keys and of other signature types, and ignores them', async () => {
    const note = Buffer.from(await signNote(text, [other, log]));
    const postQuantum = signatureLine('pq.test', Buffer.of(1, 2, 3, 4), Buffer.alloc(2428, 1));
    const opened = openNote(Buffer.concat([note, Buffer.from(postQuantum)]), [known]);
    if (opened.kind === 'refused') throw new Error(opened.reason);
    expect(opened.unknown).toEqual(['other.test/log', 'pq.test']);
    expect(opened.signatures.map(({ key }) => key.name)).toEqual([ORIGIN]);
    expect(Buffer.from(opened.text)).toEqual(text);
  });

  it('is refused when a known key did not sign it, or signed wrongly beside a right one', async () => {
    const byOther = await signNote(text, [other]);
    expect(openNote(byOther, [known])).toMatchObject({ verdict: 'KEY_UNKNOWN' });
    expect(openNote(byOther, [])).toMatchObject({ verdict: 'KEY_UNKNOWN' });
    const wrong = { ...log, sign: () => Buffer.alloc(64) };
    const note = await signNote(text, [other, wrong]);
    const keys = [known, ed25519Key(other.name, other.publicKey)];
    expect(openNote(note, keys)).toMatchObject({ verdict: 'SIGNATURE_INVALID' });
    expect(openNote(await signNote(text, [log, wrong]), keys)).toMatchObject({ verdict: 'SIGNATURE_INVALID' });
  });

  it('takes name and id together for the key', async () => {
    const sameName = ed25519Key(log.name, other.publicKey);
    expect(openNote(await signNote(text, [log]), [sameName])).toMatchObject({ verdict: 'KEY_UNKNOWN' });
  });

  it.each([
    ['nothing', ''],
    ['no signature', `${BODY}\n`],
    ['no blank line', BODY],
    ['a carriage return', `${BODY}\r\n\n— a AAAAAAAA\n`],
    ['a control character', `a\u0000\n\n— a AAAAAAAA\n`],
    ['a line that is none', `${BODY}\n- a AAAAAAAA\n`],
    ['a signature of nothing', `${BODY}\n— a AAAAAA==\n`],
    ['base64 spelled otherwise', `${BODY}\n— a AAAAAAB=\n`],
    ['too many signatures', `${BODY}\n${'— a AAAAAAAA\n'.repeat(101)}`],
  ])('is unreadable with %s', (_, note) => {
    expect(openNote(Buffer.from(note), [known])).toMatchObject({ kind: 'refused', verdict: 'UNREADABLE' });
  });

  it('is unreadable when it is not UTF-8', async () => {
    const latin = Buffer.concat([Buffer.of(0xff, 0x0a), text]);
    expect(openNote(await signNote(latin, [log]), [known])).toMatchObject({ verdict: 'UNREADABLE' });
  });
});

describe('a checkpoint', () => {
  it('is written as the specification shows, and read back', () => {
    expect(text.toString()).toBe(BODY);
    expect(parseCheckpoint(text)).toEqual({ origin: ORIGIN, size: 20852163, root });
    const extended = { origin: ORIGIN, size: 0, root: Buffer.from(EMPTY_ROOT), extensions: ['a b', '+'] };
    expect(parseCheckpoint(formatCheckpoint(extended))).toEqual(extended);
  });

  it.each([
    ['a leading zero', BODY.replace('20852163', '020852163')],
    ['a plus', BODY.replace('20852163', '+20852163')],
    ['a space', BODY.replace('20852163', '20852163 ')],
    ['hex', BODY.replace('20852163', '0x10')],
    ['an exponent', BODY.replace('20852163', '1e3')],
    ['2^53', BODY.replace('20852163', '9007199254740992')],
    ['2^64', BODY.replace('20852163', '18446744073709551616')],
    ['minus nothing', BODY.replace('20852163', '-0')],
    ['a short root', BODY.replace('CsUYapGG', '')],
    ['base64 spelled otherwise', BODY.replace('q2I=', 'q2J=')],
    ['URL base64', BODY.replace('om/Xajj', 'om_Xajj')],
    ['no padding', BODY.replace('q2I=', 'q2I')],
    ['no origin', BODY.replace(ORIGIN, '')],
    ['an empty extension', `${BODY}\nmore\n`],
    ['two lines', BODY.split('\n').slice(0, 2).join('\n') + '\n'],
    ['no end', BODY.slice(0, -1)],
    ['carriage returns', BODY.replaceAll('\n', '\r\n')],
    ['nothing', ''],
  ])('is refused with %s', (_, wrong) => {
    expect(parseCheckpoint(Buffer.from(wrong))).toHaveProperty('malformed');
  });

  it.each([
    { size: -1 },
    { size: 0.5 },
    { size: 2 ** 53 },
    { root: Buffer.alloc(31) },
    { origin: '' },
    { origin: 'a\nb' },
    { extensions: [''] },
    { extensions: ['\ud800'] },
  ])('is not written with %o', (change) => {
    const checkpoint: Checkpoint = { origin: ORIGIN, size: 1, root };
    expect(() => formatCheckpoint({ ...checkpoint, ...change })).toThrow(LogError);
  });

  it('opens for its own log only', async () => {
    const note = await signNote(text, [log]);
    expect(openCheckpoint(note, [known])).toMatchObject({ kind: 'opened', checkpoint: { size: 20852163 } });
    expect(openCheckpoint(note, [known], ORIGIN)).toMatchObject({ kind: 'opened' });
    expect(openCheckpoint(note, [known], 'log.test/other')).toMatchObject({ verdict: 'KEY_UNKNOWN' });
    const foreign = await signNote(formatCheckpoint({ origin: 'log.test/other', size: 1, root }), [log]);
    expect(openCheckpoint(foreign, [known])).toMatchObject({ verdict: 'KEY_UNKNOWN' });
    expect(openCheckpoint(foreign, [known], 'log.test/other')).toMatchObject({ kind: 'opened' });
    expect(openCheckpoint(await signNote(Buffer.from('hello\n'), [log]), [known])).toMatchObject({
      verdict: 'UNREADABLE',
    });
  });
});

describe('a cosignature', () => {
  const witness = signatory('witness.test/w1', 3);
  const key = cosignerKey(witness.name, witness.publicKey);
  const time = 1679315147;

  it('is over the text of the specification', () => {
    expect(Buffer.from(cosignedText(text, time)).toString()).toBe(`cosignature/v1\ntime 1679315147\n${BODY}`);
  });

  it('beside the signature of the log opens with either key, and says when', async () => {
    const signed = await signNote(text, [log]);
    const note = Buffer.concat([signed, Buffer.from(await cosign(text, time, witness))]);
    const opened = openNote(note, [known, key]);
    if (opened.kind === 'refused') throw new Error(opened.reason);
    expect(opened.signatures.map((one) => one.key.name)).toEqual([ORIGIN, witness.name]);
    expect(cosignatureTime(opened.signatures[1]?.signature ?? Buffer.of())).toBe(time);
    expect(openNote(note, [known])).toMatchObject({ kind: 'opened', unknown: [witness.name] });
  });

  it.each([
    ['another time', (body: Buffer) => (body.writeUInt8(1, 4 + 7), body)],
    ['a time beyond 2^53', (body: Buffer) => (body.writeUInt8(0xff, 4), body)],
    ['another signature', (body: Buffer) => (body.writeUInt8(body.readUInt8(40) ^ 1, 40), body)],
    ['a byte less', (body: Buffer) => body.subarray(0, -1)],
  ])('with %s is wrong', async (_, change) => {
    const line = await cosign(text, time, witness);
    const body = change(Buffer.from(line.split(' ')[2] ?? '', 'base64'));
    const note = `${BODY}\n— ${witness.name} ${body.toString('base64')}\n`;
    expect(openNote(Buffer.from(note), [key])).toMatchObject({ verdict: 'SIGNATURE_INVALID' });
  });

  it('is no plain signature, nor the other way round', async () => {
    const plain = await signNote(text, [witness]);
    expect(openNote(plain, [key])).toMatchObject({ verdict: 'KEY_UNKNOWN' });
    const untimed = signatureLine(witness.name, key.keyId, sign(null, text, witness.privateKey));
    expect(openNote(Buffer.from(`${BODY}\n${untimed}`), [key])).toMatchObject({ verdict: 'SIGNATURE_INVALID' });
  });

  it('needs a time in whole seconds', () => {
    for (const wrong of [-1, 0.5, 2 ** 53]) expect(() => cosignedText(text, wrong)).toThrow(LogError);
  });

  it('has keys of its own type', () => {
    const vkey = formatCosignerKey(witness.name, witness.publicKey);
    expect(parseLogKey(vkey)).toMatchObject({ name: witness.name, role: 'witness', keyId: key.keyId });
    expect(parseLogKey(log.vkey)).toMatchObject({ role: 'log' });
    for (const wrong of ['', 'a+b', log.vkey.replace('+', ' '), log.vkey.replace(ORIGIN, 'x'), vkey.slice(0, -4)])
      expect(parseLogKey(wrong)).toHaveProperty('malformed');
    for (const [type, length] of [
      [2, 32],
      [6, 1312],
      [1, 31],
      [4, 0],
    ] as const) {
      const unsupported = formatVerifierKey('a', Buffer.alloc(length), type);
      expect(parseLogKey(unsupported)).toEqual({ malformed: expect.stringContaining(`type ${type}`) as string });
    }
  });
});

/**
 * Recomputes the worked example of docs/formats.md twice: with nothing but node:crypto and the rules as that page states
 * them, as a stranger would, and with the ledger's own functions. Both must give the bytes on the page.
 */
import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { leafHash, toHex } from '../../core/canonical/index.ts';
import {
  genesisHash,
  isSignedBy,
  keyChain,
  noteKeyId,
  noteVerifier,
  parseEntry,
  prepareEntry,
  sealRun,
} from '../../core/ledger/index.ts';

const PAGE = readFileSync(new URL('../../docs/formats.md', import.meta.url), 'utf8');
const BLOCKS = new Map(
  [...PAGE.matchAll(/^```text example:(\S+)\n(.*?)^```$/gms)].map(([, name = '', content = '']) => [name, content]),
);
const ORIGIN = 'nervous.example/dev/main';
const SEED = Buffer.alloc(32, 1);
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

interface Body {
  readonly [key: string]: unknown;
  readonly entity: string;
  readonly ledger: string;
  readonly at: string;
  readonly prev: string;
  readonly seq: number;
}

/** A block whose last newline is part of the format. */
function bytes(name: string): string {
  const block = BLOCKS.get(name);
  if (block === undefined) throw new Error(`docs/formats.md has no block example:${name}`);
  return block;
}

function value(name: string): string {
  return bytes(name).replace(/\n$/, '');
}

function sha256(...parts: readonly (string | Uint8Array)[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function keyPair(): { readonly privateKey: KeyObject; readonly publicKey: Buffer } {
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, SEED]), format: 'der', type: 'pkcs8' });
  return {
    privateKey,
    publicKey: createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32),
  };
}

/** JSON with sorted keys and no white space: RFC 8785 for the values of this example. */
function sorted(json: unknown): string {
  if (typeof json !== 'object' || json === null) return JSON.stringify(json);
  if (Array.isArray(json)) return `[${json.map(sorted).join(',')}]`;
  const members = Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${sorted(member)}`).join(',')}}`;
}

describe('the worked example of docs/formats.md, by hand', () => {
  const { privateKey, publicKey } = keyPair();

  it('has the key, its name and its id', () => {
    expect(value('public-key')).toBe(publicKey.toString('hex'));
    expect(value('key-name')).toBe(`keys/${sha256(publicKey).toString('hex').slice(0, 16)}`);
    const id = sha256(`${value('key-name')}\n`, Buffer.of(1), publicKey).subarray(0, 4);
    expect(value('key-id')).toBe(id.toString('hex'));
  });

  it('has the genesis hash', () => {
    expect(bytes('genesis-input')).toBe(`nervous-system.genesis.v1\n${ORIGIN}\naccount:1695\n`);
    expect(value('genesis-hash')).toBe(sha256(bytes('genesis-input')).toString('hex'));
  });

  it.each([
    { seq: 0, prev: 'genesis-hash' },
    { seq: 1, prev: 'hash-0' },
  ])('has entry $seq', ({ seq, prev }) => {
    const body = JSON.parse(value(`body-${seq}`)) as Body;
    expect(sorted(body)).toBe(value(`body-${seq}`));
    expect([body.seq, body.prev]).toEqual([seq, value(prev)]);
    const text = `nervous-system.entry.v1\n${value(`body-${seq}`)}\n`;
    const signature = sign(null, Buffer.from(text), privateKey);
    expect(value(`signature-${seq}`)).toBe(signature.toString('hex'));
    expect(verify(null, Buffer.from(text), createPublicKey(privateKey), signature)).toBe(true);
    const encoded = Buffer.concat([Buffer.from(value('key-id'), 'hex'), signature]).toString('base64');
    expect(bytes(`note-${seq}`)).toBe(`${text}\n— ${value('key-name')} ${encoded}\n`);
    expect(value(`hash-${seq}`)).toBe(sha256(Buffer.of(0), bytes(`note-${seq}`)).toString('hex'));
  });

  it('states the lengths it tells the reader to expect', () => {
    const note = Buffer.from(bytes('note-0'));
    expect(PAGE).toContain(`, ${note.length} bytes`);
    expect(PAGE).toContain(`, ${note.lastIndexOf('\n\n') + 1} bytes`);
  });
});

describe("the worked example of docs/formats.md, by the ledger's own functions", () => {
  const pair = keyPair();
  const name = keyChain(pair.publicKey);
  const signer = { ...pair, name, keyId: noteKeyId(name, pair.publicKey) };
  const bodies = [0, 1].map((seq) => JSON.parse(value(`body-${seq}`)) as Body);

  it('names the key and the genesis alike', () => {
    expect(name).toBe(value('key-name'));
    expect(toHex(signer.keyId)).toBe(value('key-id'));
    expect(genesisHash(ORIGIN, 'account:1695')).toBe(value('genesis-hash'));
  });

  it('seals the same bytes', () => {
    const run = bodies.map(({ ledger, entity, at, ...draft }) =>
      prepareEntry({ ledger, entity, at }, draft as unknown as Parameters<typeof prepareEntry>[1]),
    );
    const sealed = sealRun({ prev: value('genesis-hash'), seq: 0 }, run, signer);
    expect(sealed.map(({ note }) => Buffer.from(note).toString())).toEqual([bytes('note-0'), bytes('note-1')]);
    expect(sealed.map(({ hash }) => toHex(hash))).toEqual([value('hash-0'), value('hash-1')]);
  });

  it.each([0, 1])('reads note %i as its body, signed by the key', (seq) => {
    const note = Buffer.from(bytes(`note-${seq}`));
    const parsed = parseEntry(note);
    if (parsed.kind === 'unreadable') throw new Error(parsed.reason);
    expect(parsed.body).toEqual(bodies[seq]);
    expect(isSignedBy(parsed.note, noteVerifier(name, pair.publicKey))).toBe(true);
    expect(toHex(leafHash(note))).toBe(value(`hash-${seq}`));
  });
});

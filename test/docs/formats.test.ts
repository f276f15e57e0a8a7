/**
 * Recomputes the worked example of docs/formats.md twice: with nothing but node:crypto and the rules as that page states
 * them, as a stranger would, and with the ledger's own functions. Both must give the bytes on the page.
 */
import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ChainHash, IsoInstant, LeafHash } from '../../core/brands/index.ts';
import { leafHash, toHex } from '../../core/canonical/index.ts';
import {
  cosign,
  cosignatureTime,
  encodeBundle,
  formatCheckpoint,
  formatCosignerKey,
  genesisHash,
  growLog,
  isSignedBy,
  keyChain,
  noteKeyId,
  noteVerifier,
  merkleRoot,
  openCheckpoint,
  parseEntry,
  parseLogKey,
  prepareEntry,
  sealRun,
  SignedTrees,
  signNote,
  verifyConsistency,
  verifyInclusion,
} from '../../core/ledger/index.ts';
import { SCHEMA } from '../../adapters/embedded/store/sqlite-tables.ts';
import { checked } from '../support/checked.ts';

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

function keyPair(seed = SEED): { readonly privateKey: KeyObject; readonly publicKey: Buffer } {
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' });
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

  it('has entry 0 in a tree', () => {
    const name = value('key-name');
    const id = sha256(`${name}\n`, Buffer.of(0xff), 'nervous-system/batch/v1', publicKey).subarray(0, 4);
    expect(value('batch-key-id')).toBe(id.toString('hex'));
    const text = `nervous-system.entry.v1\n${value('body-0')}\n`;
    const salt = Buffer.alloc(16, 0x11);
    const leaf = sha256(Buffer.of(0), salt, text);
    expect(value('batch-leaf')).toBe(leaf.toString('hex'));
    const path = ['neighbour 1\n', 'neighbour 2\n'].map((one) => sha256(one)) as [Buffer, Buffer];
    expect(value('batch-path')).toBe(path.map((one) => one.toString('hex')).join('\n'));
    const root = sha256(Buffer.of(1), sha256(Buffer.of(1), leaf, path[0]), path[1]);
    expect(value('batch-root')).toBe(root.toString('hex'));
    expect(bytes('batch-message')).toBe(
      `nervous-system.batch.v1\n${ORIGIN}\n${name}\n3\n${root.toString('base64')}\n`,
    );
    const signature = sign(null, Buffer.from(bytes('batch-message')), privateKey);
    expect(value('batch-signature')).toBe(signature.toString('hex'));
    const encoded = Buffer.concat([id, salt, Buffer.of(3, 0), ...path, signature]).toString('base64');
    expect(bytes('batch-note')).toBe(`${text}\n— ${name} ${encoded}\n`);
    expect(value('batch-hash')).toBe(sha256(Buffer.of(0), bytes('batch-note')).toString('hex'));
    const line = bytes('batch-note').slice(text.length + 1);
    expect(PAGE).toContain(
      `note (${Buffer.byteLength(bytes('batch-note'))} bytes, of which ${Buffer.byteLength(line)} are the line's)`,
    );
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
      prepareEntry({ ledger, entity, at: checked<IsoInstant>(at) }, draft as unknown as Parameters<typeof prepareEntry>[1]),
    );
    const sealed = sealRun({ prev: checked<ChainHash>(value('genesis-hash')), seq: 0 }, run, signer);
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

  it('reads the note of the tree as the same body, signed by the key in a tree of this ledger', () => {
    const note = Buffer.from(bytes('batch-note'));
    const parsed = parseEntry(note);
    if (parsed.kind === 'unreadable') throw new Error(parsed.reason);
    expect(parsed.body).toEqual(bodies[0]);
    const verifier = noteVerifier(name, pair.publicKey);
    expect(toHex(verifier.batchKeyId)).toBe(value('batch-key-id'));
    expect(new SignedTrees(ORIGIN).isSignedBy(parsed.note, verifier)).toBe(true);
    expect(new SignedTrees(`${ORIGIN}2`).isSignedBy(parsed.note, verifier)).toBe(false);
    expect(isSignedBy(parsed.note, verifier)).toBe(false);
    expect(toHex(leafHash(note))).toBe(value('batch-hash'));
  });
});

describe('the log of the worked example, by hand', () => {
  const hashes = [0, 1].map((seq) => Buffer.from(value(`hash-${seq}`), 'hex'));
  const text = bytes('checkpoint').slice(0, bytes('checkpoint').lastIndexOf('\n\n') + 1);

  it('has the root, the tile and the length of the bundle', () => {
    expect(value('root')).toBe(sha256(Buffer.of(1), ...hashes).toString('hex'));
    expect(value('tile')).toBe(Buffer.concat(hashes).toString('hex'));
    const lengths = [0, 1].map((seq) => Buffer.byteLength(bytes(`note-${seq}`)));
    const [a, b] = lengths.map((length) => length.toString(16).padStart(4, '0').replace(/^../, '$& '));
    expect(PAGE.includes(`each note after its length,\n\`${a}\` and \`${b}\``)).toBe(true);
  });

  it('has a checkpoint signed by the root key', () => {
    const { privateKey, publicKey } = keyPair(Buffer.alloc(32, 2));
    expect(text).toBe(`${ORIGIN}\n2\n${Buffer.from(value('root'), 'hex').toString('base64')}\n`);
    const keyId = sha256(`${ORIGIN}\n`, Buffer.of(1), publicKey).subarray(0, 4);
    const signature = sign(null, Buffer.from(text), privateKey);
    expect(bytes('checkpoint')).toBe(`${text}\n— ${ORIGIN} ${Buffer.concat([keyId, signature]).toString('base64')}\n`);
    const encoded = Buffer.concat([Buffer.of(1), publicKey]).toString('base64');
    expect(value('root-vkey')).toBe(`${ORIGIN}+${keyId.toString('hex')}+${encoded}`);
  });

  it('has the line of a witness', () => {
    const name = 'witness.example/w1';
    const { privateKey, publicKey } = keyPair(Buffer.alloc(32, 3));
    const keyId = sha256(`${name}\n`, Buffer.of(4), publicKey).subarray(0, 4);
    const time = Buffer.alloc(8);
    time.writeUInt32BE(1767600000, 4);
    const signature = sign(null, Buffer.from(`cosignature/v1\ntime 1767600000\n${text}`), privateKey);
    const line = Buffer.concat([keyId, time, signature]);
    expect(line).toHaveLength(76);
    expect(bytes('cosignature')).toBe(`— ${name} ${line.toString('base64')}\n`);
    const encoded = Buffer.concat([Buffer.of(4), publicKey]).toString('base64');
    expect(value('witness-vkey')).toBe(`${name}+${keyId.toString('hex')}+${encoded}`);
  });
});

describe("the log of the worked example, by the ledger's own functions", () => {
  const entries = [0, 1].map((seq) => {
    const note = Buffer.from(bytes(`note-${seq}`));
    return { note, hash: leafHash(note) };
  });
  const [first, second] = entries.map(({ hash }) => hash) as [LeafHash, LeafHash];
  const root = merkleRoot([first, second]);
  const signatory = (name: string, seed: number) => {
    const { privateKey, publicKey } = keyPair(Buffer.alloc(32, seed));
    return { name, publicKey, sign: (text: Uint8Array) => sign(null, text, privateKey) };
  };

  it('has the same files', async () => {
    const files = new Map<string, string>();
    for await (const { path, bytes: content } of growLog({ size: 0, entries, read: async () => undefined }))
      files.set(path, toHex(content));
    const bundle = encodeBundle(entries.map(({ note }) => note));
    expect(Object.fromEntries(files)).toEqual({
      'tile/entries/000.p/2': toHex(bundle),
      'tile/0/000.p/2': value('tile'),
    });
    expect(PAGE.includes(`(${bundle.length.toLocaleString('en')} bytes: each`)).toBe(true);
  });

  it('has the same root and proofs', () => {
    expect(toHex(root)).toBe(value('root'));
    const claim = { treeSize: 2, root };
    expect(verifyInclusion({ ...claim, leafHash: first, leafIndex: 0, proof: [second] })).toBe(true);
    expect(verifyInclusion({ ...claim, leafHash: second, leafIndex: 1, proof: [first] })).toBe(true);
    expect(verifyConsistency({ size1: 1, size2: 2, root1: first, root2: root, proof: [second] })).toBe(true);
  });

  it('has the same checkpoint and cosignature, and opens them with the keys on the page', async () => {
    const text = formatCheckpoint({ origin: ORIGIN, size: 2, root });
    const witness = signatory('witness.example/w1', 3);
    expect(Buffer.from(await signNote(text, [signatory(ORIGIN, 2)])).toString()).toBe(bytes('checkpoint'));
    expect(await cosign(text, 1767600000, witness)).toBe(bytes('cosignature'));
    expect(formatCosignerKey(witness.name, witness.publicKey)).toBe(value('witness-vkey'));
    const keys = ['root-vkey', 'witness-vkey'].map((name) => parseLogKey(value(name)));
    const known = keys.filter((key) => 'verify' in key);
    const opened = openCheckpoint(Buffer.from(bytes('checkpoint') + bytes('cosignature')), known, ORIGIN);
    if (opened.kind === 'refused') throw new Error(opened.reason);
    expect(opened.checkpoint).toEqual({ origin: ORIGIN, size: 2, root: Buffer.from(root) });
    expect(cosignatureTime(opened.signatures[1]?.signature ?? Buffer.of())).toBe(1767600000);
  });
});

it('shows the tables as the engine makes them', () => {
  const [, block = ''] = /^```sql example:schema\n(.*?)^```$/ms.exec(PAGE) ?? [];
  const plain = (sql: string): string => sql.trim().replaceAll(/\s+/g, ' ');
  expect(plain(block)).toBe(plain(SCHEMA));
});

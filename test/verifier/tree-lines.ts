/** Signature lines of entries that a thief seals in one tree, honest or changed in one of the ways in which a line can be wrong. */
import { sign } from 'node:crypto';
import {
  batchKeyId,
  batchLeaf,
  batchMessage,
  formatBatchSignature,
  noteKeyId,
  signatureLine,
  signText,
  type BatchSignature,
  type NoteSigner,
} from '../../core/ledger/index.ts';
import { growSmallTree } from '../../core/ledger/merkle/small-tree.ts';

/** What is wrong with one line of a tree. */
export const TREE_FAULTS = [
  'neighbour',
  'other-tree',
  'index',
  'index-outside',
  'size-larger',
  'size-smaller',
  'size-0',
  'size-17',
  'path-cut',
  'path-padded',
  'path-turned',
  'path-changed',
  'byte-behind',
  'salt-changed',
  'signature-changed',
  'loose-base64',
  'no-padding',
  'twice',
  'and-plain',
  'plain-and',
  'plain-id',
  'batch-id-on-plain',
  'other-version-id',
  'other-version-message',
  'other-origin',
  'other-name',
  'other-size-signed',
  'tree-of-one',
  'tree-of-seventeen',
  'level-left-out',
  'by-nobody',
] as const;
export type TreeFault = (typeof TREE_FAULTS)[number];

export interface TreeKeys {
  readonly origin: string;
  readonly session: NoteSigner;
  readonly root: NoteSigner;
}

const MESSAGE = 'nervous-system.batch.v1';
const OTHER_VERSION = Buffer.from('\xffnervous-system/batch/v2', 'latin1');

/** One line for each text; `faults[i]` is what is wrong with line i. */
export function treeLines(
  keys: TreeKeys,
  texts: readonly Uint8Array[],
  faults: readonly (TreeFault | undefined)[] = [],
): string[] {
  const grown = grow(keys, texts);
  return texts.map((text, i) => {
    const fault = faults[i];
    return fault === undefined ? lineOf(keys, grown[i]) : wrongLine(fault, { keys, texts, text, i, grown });
  });
}

interface Place {
  readonly keys: TreeKeys;
  readonly texts: readonly Uint8Array[];
  readonly text: Uint8Array;
  readonly i: number;
  readonly grown: readonly BatchSignature[];
}

function grow(
  { origin, session }: TreeKeys,
  texts: readonly Uint8Array[],
  change: { readonly message?: (message: Uint8Array) => Uint8Array; readonly seed?: number } = {},
): BatchSignature[] {
  const salts = texts.map((_, i) => Buffer.alloc(16, (change.seed ?? 1) + i));
  const { root, proofs } = growSmallTree(texts.map((text, i) => batchLeaf(salts[i] as Uint8Array, text)));
  const size = texts.length;
  const message = batchMessage({ origin, name: session.name, size, root });
  const signature = signText(session, change.message?.(message) ?? message);
  return texts.map((_, index) => ({
    ...{ salt: salts[index] as Uint8Array, size, index, signature },
    path: proofs[index] as readonly Uint8Array[],
  }));
}

function lineOf({ session }: TreeKeys, batch: BatchSignature | undefined): string {
  if (batch === undefined) throw new Error('the tree has no such text');
  return blobLine(session, formatBatchSignature(batch));
}

function blobLine({ name, publicKey }: NoteSigner, blob: Uint8Array): string {
  return signatureLine(name, batchKeyId(name, publicKey), blob);
}

function plainLine({ name, publicKey, privateKey }: NoteSigner, text: Uint8Array): string {
  return signatureLine(name, noteKeyId(name, publicKey), sign(null, text, privateKey));
}

function flipped(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, i) => (i === 3 ? byte ^ 1 : byte));
}

function signedAs(place: Place, from: string, to: string): string {
  const message = (bytes: Uint8Array): Uint8Array => Buffer.from(Buffer.from(bytes).toString().replace(from, to));
  return lineOf(place.keys, grow(place.keys, place.texts, { message })[place.i]);
}

function wrongLine(fault: TreeFault, place: Place): string {
  const { keys, texts, text, i, grown } = place;
  const { session, origin } = keys;
  const own = grown[i] as BatchSignature;
  const blob = formatBatchSignature(own);
  const changed = (change: Partial<BatchSignature>): string => lineOf(keys, { ...own, ...change });
  const line = lineOf(keys, own);
  switch (fault) {
    case 'neighbour':
      return lineOf(keys, grown[(i + 1) % texts.length]);
    case 'other-tree': {
      const others = texts.map((one) => Buffer.concat([one.subarray(0, -1), Buffer.from(' \n')]));
      return lineOf(keys, grow(keys, others, { seed: 99 })[i]);
    }
    case 'index':
      return changed({ index: (i + 1) % texts.length });
    case 'index-outside':
      return changed({ index: texts.length });
    case 'size-larger':
      return changed({ size: own.size + 1 });
    case 'size-smaller':
      return changed({ size: own.size - 1 });
    case 'size-0':
      return changed({ size: 0, index: 0 });
    case 'size-17':
      return changed({ size: 17 });
    case 'path-cut':
      return changed({ path: own.path.slice(0, -1) });
    case 'path-padded':
      return changed({ path: [...own.path, Buffer.alloc(32, 7)] });
    case 'path-turned':
      // Of a path of one hash the turned one is the same: there the hash itself is turned.
      return changed({
        path: own.path.length > 1 ? [...own.path].reverse() : own.path.map((hash) => Buffer.from(hash).reverse()),
      });
    case 'path-changed':
      return changed({ path: own.path.map((hash, at) => (at === 0 ? flipped(hash) : hash)) });
    case 'byte-behind':
      return blobLine(session, Buffer.concat([blob, Buffer.of(0)]));
    case 'salt-changed':
      return changed({ salt: flipped(own.salt) });
    case 'signature-changed':
      return changed({ signature: flipped(own.signature) });
    case 'loose-base64':
      // Behind the last byte two or four bits are left over, which must be zero; where none are, a stranger's letter.
      return /=\n$/.test(line)
        ? line.replace(/(.)(=+)\n$/, (_, last: string, end: string) => `${nextLetter(last)}${end}\n`)
        : line.replace(/\n$/, '-\n');
    case 'no-padding':
      return /=\n$/.test(line) ? line.replace(/=+\n$/, '\n') : line.replace(/\n$/, '=\n');
    case 'twice':
      return line + line;
    case 'and-plain':
      return line + plainLine(session, text);
    case 'plain-and':
      return plainLine(session, text) + line;
    case 'plain-id':
      return signatureLine(session.name, noteKeyId(session.name, session.publicKey), blob);
    case 'batch-id-on-plain':
      return blobLine(session, sign(null, text, session.privateKey));
    case 'other-version-id':
      return signatureLine(session.name, otherKeyId(session), blob);
    case 'other-version-message':
      return signedAs(place, MESSAGE, 'nervous-system.batch.v2');
    case 'other-origin':
      return signedAs(place, `\n${origin}\n`, '\nnervous.example/other\n');
    case 'other-name':
      return signedAs(place, `\n${session.name}\n`, '\nkeys/0000000000000000\n');
    case 'other-size-signed':
      return signedAs(place, `\n${own.size}\n`, `\n${own.size + 1}\n`);
    case 'tree-of-one':
      return lineOf(keys, grow(keys, [text])[0]);
    case 'tree-of-seventeen': {
      const many = Array.from({ length: 17 }, (_, at) => (at === 0 ? text : Buffer.from(`${at}\n`)));
      return lineOf(keys, grow(keys, many)[0]);
    }
    case 'level-left-out':
      return levelLeftOut(place);
    case 'by-nobody':
      return lineOf({ ...keys, session }, { ...own, signature: signText(keys.root, Buffer.from('another\n')) });
  }
}

/** A tree of three that is claimed to be one of two, by leaving out the level below. */
function levelLeftOut({ keys, text }: Place): string {
  const texts = [text, Buffer.from('b\n'), Buffer.from('c\n')];
  const [first] = grow(keys, texts) as [BatchSignature];
  return lineOf(keys, { ...first, size: 2, path: first.path.slice(-1) });
}

function otherKeyId({ name, publicKey }: NoteSigner): Uint8Array {
  // As the type is made for version 1, by hand: nothing in the product makes another.
  const typed = Buffer.concat([OTHER_VERSION.subarray(1), publicKey]);
  return noteKeyId(name, typed, 0xff);
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function nextLetter(letter: string): string {
  return LETTERS[LETTERS.indexOf(letter) + 1] ?? 'B';
}

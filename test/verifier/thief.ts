/**
 * A thief with the root key: takes a ledger apart, changes what it says, signs every entry anew with a session key the thief
 * certified, and makes hashes, log, checkpoint and names of steps fit. Nothing is left to find but what it says.
 */
import { createPrivateKey, generateKeyPairSync, hash, type KeyObject } from 'node:crypto';
import { canonicalize, taggedHash } from '../../core/canonical/index.ts';
import {
  genesisHash,
  keyChain,
  noteKeyId,
  parseEntry,
  signatureLine,
  signText,
  type NoteSigner,
} from '../../core/ledger/index.ts';
import { leaf } from '../e2e/tamper-fixture.ts';
import { treeLines, type TreeFault } from './tree-lines.ts';

export interface Sealed {
  readonly chain: string;
  readonly seq: number;
  readonly note: Uint8Array;
  readonly hash: Uint8Array;
}

/** What an entry is to say; `prev`, `seq` and signatures are made when it is sealed. */
export interface Draft {
  readonly chain: string;
  body: Record<string, unknown>;
  /** signed by the root key too */
  root: boolean;
  /** bytes to be kept as they are: certificates of others */
  readonly verbatim?: Uint8Array;
  /** more signature lines behind these */
  extra?: readonly ('unknown' | 'repeated' | 'root' | 'wrong-root')[];
  /** seq to claim instead of the next */
  seq?: number;
  /** signed by a key that nobody certified */
  unknownKey?: boolean;
  /** in one tree with its neighbours of the same number */
  tree?: number;
  /** what is wrong with its line in the tree */
  treeFault?: TreeFault;
}

/** Texts under one signature at most. */
const MAX_TREE = 16;

/** An entry's text, and its signature lines where they are not made of it alone. */
interface Sealing {
  readonly draft: Draft;
  readonly seq: number;
  readonly text: Uint8Array;
  readonly line?: string;
}

export class Thief {
  readonly origin: string;
  readonly root: NoteSigner;
  readonly session: NoteSigner;
  private readonly stranger: NoteSigner;

  /** @param rootPem the stolen key */
  constructor(origin: string, rootPem: string) {
    this.origin = origin;
    this.root = signerOf(createPrivateKey(rootPem), () => origin);
    this.session = signerOf(generateKeyPairSync('ed25519').privateKey, keyChain);
    this.stranger = signerOf(generateKeyPairSync('ed25519').privateKey, keyChain);
  }

  certificate(at: string, ledger: string): Draft {
    const time = Date.parse(at);
    const data = {
      algorithm: 'Ed25519',
      key: Buffer.from(this.session.publicKey).toString('base64'),
      notAfter: new Date(time + 3_300_000).toISOString(),
      notBefore: new Date(time - 300_000).toISOString(),
    };
    const chain = this.session.name;
    const body = {
      actor: { id: 'nervous-system', kind: 'service' },
      at,
      data,
      idem: chain,
      ledger,
      type: 'key.certified',
    };
    return { chain, body, root: true };
  }

  /** @param links names of steps and entries that the changes made others are put right in what follows */
  seal(drafts: readonly Draft[], { links }: { readonly links: boolean }): Sealed[] {
    const heads = new Map<string, { readonly seq: number; readonly hash: string }>();
    const renamed = new Map<string, string>();
    return inTrees(drafts).flatMap((together) => {
      const texts = together.map((draft) => {
        const head = heads.get(draft.chain) ?? { seq: -1, hash: genesisHash(this.origin, draft.chain) };
        const seq = draft.seq ?? head.seq + 1;
        return { draft, seq, text: this.text(draft, { prev: head.hash, seq, renamed: links ? renamed : undefined }) };
      });
      return this.lined(texts).map((sealing) => {
        const { draft, seq } = sealing;
        const note = draft.verbatim ?? this.note(sealing);
        const sealed = { chain: draft.chain, seq, note, hash: leaf(note) };
        const was = ORIGINAL.get(draft);
        if (was !== undefined) renamed.set(was, hex(sealed.hash));
        heads.set(draft.chain, { seq, hash: hex(sealed.hash) });
        return sealed;
      });
    });
  }

  private lined(texts: readonly Sealing[]): readonly Sealing[] {
    const [first] = texts;
    if (first?.draft.tree === undefined || (texts.length === 1 && first.draft.treeFault === undefined)) return texts;
    const lines = treeLines(
      this,
      texts.map(({ text }) => text),
      texts.map(({ draft }) => draft.treeFault),
    );
    return texts.map((sealing, i) => ({ ...sealing, line: lines[i] as string }));
  }

  private text(
    draft: Draft,
    { prev, seq, renamed }: { prev: string; seq: number; renamed: Map<string, string> | undefined },
  ): Uint8Array {
    const before = draft.body;
    const body = renamed === undefined ? before : (withNames(before, renamed) as Record<string, unknown>);
    if (renamed !== undefined) renameHashes(before, body, renamed);
    const whole = { v: 1, entity: draft.chain, ...body, prev, seq };
    return Buffer.from(`nervous-system.entry.v1\n${looseCanonical(whole)}\n`);
  }

  private note({ draft, text, line }: Sealing): Uint8Array {
    const session = draft.unknownKey === true ? this.stranger : this.session;
    const lines = [line ?? lineOf(session, text), ...(draft.root ? [lineOf(this.root, text)] : [])];
    for (const extra of draft.extra ?? []) lines.push(this.extraLine(extra, text));
    return Buffer.concat([text, Buffer.from(`\n${lines.join('')}`)]);
  }

  private extraLine(kind: NonNullable<Draft['extra']>[number], text: Uint8Array): string {
    if (kind === 'unknown') return lineOf(this.stranger, text);
    if (kind === 'repeated') return lineOf(this.session, text);
    return lineOf(this.root, kind === 'root' ? text : Buffer.from('something else\n'));
  }
}

/** Drafts one after the other, those that are to be in one tree together. */
function inTrees(drafts: readonly Draft[]): Draft[][] {
  const groups: Draft[][] = [];
  for (const draft of drafts) {
    const group = groups.at(-1);
    const isSame = draft.tree !== undefined && group?.[0]?.tree === draft.tree && group.length < MAX_TREE;
    if (group !== undefined && isSame) group.push(draft);
    else groups.push([draft]);
  }
  return groups;
}

/** The chain hash that an entry had. */
const ORIGINAL = new WeakMap<Draft, string>();

/** A ledger taken apart, so that it can be sealed anew. */
export function takeApart(rows: readonly Sealed[], origin: string): Draft[] {
  return rows.map(({ chain, note, hash: was }) => {
    const parsed = parseEntry(note);
    if (parsed.kind === 'unreadable') throw new Error(`an honest entry is unreadable: ${parsed.reason}`);
    const { prev: _prev, seq: _seq, ...body } = structuredClone(parsed.body) as unknown as Record<string, unknown>;
    const root = parsed.note.signatures.some(({ name }) => name === origin);
    // The keys of certificates are gone; and rotations need the keys of others.
    const isOthers = body['type'] === 'key.certified' || body['type'] === 'key.rotated';
    const draft: Draft = { chain, body, root, ...(isOthers ? { verbatim: note } : {}) };
    ORIGINAL.set(draft, hex(was));
    return draft;
  });
}

function withNames(value: unknown, renamed: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') return renamed.get(value) ?? value;
  if (Array.isArray(value)) return value.map((one) => withNames(one, renamed));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withNames(one, renamed)]));
}

/** Assessment hash and step hash follow from what the entry says. */
function renameHashes(
  before: Record<string, unknown>,
  body: Record<string, unknown>,
  renamed: Map<string, string>,
): void {
  const data = body['data'] as Record<string, unknown> | undefined;
  if (data === undefined || typeof body['type'] !== 'string' || !body['type'].startsWith('change.')) return;
  try {
    if (typeof data['assessmentHash'] === 'string' && body['type'] === 'change.assessed') {
      const { assessmentHash: was, ...rest } = data;
      const now = taggedHash('nervous-system.change.assessment.v1', canonicalize(rest));
      renamed.set(ASSESSED.get(before) ?? was, now);
      data['assessmentHash'] = now;
    }
    const was = STEPS.get(before);
    if (was !== undefined) renamed.set(was, stepHashOf(body));
  } catch {
    return; // what has no canonical form has no name
  }
}

const STEPS = new WeakMap<object, string>();
const ASSESSED = new WeakMap<object, string>();

/** To be called before a draft is changed: by this it is named in what follows. */
export function rememberNames(drafts: readonly Draft[]): void {
  for (const { body } of drafts) {
    if (typeof body['type'] !== 'string' || !body['type'].startsWith('change.') || STEPS.has(body)) continue;
    STEPS.set(body, stepHashOf(body));
    const { assessmentHash } = body['data'] as { assessmentHash?: string };
    if (assessmentHash !== undefined) ASSESSED.set(body, assessmentHash);
  }
}

function stepHashOf({ actor, data, type }: Record<string, unknown>): string {
  return taggedHash('nervous-system.change.step.v1', canonicalize({ actor, data, type }));
}

/** Canonical where that is possible; a thief may write what no engine would. */
function looseCanonical(value: unknown): string {
  try {
    return canonicalize(value);
  } catch {
    return JSON.stringify(value);
  }
}

function lineOf(signer: NoteSigner, text: Uint8Array): string {
  return signatureLine(signer.name, noteKeyId(signer.name, signer.publicKey), signText(signer, text));
}

function signerOf(privateKey: KeyObject, nameOf: (publicKey: Uint8Array) => string): NoteSigner {
  const jwk = privateKey.export({ format: 'jwk' });
  const publicKey = Buffer.from(jwk.x ?? '', 'base64url');
  return { name: nameOf(publicKey), publicKey, privateKey };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** For names that tests make up. */
export function anyHash(text: string): string {
  return hash('sha256', text, 'hex');
}

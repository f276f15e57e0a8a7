/** A log in a map: what the tile writer gives, signed. */
import { createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { leafHash } from '../../../core/canonical/index.ts';
import {
  formatCheckpoint,
  formatVerifierKey,
  growLog,
  merkleRoot,
  signNote,
  type NoteSignatory,
  type ReadLogFile,
} from '../../../core/ledger/index.ts';

export const ORIGIN = 'log.test/main';
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

export interface TestEntry {
  readonly note: Uint8Array;
  readonly hash: Uint8Array;
}

export interface LogSigner extends NoteSignatory {
  readonly privateKey: KeyObject;
  readonly vkey: string;
}

/** A key whose seed is 32 times this byte. */
export function signatory(name = ORIGIN, seed = 1): LogSigner {
  const der = Buffer.concat([PKCS8_ED25519, Buffer.alloc(32, seed)]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32);
  const vkey = formatVerifierKey(name, publicKey);
  return { name, publicKey, privateKey, vkey, sign: (text) => sign(null, text, privateKey) };
}

export function testEntries(count: number, from = 0): TestEntry[] {
  return Array.from({ length: count }, (_, i) => {
    const note = Buffer.from(`entry ${from + i}\n`);
    return { note, hash: leafHash(note) };
  });
}

export class LogFolder {
  readonly files = new Map<string, Uint8Array>();
  readonly entries: TestEntry[] = [];
  readonly read: ReadLogFile = async (path) => this.files.get(path);

  async grow(count: number): Promise<string[]> {
    const added = testEntries(count, this.entries.length);
    const written: string[] = [];
    for await (const { path, bytes } of growLog({ size: this.entries.length, entries: added, read: this.read })) {
      this.files.set(path, bytes);
      written.push(path);
    }
    this.entries.push(...added);
    return written;
  }

  root(size = this.entries.length): Uint8Array {
    return merkleRoot(this.entries.slice(0, size).map(({ hash }) => hash));
  }

  async publish(signer: NoteSignatory = signatory(), size = this.entries.length): Promise<void> {
    const text = formatCheckpoint({ origin: ORIGIN, size, root: this.root(size) });
    this.files.set('checkpoint', await signNote(text, [signer]));
  }
}

export async function logOf(...growths: readonly number[]): Promise<LogFolder> {
  const log = new LogFolder();
  for (const count of growths) await log.grow(count);
  await log.publish();
  return log;
}

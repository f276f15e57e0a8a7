/**
 * A witness in a folder of its own: its key, and what it saw last. In the engine's own process it guards against a log that
 * is put back or forked by accident; run elsewhere (`nervous witness`) it also guards against the operator.
 */
import { createPublicKey, generateKeyPairSync, sign, createPrivateKey } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  cosignerKey,
  createWitness,
  formatCosignerKey,
  LedgerError,
  type Clock,
  type NoteKey,
  type NoteSignatory,
  type Remembered,
  type Witness,
  type WitnessMemory,
} from '../../../core/ledger/index.ts';
import { writeDurably } from '../machine/durable-file.ts';
import { readIfThere, writeWhole } from '../machine/durable-files.ts';

const PRIVATE_FILE = 'witness.key';
const PUBLIC_FILE = 'witness.vkey';
const RAW_KEY_BYTES = 32;

export interface LocalWitnessOptions {
  readonly folder: string;
  /** key name in cosignature lines, like an origin */
  readonly name: string;
  readonly logs: ReadonlyMap<string, readonly NoteKey[]>;
  readonly clock: Pick<Clock, 'now'>;
}

/** @throws LedgerError KEY_FILE_INVALID */
export function openLocalWitness(options: LocalWitnessOptions): Witness & { readonly verifierKey: string } {
  const { folder, name, logs, clock } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const signatory = openKey(folder, name);
  const handle = createWitness({ signatory, logs, memory: folderMemory(folder), clock });
  return {
    key: cosignerKey(name, signatory.publicKey),
    verifierKey: formatCosignerKey(name, signatory.publicKey),
    addCheckpoint: handle,
  };
}

/** One process at a time: two questions are answered one after the other. */
function folderMemory(folder: string): WitnessMemory {
  let turn: Promise<unknown> = Promise.resolve();
  const at = (origin: string): string => join(folder, `${Buffer.from(origin).toString('base64url')}.json`);
  const load = async (origin: string): Promise<Remembered | undefined> => {
    const bytes = await readIfThere(at(origin));
    if (bytes === undefined) return undefined;
    const { size, root } = JSON.parse(Buffer.from(bytes).toString('utf8')) as { size: number; root: string };
    return { size, root: Buffer.from(root, 'base64') };
  };
  return {
    load,
    store: (origin, next, before) => {
      const stored = turn.then(async () => {
        const now = await load(origin);
        if (now?.size !== before?.size || Buffer.compare(now?.root ?? Buffer.of(), before?.root ?? Buffer.of()) !== 0)
          return false;
        const text = JSON.stringify({ origin, size: next.size, root: Buffer.from(next.root).toString('base64') });
        await writeWhole(at(origin), Buffer.from(`${text}\n`));
        return true;
      });
      turn = stored.catch(() => undefined);
      return stored;
    },
  };
}

function openKey(folder: string, name: string): NoteSignatory {
  const path = join(folder, PRIVATE_FILE);
  if (!existsSync(path)) {
    if (existsSync(join(folder, PUBLIC_FILE)))
      throw new LedgerError({ code: 'KEY_FILE_INVALID', message: `"${path}" is missing: restore the witness's key` });
    const { privateKey } = generateKeyPairSync('ed25519');
    writeDurably(path, privateKey.export({ format: 'pem', type: 'pkcs8' }) as string, 0o600);
  }
  const privateKey = createPrivateKey(readFileSync(path));
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-RAW_KEY_BYTES);
  const publicPath = join(folder, PUBLIC_FILE);
  if (!existsSync(publicPath)) writeDurably(publicPath, `${formatCosignerKey(name, publicKey)}\n`, 0o644);
  return { name, publicKey, sign: (text) => sign(null, text, privateKey) };
}

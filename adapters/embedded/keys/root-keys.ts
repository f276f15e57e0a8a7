/**
 * The root keys of an open ledger: the one in use, which may be rotated meanwhile, and those before it, which checkpoints
 * still carry. Public halves are published write-once beside the anchors. It does not decide who may rotate.
 */
import { join } from 'node:path';
import {
  formatVerifierKey,
  LedgerError,
  logOrigin,
  MAX_ROTATIONS,
  recordRotation,
  ROOT_CHAIN,
  rootHistory,
  type Appender,
  type EntryStore,
  type KeyRecord,
  type NoteKey,
  type RootHistory,
  type RootSigner,
  type TrustedRoot,
} from '../../../core/ledger/index.ts';
import { readIfThere, writeOnce } from '../machine/durable-files.ts';
import { adoptNextRootKey, openNextRootKey, openRootKey, verifierKeyFile } from './root-key.ts';

const KEYS_FOLDER = 'keys';

export interface RootKeys {
  /** signs with the key in use, whichever that is when it is asked */
  readonly signer: RootSigner;
  /** all keys, under the name of the log; the same array grows when the key is rotated */
  readonly logKeys: readonly NoteKey[];
  /** Hands the ledger over to a new key. Nobody else may append meanwhile, and no checkpoint be signed. */
  rotate(alone: Appender, reason: string): Promise<KeyRecord & { readonly verifierKey: string }>;
}

export interface RootKeysOptions {
  readonly dataDir: string;
  /** the ledger's */
  readonly origin: string;
  readonly anchorsDir: string;
  readonly entries: Pick<EntryStore, 'read'>;
  readonly incarnations: readonly number[];
}

/** @throws LedgerError KEY_FILE_INVALID */
export async function openRootKeys(options: RootKeysOptions): Promise<RootKeys> {
  const { dataDir, origin, anchorsDir, entries, incarnations } = options;
  let current = openRootKey(dataDir, origin);
  const logName = logOrigin(origin, incarnations);
  const logKeys: NoteKey[] = [];
  const learn = async (): Promise<void> => {
    const history = await readRootHistory(current, entries);
    for (const key of history.keys) await publishKey(anchorsDir, formatVerifierKey(origin, key));
    logKeys.splice(0, Infinity, ...history.logKeys(logName));
  };
  await learn();
  const signer: RootSigner = {
    name: origin,
    get publicKey() {
      return current.publicKey;
    },
    sign: (text) => current.sign(text),
  };
  return {
    ...{ signer, logKeys },
    rotate: async (alone, reason) => {
      const next = openNextRootKey(dataDir, origin);
      const record = await recordRotation({ alone, entries }, { from: current, to: next, reason });
      // Dying here: the ledger names the next key, which is durable; the next start adopts it.
      adoptNextRootKey(dataDir, origin);
      current = next;
      await learn();
      return { ...record, verifierKey: formatVerifierKey(origin, next.publicKey) };
    },
  };
}

/** The root keys that the trusted one vouches for, as the ledger tells. */
export async function readRootHistory(root: TrustedRoot, entries: Pick<EntryStore, 'read'>): Promise<RootHistory> {
  return rootHistory(root, await entries.read(ROOT_CHAIN, 0, MAX_ROTATIONS));
}

/** @throws LedgerError KEY_FILE_INVALID: another key is published under this key's id */
async function publishKey(anchorsDir: string, verifierKey: string): Promise<void> {
  const path = join(anchorsDir, KEYS_FOLDER, verifierKeyFile(verifierKey));
  const bytes = Buffer.from(`${verifierKey}\n`);
  const published = await readIfThere(path);
  if (published === undefined && (await writeOnce(path, bytes))) return;
  if (Buffer.compare((await readIfThere(path)) ?? Buffer.of(), bytes) === 0) return;
  throw new LedgerError({
    code: 'KEY_FILE_INVALID',
    message: `"${path}" is published write-once and holds another key than ${verifierKey}: find out who wrote it`,
  });
}

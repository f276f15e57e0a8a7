/** Lists the keys with which a data folder's ledger was signed, as a verifier needs them: public halves only. */
import { join } from 'node:path';
import { isoOf, type IsoInstant } from '../../../core/brands/index.ts';
import { certifiedKeyOf, formatVerifierKey, logOrigin, parseEntry } from '../../../core/ledger/index.ts';
import { readIfThere } from '../machine/durable-files.ts';
import { readIncarnations } from '../log/incarnations.ts';
import { WITNESS_FOLDER } from '../log/open-log.ts';
import { readRootPublicKey } from './root-key.ts';
import { readRootHistory } from './root-keys.ts';
import { openForReading } from '../store/sqlite-schema.ts';
import { SqliteStore } from '../store/sqlite-store.ts';

const WITNESS_KEY = 'witness.vkey';

export interface SessionKeyValidity {
  readonly verifierKey: string;
  readonly notBefore: IsoInstant;
  readonly notAfter: IsoInstant;
}

export interface ListedKeys {
  /** signs certificates of session keys and what decides */
  readonly root: string;
  /** root keys before it, oldest first */
  readonly former: readonly string[];
  /** of the log and each of its incarnations, oldest first: the root key under the name of the log it signs for */
  readonly logs: readonly string[];
  readonly witness?: string;
  readonly sessions: readonly SessionKeyValidity[];
}

/** @throws EngineError DATA_NOT_FOUND | DATA_FOREIGN, LedgerError KEY_FILE_INVALID */
export async function listKeys(dataDir: string): Promise<ListedKeys> {
  const root = readRootPublicKey(dataDir);
  const db = openForReading(dataDir);
  try {
    const incarnations = readIncarnations(db);
    const { keys } = await readRootHistory(root, new SqliteStore(db, { readOnly: true }));
    const logs = [[], ...incarnations.map((_, i) => incarnations.slice(0, i + 1))];
    const witness = await readIfThere(join(dataDir, WITNESS_FOLDER, WITNESS_KEY));
    return {
      root: formatVerifierKey(root.name, root.publicKey),
      former: keys.flatMap((key) =>
        Buffer.compare(key, root.publicKey) === 0 ? [] : [formatVerifierKey(root.name, key)],
      ),
      logs: logs.map((sizes) => formatVerifierKey(logOrigin(root.name, sizes), root.publicKey)),
      ...(witness === undefined ? {} : { witness: Buffer.from(witness).toString('utf8').trim() }),
      sessions: sessionKeys(db),
    };
  } finally {
    db.close();
  }
}

function sessionKeys(db: ReturnType<typeof openForReading>): SessionKeyValidity[] {
  const rows = db.prepare(
    `SELECT note FROM entries WHERE chain >= 'keys/' AND chain < 'keys0' AND seq = 0 ORDER BY position`,
  );
  return [...rows.iterate()].flatMap(({ note }) => {
    const parsed = note instanceof Uint8Array ? parseEntry(note) : undefined;
    const key = parsed?.kind === 'entry' ? certifiedKeyOf(parsed.body) : undefined;
    if (key === undefined) return [];
    const { name, publicKey, notBefore, notAfter } = key;
    return [
      { verifierKey: formatVerifierKey(name, publicKey), notBefore: isoOf(notBefore), notAfter: isoOf(notAfter) },
    ];
  });
}

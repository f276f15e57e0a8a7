/**
 * Reconciles how often the root key signed with what of that is recorded, in the ledger and its anchors. It does not verify:
 * a forged signature line counts as one until verification finds it.
 */
import { join } from 'node:path';
import { noteKeyId, parseEntry, parseNote, type TrustedRoot } from '../../../core/ledger/index.ts';
import { orNone } from '../../../core/values/index.ts';
import { createAnchorFolder } from '../log/anchor-folder.ts';
import { anchorPlace, readIncarnations } from '../log/incarnations.ts';
import { ANCHOR_FOLDER } from '../log/open-log.ts';
import { countedSignatures } from '../keys/root-counter.ts';
import { readRootPublicKey } from '../keys/root-key.ts';
import { readRootHistory } from '../keys/root-keys.ts';
import { openForReading } from '../store/sqlite-schema.ts';
import { SqliteStore } from '../store/sqlite-store.ts';

const PAGE = 1_000;

export interface SignatureAudit {
  /** signatures of all root keys, by the type of the entry they are in; `checkpoint`: anchored checkpoints */
  readonly recorded: Readonly<Record<string, number>>;
  /** their sum */
  readonly expected: number;
  /** signatures made; absent: they were not counted from the key's first day */
  readonly counted?: number;
  /** made and not recorded; below 0: recorded and not counted */
  readonly difference?: number;
}

/** Of a folder that runs or is stopped; while it runs, a signature may be on its way. @throws EngineError, LedgerError */
export async function auditSignatures(
  dataDir: string,
  { anchorsDir = join(dataDir, ANCHOR_FOLDER) }: { readonly anchorsDir?: string } = {},
): Promise<SignatureAudit> {
  // Counted first: what is signed meanwhile is then recorded and not counted, or neither.
  const counted = countedSignatures(dataDir);
  const root = readRootPublicKey(dataDir);
  const db = openForReading(dataDir);
  try {
    const recorded = await signedEntries(new SqliteStore(db, { readOnly: true }), root);
    recorded['checkpoint'] = await anchorsIn(anchorsDir, readIncarnations(db));
    const expected = Object.values(recorded).reduce((sum, count) => sum + count, 0);
    return { recorded, expected, ...(counted === undefined ? {} : { counted, difference: counted - expected }) };
  } finally {
    db.close();
  }
}

async function signedEntries(store: SqliteStore, root: TrustedRoot): Promise<Record<string, number>> {
  const { keys } = await readRootHistory(root, store);
  const ids = new Set(keys.map((key) => hex(noteKeyId(root.name, key))));
  const recorded: Record<string, number> = {};
  for (let from = 0, page = await store.readLog(0, PAGE); page.length > 0; page = await store.readLog(from, PAGE)) {
    for (const { note, position } of page) {
      from = position + 1;
      const parsed = parseNote(note);
      if ('malformed' in parsed) continue;
      const by = parsed.signatures.filter(({ name, keyId }) => name === root.name && ids.has(hex(keyId)));
      if (by.length === 0) continue;
      const entry = parseEntry(note);
      const type = entry.kind === 'entry' ? entry.body.type : 'unreadable';
      recorded[type] = orNone(recorded[type]) + by.length;
    }
  }
  return recorded;
}

/** Of the log and of those that it was before a loss. */
async function anchorsIn(anchorsDir: string, incarnations: readonly number[]): Promise<number> {
  let count = 0;
  for (let i = 0; i <= incarnations.length; i += 1) {
    const anchors = createAnchorFolder(anchorPlace(anchorsDir, incarnations.slice(0, i)));
    count += (await anchors.sizes(-1, Number.MAX_SAFE_INTEGER)).length;
  }
  return count;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/**
 * Verifies a data folder, running or stopped, with nothing but its files and the root public key: every entry in commit
 * order on both cores, then the documents. Damage that makes the file unreadable is a verdict, not an exception.
 */
import type { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { ROOT_SIGNED } from '../../core/changes/index.ts';
import {
  findingAt,
  joinSegments,
  type Finding,
  type Segment,
  type VerificationReport,
} from '../../core/ledger/index.ts';
import { createEntryVerifier, verifyDocuments, verifyEntity } from '../../core/system/index.ts';
import { readRootPublicKey } from './root-key.ts';
import { identityOf, openForReading } from './sqlite-schema.ts';
import { SqliteStore } from './sqlite-store.ts';
import { isDamage, verifyStretch, type StretchJob } from './verify-stretch.ts';

/** Fewer entries are verified on the calling thread: starting a worker takes about 100 ms. */
const MIN_ENTRIES_PER_WORKER = 5_000;
const WORKERS = 2;

export interface VerifyDataDirOptions {
  /** only this entity's chain and document */
  readonly entity?: string;
  /** default true; false checks bytes, hashes, links and places only */
  readonly signatures?: boolean;
}

/** @throws EngineError DATA_NOT_FOUND | DATA_FOREIGN, LedgerError KEY_FILE_INVALID */
export async function verifyDataDir(dataDir: string, options: VerifyDataDirOptions = {}): Promise<VerificationReport> {
  const root = readRootPublicKey(dataDir);
  const signatures = options.signatures ?? true;
  const db = openForReading(dataDir);
  try {
    return await verifyOpened(db, { dataDir, root, signatures, ...options });
  } catch (error) {
    if (!isDamage(error)) throw error;
    const detail = `the file is damaged where it keeps its own records: ${error.message}`;
    return report({
      finding: findingAt({ chain: '(ledger.db)', seq: 0 }, 'UNREADABLE', detail),
      signatures,
      entries: 0,
      chains: 0,
    });
  } finally {
    db.close();
  }
}

async function verifyOpened(
  db: DatabaseSync,
  options: VerifyDataDirOptions & Pick<StretchJob, 'dataDir' | 'root' | 'signatures'>,
): Promise<VerificationReport> {
  const { dataDir, root, signatures } = options;
  const identity = identityOf(db);
  const store = new SqliteStore(db);
  if (options.entity !== undefined) {
    const verifier = createEntryVerifier({ ledger: identity.ledger, root, entries: store, signatures });
    return await verifyEntity({ ...identity, entries: store, items: store, verifier: () => verifier }, options.entity);
  }
  const end = endOfLog(db);
  const segments = await verifyStretches({
    dataDir,
    root,
    signatures,
    rootSigned: [...ROOT_SIGNED],
    from: 0,
    to: end,
  });
  const { heads, finding } = joinSegments(identity.origin, segments);
  const withChanges = [...heads].filter(([, { hasChanges }]) => hasChanges).map(([chain]) => chain);
  const drift =
    finding ?? (await verifyDocuments({ ledger: identity.ledger, entries: store, items: store }, withChanges));
  return report({
    finding: drift,
    signatures,
    entries: segments.reduce((sum, { entries }) => sum + entries, 0),
    chains: heads.size,
  });
}

/** One past the last position that the entries or the commit-order record know. */
function endOfLog(db: DatabaseSync): number {
  const row = db
    .prepare(
      `SELECT max(coalesce((SELECT max(position) + 1 FROM entries), 0),
                  coalesce((SELECT max(first + length(hashes) / 32) FROM batches), 0),
                  coalesce((SELECT max(position) + 1 FROM idempotency), 0)) AS size`,
    )
    .get();
  return Number(row?.['size'] ?? 0);
}

async function verifyStretches(whole: StretchJob): Promise<Segment[]> {
  const workers = whole.to >= WORKERS * MIN_ENTRIES_PER_WORKER ? WORKERS : 1;
  const share = Math.ceil(whole.to / workers);
  const jobs = Array.from({ length: workers }, (_, i) => ({
    ...whole,
    from: i * share,
    to: Math.min((i + 1) * share, whole.to),
  }));
  return Promise.all(jobs.map((job, i) => (i === 0 ? verifyStretch(job) : verifyOnWorker(job))));
}

function verifyOnWorker(job: StretchJob): Promise<Segment> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./verify-worker.ts', import.meta.url), { workerData: job });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the verifying thread ended with code ${code}`)));
  });
}

function report(result: {
  finding: Finding | undefined;
  signatures: boolean;
  entries: number;
  chains: number;
}): VerificationReport {
  const { finding, signatures, entries, chains } = result;
  const checked = [
    'bytes and hashes',
    'links of every chain',
    'every committed entry is there, in its place',
    'documents against the chains',
  ];
  const signed = 'signatures up to the root key';
  return {
    verdict: finding?.verdict ?? 'OK',
    ...(finding === undefined ? {} : { firstBad: finding }),
    entries,
    chains,
    checked: signatures ? [...checked, signed] : checked,
    notChecked: [
      ...(signatures ? [] : [signed]),
      'whether the end of the ledger was removed together with every record of it: that needs a checkpoint kept elsewhere',
    ],
  };
}

/**
 * A thread that verifies entities: does one job after the other on a read-only connection of its own, as whoever asks cuts
 * them. Nothing it learns outlives the verification it belongs to; what an engine remembers is kept by the engine.
 */
import type { DatabaseSync } from 'node:sqlite';
import { parentPort } from 'node:worker_threads';
import type { LogMembership } from '../../../core/ledger/index.ts';
import {
  concludeEntity,
  createMembership,
  readEntityPoints,
  verifyLinks,
  verifyPage,
} from '../../../core/system/index.ts';
import { damaged } from './damaged.ts';
import { openEntityVerification, type FolderToVerify, type OpenedEntities } from './entity-in-folder.ts';
import type { EntityAnswer, EntityJob, EntityResults } from './entity-jobs.ts';
import { giveWay } from '../machine/give-way.ts';
import { isDamage, isForeign } from './verify-folder-segment.ts';

let opened: { readonly of: string; readonly db: DatabaseSync; readonly deps: OpenedEntities } | undefined;
let log: { readonly verification: number; readonly membership: LogMembership | undefined } | undefined;

giveWay();
parentPort?.on('message', (job: EntityJob) => void answer(job));

async function answer(job: EntityJob): Promise<void> {
  try {
    parentPort?.postMessage({ result: await run(job) } satisfies EntityAnswer);
  } catch (error) {
    if (!isDamage(error) && !isForeign(error)) throw error; // ends this thread, and whoever waits is told why
    parentPort?.postMessage({ damaged: damaged(error) } satisfies EntityAnswer);
  }
}

async function run(job: EntityJob): Promise<EntityResults[EntityJob['kind']]> {
  const deps = await open(job.folder);
  switch (job.kind) {
    case 'begin': {
      const points = await readEntityPoints(deps);
      return { points, entries: ((await deps.entries.head(job.entityId))?.seq ?? -1) + 1 };
    }
    case 'links':
      return verifyPart(deps, job);
    case 'conclude':
      return concludeEntity(deps, job);
    case 'page':
      return verifyPage(deps, await deps.entries.read(job.entityId, job.from, job.limit));
  }
}

async function verifyPart(
  deps: OpenedEntities,
  { entityId, verification, part, known, published }: Extract<EntityJob, { kind: 'links' }>,
): Promise<EntityResults['links']> {
  const verifier = deps.rememberingVerifier(known);
  // Tiles are proved once in a verification, whatever parts of the chain come here.
  if (log?.verification !== verification) log = { verification, membership: createMembership(deps, published) };
  const links = await verifyLinks({ ...deps, verifier: () => verifier }, { ...part, entity: entityId }, log.membership);
  return { ...links, remembered: verifier.remembered };
}

/** Again when another root key is trusted: which keys came before it is then another question. */
async function open(folder: FolderToVerify): Promise<OpenedEntities> {
  const of = JSON.stringify([folder.dataDir, Buffer.from(folder.root.publicKey).toString('base64')]);
  if (opened?.of !== of) {
    opened?.db.close();
    opened = undefined;
    opened = { of, ...(await openEntityVerification(folder)) };
  }
  return { ...opened.deps, now: folder.now };
}

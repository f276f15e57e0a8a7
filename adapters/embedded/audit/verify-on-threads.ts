/**
 * Verifies one entity on several threads: the chain in parts, each going on from the one before, then what is left. What this
 * process verified or wrote itself is not asked for its signatures again, but must still be what it was.
 */
import { toHex } from '../../../core/canonical/index.ts';
import {
  findingAt,
  rememberedOf,
  signaturesOf,
  type Finding,
  type KnownChains,
  type KnownRun,
  type VerificationReport,
} from '../../../core/ledger/index.ts';
import { joinLinks, type EntityLinks, type EntryVerdict } from '../../../core/system/index.ts';
import type { FolderToVerify } from './entity-in-folder.ts';
import type { Begun, EntityAnswer, EntityJob, EntityResults, JobPlace } from './entity-jobs.ts';
import { JobThreads } from './job-threads.ts';

/** Entries of a part: a third of a second of signatures, so that other callers' verifications come in between. */
const PART = 2_048;

/** What is remembered takes a tenth of the time. */
const REMEMBERED_PER_SIGNATURE = 10;

export type EntityThreads = JobThreads<EntityJob, EntityAnswer>;

export interface OnThreads {
  readonly threads: EntityThreads;
  readonly folder: FolderToVerify;
  /** what this process knows; absent: nothing */
  readonly known?: KnownChains;
  readonly signal?: AbortSignal | undefined;
  /** told after each part how many signatures were checked for it */
  readonly onPart?: (signatures: number) => void;
}

interface ThreadedJob extends OnThreads {
  readonly entityId: string;
  /** one number for all jobs of a verification */
  readonly verification: number;
}

let verifications = 0;

/** @param limit threads at once */
export function entityThreads(limit: number): EntityThreads {
  return new JobThreads(new URL('./entity-thread.ts', import.meta.url), limit);
}

/** @throws SystemError VERIFICATION_ENDED */
export async function verifyEntityOnThreads(options: OnThreads, entityId: string): Promise<VerificationReport> {
  const job: ThreadedJob = { ...options, entityId, verification: ++verifications };
  try {
    return await verify(job);
  } catch (error) {
    if (error instanceof FolderDamaged) return error.report;
    throw error;
  }
}

/** A verdict for each entry of a page of the chain. @throws SystemError VERIFICATION_ENDED; FolderDamaged */
export function verifyPageOnThreads(
  options: OnThreads,
  entityId: string,
  page: { readonly from: number; readonly limit: number },
): Promise<readonly EntryVerdict[]> {
  const job: ThreadedJob = { ...options, entityId, verification: ++verifications };
  return ask(job, { ...jobOf(job), kind: 'page', ...page });
}

async function verify(job: ThreadedJob): Promise<VerificationReport> {
  const { entityId, known } = job;
  const begun = await ask(job, { ...jobOf(job), kind: 'begin' });
  const links = await verifyLinks(job, begun);
  const { head, finding, contradiction } = links;
  const report = await ask(job, { ...jobOf(job), kind: 'conclude', points: begun.points, links });
  if (finding === undefined && contradiction === undefined && head !== undefined)
    known?.verified(entityId, { seq: head.seq, hash: toHex(head.hash) });
  return report;
}

/** Whatever does not fit what is remembered is looked at again as if nothing were, so that it gets its right name. */
async function verifyLinks(job: ThreadedJob, begun: Begun): Promise<EntityLinks> {
  const runs = job.known?.runs(job.entityId) ?? [];
  const links = await verifyParts(job, begun, runs);
  const doubt = links.finding ?? ended(job.entityId, links, runs);
  if (doubt === undefined || runs.length === 0) return links;
  const anew = await verifyParts(job, begun, []);
  return anew.finding === undefined ? { ...anew, contradiction: doubt } : anew;
}

function ended(chain: string, { head }: EntityLinks, known: readonly KnownRun[]): Finding | undefined {
  const last = head?.seq ?? -1;
  const lost = known.find(({ seq }) => seq > last);
  if (lost === undefined) return undefined;
  const detail = `the chain ends at #${last}, this process knows it up to #${lost.seq}`;
  return findingAt({ chain, seq: last + 1 }, 'MISSING_ENTRY', detail);
}

async function verifyParts(job: ThreadedJob, begun: Begun, known: readonly KnownRun[]): Promise<EntityLinks> {
  const { threads, onPart } = job;
  const count = Math.max(1, Math.ceil(begun.entries / PART));
  const parts: (EntityResults['links'] | undefined)[] = [];
  let next = 0;
  let end = count;
  const lane = async (): Promise<void> => {
    while (next < end) {
      const i = next++;
      // The last has no end: what was recorded meanwhile belongs to it.
      const part = { from: i * PART, ...(i === count - 1 ? {} : { to: (i + 1) * PART }) };
      const published = begun.points?.published?.checkpoint;
      const links = await ask(job, { ...jobOf(job), kind: 'links', part, known, published });
      onPart?.(links.entries - links.remembered);
      parts[i] = links;
      // What comes behind a bad entry is not looked at.
      if (links.finding !== undefined) end = Math.min(end, i);
    }
  };
  await Promise.all(Array.from({ length: lanesFor(begun.entries, known, threads.limit) }, lane));
  const done = parts.filter((part) => part !== undefined);
  const remembered = done.reduce((sum, part) => sum + part.remembered, 0);
  const links = joinLinks(done);
  return remembered === 0 ? links : { ...links, signatures: inWords(links.entries - remembered, remembered) };
}

/** A thread takes as long to begin as some thousand signatures to check: no more of them than there is work for. */
function lanesFor(entries: number, known: readonly KnownRun[], limit: number): number {
  const remembered = Math.min(entries, Math.max(0, ...known.map(({ from, seq }) => seq - from + 1)));
  const signatures = entries - remembered + remembered / REMEMBERED_PER_SIGNATURE;
  return Math.max(1, Math.min(limit, Math.ceil(signatures / PART)));
}

/** What was relied on is said: the process's own memory, and never the store's. */
function inWords(checked: number, remembered: number): readonly string[] {
  return [...(checked === 0 ? [] : [signaturesOf(checked)]), rememberedOf(remembered)];
}

function jobOf({ folder, entityId, verification }: ThreadedJob): JobPlace {
  return { folder, entityId, verification };
}

async function ask<Job extends EntityJob>(
  { threads, signal }: ThreadedJob,
  job: Job,
): Promise<EntityResults[Job['kind']]> {
  const answer = (await threads.run(job, signal)) as EntityAnswer<Job['kind']>;
  if ('damaged' in answer) throw new FolderDamaged(answer.damaged);
  return answer.result;
}

/** The file could not be read. */
class FolderDamaged extends Error {
  readonly report: VerificationReport;

  constructor(report: VerificationReport) {
    super(report.firstBad?.detail ?? report.verdict);
    this.report = report;
  }
}

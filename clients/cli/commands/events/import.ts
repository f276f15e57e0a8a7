/**
 * `nervous import`: records what a file of another system holds, each record by the hash of its bytes, as imported and not witnessed.
 * It reads the file twice: first to know that it is whole and what it is called (its hash), then to publish. The same command goes on
 * where it was stopped, because what is recorded already answers as a duplicate. The file stays with whoever has it.
 */
import { appendFileSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Argument, type Command } from 'commander';
import { canonicalize, sha256, toHex } from '../../../../core/canonical/index.ts';
import { importChain, PROVEN_BY_IMPORT, type EventInput } from '../../../../core/events/index.ts';
import { must } from '../../../../core/errors/index.ts';
import { defined, orBlank } from '../../../../core/values/index.ts';
import { ApiProblem, type Client } from '../../../sdk/index.ts';
import { connect, connectedCommand, type ConnectOptions } from '../../connection/connect.ts';
import { FORMATS, mappingOf, type ImportFormat, type ImportMapping } from '../../input/imports/import-format.ts';
import { importedEvent, readImport, type ReadItem, type Reject } from '../../input/imports/read-import.ts';
import { openSource } from '../../input/imports/source-file.ts';
import { EXIT } from '../../output/exit-codes.ts';
import { printable, show, UsageError } from '../../output/output.ts';
import { whileWaiting } from '../../output/waiting.ts';

interface ImportOptions extends ConnectOptions, Partial<ImportMapping> {
  readonly dryRun?: boolean;
  readonly rejects?: string;
}

interface Summary {
  /** SHA-256 of the file */
  source: string;
  readonly name: string;
  /** that the file makes */
  entries: number;
  recorded: number;
  duplicates: number;
  rejected: number;
  /** the first ones */
  readonly problems: Reject[];
}

interface Job {
  readonly path: string;
  readonly format: ImportFormat;
  readonly mapping: ImportMapping;
  readonly summary: Summary;
  readonly tell: (reject: Reject) => void;
  /** what is going on, and how far it has come */
  far: string;
}

/** As many as a request may hold. */
const BATCH = 100;
const SAMPLE = 3;
const SHOWN_PROBLEMS = 10;
const RECORDED_REJECTS = 100;
/** Refusals that pass: the same event is sent again. */
const LATER: ReadonlySet<string> = new Set(['RATE_LIMITED', 'LEDGER_BUSY']);
/** What one event cannot mend, nor the next: the import ends, and may be taken up again. */
const ENDS: ReadonlySet<string> = new Set(['TOPIC_STOPPED', 'TOPIC_UNKNOWN', 'VERSION_UNKNOWN', 'PAYLOAD_INVALID']);
const DEFAULT_PAUSE_S = 1;
const OUTCOME_DIGITS = 16;

export function importCommand(): Command {
  return connectedCommand()
    .addArgument(new Argument('<format>', 'what exported it').choices(FORMATS))
    .argument('<file>', 'may be gzip')
    .option('--entity <template>', "whose history a record belongs to, e.g. 'account:{account_id}'")
    .option('--time <template>', 'when the source says it happened')
    .option('--kind <template>', 'what the source calls it')
    .option('--id <template>', 'by what the source names it')
    .option('--separator <char>', 'csv: between the columns (default: ,)')
    .option('--rejects <file>', 'write every record that is not imported to this file, one JSON object a line')
    .option('--dry-run', 'read the file to its end, and record nothing')
    .action(async (format: ImportFormat, path: string, options: ImportOptions) => {
      const { entity, time, kind, id, separator } = options;
      const mapping = mappingOf(format, defined({ entity, time, kind, id, separator }));
      const job = jobOf(path, { format, mapping }, options);
      const what = printable(`importing "${job.summary.name}" (the same command goes on)`);
      const work = options.dryRun === true ? scan(job) : importFile(job, connect(options));
      const sample = await whileWaiting({ what, far: () => job.far, json: options.json }, work);
      show(options, { ...job.summary, ...defined({ sample }) }, () => textOf(job.summary, sample));
      if (job.summary.rejected > 0) process.exitCode = EXIT.problem;
    });
}

function jobOf(path: string, what: Pick<Job, 'format' | 'mapping'>, { rejects }: ImportOptions): Job {
  const { name } = openSource(path);
  const summary: Summary = {
    ...{ source: '', name, entries: 0, recorded: 0, duplicates: 0, rejected: 0 },
    problems: [],
  };
  if (rejects !== undefined) startRejects(rejects, path);
  const tell = (reject: Reject): void => {
    summary.rejected += 1;
    if (summary.problems.length < RECORDED_REJECTS) summary.problems.push(reject);
    if (rejects !== undefined) appendFileSync(rejects, `${JSON.stringify(reject)}\n`);
  };
  return { ...what, path, summary, tell, far: '' };
}

/** Made anew with every import, but never in place of what is imported. @throws UsageError */
function startRejects(rejects: string, path: string): void {
  const [there, file] = [statSync(rejects, { throwIfNoEntry: false }), statSync(path)];
  if (there?.dev === file.dev && there.ino === file.ino)
    throw new UsageError(`--rejects "${rejects}" is the file to be imported: name another`);
  writeFileSync(rejects, '');
}

/** Reads the file to its end: nothing is recorded of one that is cut off. @returns the first entries, as they would be recorded */
async function scan(job: Job): Promise<readonly EventInput[]> {
  const samples: Entry[] = [];
  const { path, format, mapping, summary, tell } = job;
  const source = openSource(path);
  for await (const item of readImport(source, format, mapping)) {
    job.far = `read ${percent(source)} %`;
    if (item.kind === 'reject') tell(item.reject);
    else {
      summary.entries += 1;
      if (samples.length < SAMPLE) samples.push(item);
    }
  }
  summary.source = source.digest();
  return samples.map((entry) => importedEvent(summary.source, entry));
}

async function importFile(job: Job, client: Client): Promise<undefined> {
  const { path, format, mapping, summary } = job;
  await scan(job);
  const { source, entries, rejected: unreadable } = summary;
  const file = openSource(path);
  await tellStart(client, {
    ...{ source, name: file.name, bytes: file.bytes, format, mapping: { ...mapping } },
    ...{ entries, unreadable, witnessed: false, proves: PROVEN_BY_IMPORT },
  });
  let batch: Entry[] = [];
  for await (const item of readImport(file, format, mapping)) {
    if (item.kind === 'reject') continue; // it was told when the file was read first
    batch.push(item);
    if (batch.length < BATCH) continue;
    await publish(client, job, batch);
    batch = [];
    job.far = `recorded ${percent(file)} %`;
  }
  if (batch.length > 0) await publish(client, job, batch);
  if (file.digest() !== source)
    throw new UsageError(`"${path}" changed while it was read: its import has no end; import what it is now`);
  await tellEnd(client, summary);
}

type Entry = Extract<ReadItem, { kind: 'entry' }>;

async function tellStart(client: Client, payload: EventInput['payload'] & { readonly source: string }): Promise<void> {
  const { source } = payload;
  const eventId = `import:${source}:started`;
  try {
    await client.publish({ topic: 'imports.started', eventId, entityId: importChain(source), payload });
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.code !== 'EVENT_ID_CONFLICT') throw error;
    throw new UsageError(
      'this file was imported before under another name or with another mapping: use the same, or nothing of it would fit',
      { cause: error },
    );
  }
}

/** Only an import that was read to its end has one. With another outcome it is another end: what was refused may be let in later. */
async function tellEnd(client: Client, summary: Summary): Promise<void> {
  const { source, entries, duplicates, rejected, problems } = summary;
  const recorded = summary.recorded + duplicates;
  const rejects = problems.map(({ line, code }) => ({ line, code })).sort((a, b) => a.line - b.line);
  const outcome = toHex(sha256(canonicalize({ recorded, rejected, rejects }))).slice(0, OUTCOME_DIGITS);
  await client.publish({
    ...{ topic: 'imports.finished', eventId: `import:${source}:finished:${outcome}`, entityId: importChain(source) },
    payload: { source, entries, recorded, rejected, rejects, witnessed: false },
  });
}

async function publish(client: Client, { summary, tell }: Job, batch: readonly Entry[]): Promise<void> {
  let left = batch;
  while (left.length > 0) {
    const results = await client.publishBatch(left.map((entry) => importedEvent(summary.source, entry)));
    const again: Entry[] = [];
    let pauseSeconds = 0;
    for (const [i, result] of results.entries()) {
      const entry = must(left[i], 'the entry of a result');
      if (result.status !== 'rejected') {
        summary[result.status === 'accepted' ? 'recorded' : 'duplicates'] += 1;
        continue;
      }
      const { code, detail, retryAfterSeconds = DEFAULT_PAUSE_S } = result.problem;
      if (ENDS.has(code)) throw new UsageError(`${code}: ${detail} (docs/migrating.md says what an import needs)`);
      if (LATER.has(code)) {
        again.push(entry);
        pauseSeconds = Math.max(pauseSeconds, retryAfterSeconds);
      } else {
        const { line, record, offset } = entry.of;
        tell({ line, record, offset, code, detail });
      }
    }
    left = again;
    if (left.length > 0) await sleep(pauseSeconds * 1_000);
  }
}

function percent({ read, bytes }: { readonly read: () => number; readonly bytes: number }): number {
  return bytes === 0 ? 100 : Math.floor((100 * read()) / bytes);
}

/** @param sample of a dry run */
function textOf(summary: Summary, sample: readonly EventInput[] | undefined): string {
  const { source, name, entries, recorded, duplicates, rejected, problems } = summary;
  const counts =
    sample !== undefined
      ? `${entries} entries would be recorded, ${rejected} records cannot be read`
      : `${recorded} recorded, ${duplicates} were recorded before, ${rejected} rejected, of ${entries} entries`;
  return [
    `${name}: ${counts}`,
    `  file: sha256 ${source}`,
    `  this proves ${PROVEN_BY_IMPORT}`,
    ...(sample === undefined ? [] : sample.map(lineOf)),
    ...problems
      .toSorted((a, b) => a.line - b.line)
      .slice(0, SHOWN_PROBLEMS)
      .map(({ line, code, detail }) => `  line ${line}: ${code}: ${detail}`),
    ...(rejected > SHOWN_PROBLEMS ? [`  and ${rejected - SHOWN_PROBLEMS} more: --rejects <file> writes all`] : []),
  ].join('\n');
}

function lineOf({ entityId, payload }: EventInput): string {
  return `  ${orBlank(entityId)}  ${JSON.stringify(payload)}`;
}

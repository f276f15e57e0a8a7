/**
 * `nervous events replay`: publishes the events of a file in its order, in constant memory, as fast as asked for. Bad lines are told
 * and passed over. With event ids it may be run again: what is recorded already answers as a duplicate.
 */
import { createReadStream, statSync, type ReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import cliProgress from 'cli-progress';
import { InvalidArgumentError, type Command } from 'commander';
import type { JsonObject } from '../../../../core/canonical/index.ts';
import type { EventInput } from '../../../../core/events/index.ts';
import { must } from '../../../../core/errors/index.ts';
import type { Client } from '../../../sdk/index.ts';
import { connect, connectedCommand, type ConnectOptions } from '../../connection/connect.ts';
import { CsvError, readCsv } from '../../input/csv.ts';
import { eventOfRow, RowError } from '../../input/csv-events.ts';
import { EXIT } from '../../output/exit-codes.ts';
import { note, show, UsageError } from '../../output/output.ts';
import { createPace, parseRate } from '../../input/pace.ts';
import { parseObject, readJsonArgument } from '../../input/read-json.ts';

interface ReplayOptions extends ConnectOptions {
  readonly batch: number;
  /** events per second */
  readonly rate?: number;
  readonly fromLine: number;
  readonly strict?: boolean;
  readonly topic?: string;
  readonly entityColumn?: string;
  readonly idColumn?: string;
  readonly mapping?: string;
  readonly separator: string;
}

type Line = { readonly number: number } & (
  | { readonly kind: 'event'; readonly event: EventInput }
  | { readonly kind: 'bad'; readonly problem: Omit<LineProblem, 'line'> }
);

interface LineProblem {
  readonly line: number;
  readonly code: string;
  readonly detail: string;
}

interface Summary {
  events: number;
  accepted: number;
  duplicates: number;
  rejected: number;
  /** to go on after what is settled: `--from-line` of the next run */
  nextLine: number;
  /** the first ones, by line of the file */
  readonly problems: LineProblem[];
}

const MAX_BATCH = 100;
/** With a rate, a batch holds no more than a tenth of a second's events, so that they do not come in bursts. */
const BATCHES_PER_SECOND = 10;
const SHOWN_PROBLEMS = 10;

export function replayCommand(): Command {
  return connectedCommand('<file>')
    .option('--batch <n>', 'events per request', parseBatch, MAX_BATCH)
    .option('--rate <n/s>', 'publish no faster than this, e.g. 500/s', parseRate)
    .option('--from-line <n>', 'skip the lines before this one', parseLine, 1)
    .option('--strict', 'stop at the first bad line')
    .option('--mapping <json>', 'CSV: the event, with {column}, {column:int}, {column:boolean}, {column?}; or @file')
    .option('--topic <topic>', 'CSV without a mapping: the topic; the payload is the columns')
    .option('--entity-column <name>', 'CSV without a mapping: where the entity id stands')
    .option('--id-column <name>', 'CSV without a mapping: where the event id stands')
    .option('--separator <char>', 'CSV: between the columns', parseSeparator, ',')
    .action(async (file: string, options: ReplayOptions) => {
      const summary = await replay(file, options);
      show(options, summary, () => textOf(summary));
      if (summary.rejected > 0) process.exitCode = EXIT.problem;
    });
}

async function replay(file: string, options: ReplayOptions): Promise<Summary> {
  const client = connect(options);
  const bytes = sizeOf(file);
  const stream = createReadStream(file);
  const bar = startBar(bytes, options);
  const summary: Summary = {
    ...{ events: 0, accepted: 0, duplicates: 0, rejected: 0, nextLine: options.fromLine, problems: [] },
  };
  try {
    for await (const batch of batchesOf(readLines(file, stream, options), options)) {
      await publish(client, batch, summary);
      bar.update(stream.bytesRead, { events: summary.events });
      if (options.strict === true && summary.rejected > 0) break;
    }
  } catch (error) {
    if (summary.events > 0) note(`stopped; to go on where it stopped: --from-line ${summary.nextLine}`);
    throw error instanceof CsvError ? new UsageError(`"${file}": ${error.message}`, { cause: error }) : error;
  } finally {
    bar.stop();
    stream.destroy();
  }
  return summary;
}

function startBar(bytes: number, { json }: ReplayOptions): cliProgress.SingleBar {
  const bar = new cliProgress.SingleBar(
    { format: 'replay {bar} {percentage}% | {events} events', stream: process.stderr, noTTYOutput: false },
    cliProgress.Presets.shades_classic,
  );
  if (process.stderr.isTTY && json !== true) bar.start(bytes, 0, { events: 0 });
  return bar;
}

async function* readLines(file: string, stream: ReadStream, options: ReplayOptions): AsyncGenerator<Line> {
  const texts = createInterface({ input: stream, crlfDelay: Infinity });
  for await (const line of /\.csv$/i.test(file) ? csvLines(texts, options) : jsonLines(texts))
    if (line.number >= options.fromLine) yield line;
}

async function* jsonLines(texts: AsyncIterable<string>): AsyncGenerator<Line> {
  let number = 0;
  for await (const text of texts) {
    number += 1;
    if (text.trim() === '') continue;
    try {
      yield { kind: 'event', number, event: asEvent(parseObject(Buffer.from(text), 'not an event')) };
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      yield { kind: 'bad', number, problem: { code: 'NOT_I_JSON', detail: error.message } };
    }
  }
}

async function* csvLines(texts: AsyncIterable<string>, options: ReplayOptions): AsyncGenerator<Line> {
  const { mapping, separator, ...columns } = options;
  const template = mapping === undefined ? {} : { template: readJsonArgument(mapping, '--mapping') };
  const toEvent = eventOfRow({ ...columns, ...template });
  for await (const row of readCsv(texts, separator)) {
    const number = row.line;
    if (row.kind === 'bad') {
      yield { kind: 'bad', number, problem: { code: 'ROW_INVALID', detail: row.reason } };
      continue;
    }
    try {
      yield { kind: 'event', number, event: asEvent(toEvent(row.record)) };
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      yield { kind: 'bad', number, problem: { code: 'ROW_INVALID', detail: error.message } };
    }
  }
}

/** The service checks it: what is wrong with it is told by line. */
function asEvent(value: JsonObject): EventInput {
  return value as unknown as EventInput;
}

/** Lines that go together, no faster than asked for. With --strict nothing goes together with a bad line. */
async function* batchesOf(
  lines: AsyncIterable<Line>,
  { batch: most, rate, strict }: ReplayOptions,
): AsyncGenerator<readonly Line[]> {
  const size = rate === undefined ? most : Math.min(most, Math.max(1, Math.floor(rate / BATCHES_PER_SECOND)));
  const pace = createPace(rate);
  let batch: Line[] = [];
  const next = async (): Promise<readonly Line[]> => {
    const whole = batch;
    batch = [];
    await pace(whole.length);
    return whole;
  };
  for await (const line of lines) {
    const isAlone = strict === true && line.kind === 'bad';
    if (isAlone && batch.length > 0) yield await next();
    batch.push(line);
    if (isAlone || batch.length >= size) yield await next();
  }
  if (batch.length > 0) yield await next();
}

async function publish(client: Client, batch: readonly Line[], summary: Summary): Promise<void> {
  const events = batch.filter((line) => line.kind === 'event');
  const results = events.length === 0 ? [] : await client.publishBatch(events.map(({ event }) => event));
  const problems: LineProblem[] = batch.flatMap((line) =>
    line.kind === 'bad' ? [{ line: line.number, ...line.problem }] : [],
  );
  for (const [i, result] of results.entries()) {
    if (result.status === 'rejected') {
      const { code, detail } = result.problem;
      problems.push({ line: must(events[i]?.number, 'the line of an event'), code, detail });
    } else summary[result.status === 'accepted' ? 'accepted' : 'duplicates'] += 1;
  }
  summary.events += batch.length;
  summary.rejected += problems.length;
  summary.nextLine = must(batch.at(-1)?.number, 'the line of an event') + 1;
  const shown = problems.toSorted((a, b) => a.line - b.line).slice(0, SHOWN_PROBLEMS - summary.problems.length);
  summary.problems.push(...shown);
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch (cause) {
    throw new UsageError(`"${file}" cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function textOf({ events, accepted, duplicates, rejected, problems }: Summary): string {
  return [
    `${events} events: ${accepted} recorded, ${duplicates} recorded before, ${rejected} refused`,
    ...problems.map(({ line, code, detail }) => `  line ${line}: ${code}: ${detail}`),
    ...(rejected > problems.length ? [`  and ${rejected - problems.length} more`] : []),
  ].join('\n');
}

function parseBatch(text: string): number {
  const size = Number(text);
  if (/^\d{1,3}$/.test(text) && size >= 1 && size <= MAX_BATCH) return size;
  throw new InvalidArgumentError(`1-${MAX_BATCH}.`);
}

function parseLine(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('the number of a line, from 1.');
}

function parseSeparator(text: string): string {
  const separator = text === '\\t' ? '\t' : text;
  if (/^[^"\r\n]$/.test(separator)) return separator;
  throw new InvalidArgumentError('one character, not a quote; \\t is a tab.');
}

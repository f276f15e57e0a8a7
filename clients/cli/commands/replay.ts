/**
 * `nervous replay`: publishes the events of an NDJSON file in its order, in constant memory. With event ids in the file it
 * may be run again after an interruption: what is recorded already answers as a duplicate.
 */
import { createReadStream, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import cliProgress from 'cli-progress';
import { InvalidArgumentError, type Command } from 'commander';
import type { EventInput } from '../../../core/events/index.ts';
import type { Client } from '../../sdk/index.ts';
import { connect, connectedCommand, type ConnectOptions } from '../connect.ts';
import { EXIT } from '../exit-codes.ts';
import { show, UsageError } from '../output.ts';
import { parseObject } from '../read-json.ts';

interface ReplayOptions extends ConnectOptions {
  readonly batch: number;
}

interface Line {
  readonly number: number;
  readonly event: EventInput;
}

interface Summary {
  events: number;
  accepted: number;
  duplicates: number;
  rejected: number;
  /** the first ones, by line of the file */
  readonly problems: { readonly line: number; readonly code: string; readonly detail: string }[];
}

const MAX_BATCH = 100;
const SHOWN_PROBLEMS = 10;

export function replayCommand(): Command {
  return connectedCommand('replay <file>', 'publish the events of an NDJSON file, one per line')
    .option('--batch <n>', 'events per request', parseBatch, MAX_BATCH)
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
  const bar = new cliProgress.SingleBar(
    { format: 'replay {bar} {percentage}% | {events} events', stream: process.stderr, noTTYOutput: false },
    cliProgress.Presets.shades_classic,
  );
  const summary: Summary = { events: 0, accepted: 0, duplicates: 0, rejected: 0, problems: [] };
  if (process.stderr.isTTY && options.json !== true) bar.start(bytes, 0, { events: 0 });
  try {
    let batch: Line[] = [];
    for await (const line of readLines(stream, summary)) {
      batch.push(line);
      if (batch.length < options.batch) continue;
      await publish(client, batch, summary);
      batch = [];
      bar.update(stream.bytesRead, { events: summary.events });
    }
    if (batch.length > 0) await publish(client, batch, summary);
    bar.update(bytes, { events: summary.events });
  } finally {
    bar.stop();
  }
  return summary;
}

async function* readLines(stream: NodeJS.ReadableStream, summary: Summary): AsyncGenerator<Line> {
  let number = 0;
  for await (const text of createInterface({ input: stream, crlfDelay: Infinity })) {
    number += 1;
    if (text.trim() === '') continue;
    summary.events += 1;
    try {
      yield { number, event: parseObject(Buffer.from(text), 'not an event') as unknown as EventInput };
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      reject(summary, { line: number, code: 'NOT_I_JSON', detail: error.message });
    }
  }
}

async function publish(client: Client, batch: readonly Line[], summary: Summary): Promise<void> {
  const results = await client.publishBatch(batch.map(({ event }) => event));
  for (const [i, result] of results.entries()) {
    switch (result.status) {
      case 'accepted':
        summary.accepted += 1;
        break;
      case 'duplicate':
        summary.duplicates += 1;
        break;
      case 'rejected': {
        const { code, detail } = result.problem;
        reject(summary, { line: batch[i]?.number ?? 0, code, detail });
      }
    }
  }
}

function reject(summary: Summary, problem: Summary['problems'][number]): void {
  summary.rejected += 1;
  if (summary.problems.length < SHOWN_PROBLEMS) summary.problems.push(problem);
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

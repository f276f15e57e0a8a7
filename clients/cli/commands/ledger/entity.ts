/** `nervous entities show`: the document of an entity, and how it came to be. */
import { InvalidArgumentError, type Command } from 'commander';
import type { EntityAt, EntryView } from '../../../../core/system/index.ts';
import { parseTime } from '../../input/times.ts';
import { connect, connectedCommand, type ConnectOptions } from '../../connection/connect.ts';
import { show } from '../../output/output.ts';

interface EntityOptions extends ConnectOptions {
  readonly limit: number;
  readonly at?: string;
}

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 200;

export function showEntityCommand(): Command {
  return connectedCommand('<id>')
    .option('--limit <n>', 'how many entries to show', parseLimit, DEFAULT_LIMIT)
    .option('--at <time-or-seq>', 'the document as it was: 7d, 24h (ago), a time, or the seq of the newest entry then')
    .action(async (id: string, options: EntityOptions) => {
      const client = connect(options);
      if (options.at !== undefined) {
        showThen(options, await client.entityAt(id, placeOf(options.at)));
        return;
      }
      const entity = await client.entity(id);
      const from = Math.max(0, entity.head.seq + 1 - options.limit);
      const { entries } = await client.entries(id, { from, limit: options.limit });
      show(options, { entity, entries }, () => {
        const { head, document, version } = entity;
        return [
          `${id}: ${head.seq + 1} entries, newest at ${head.at}`,
          document === undefined ? 'no document' : `document, version ${version}: ${JSON.stringify(document, null, 2)}`,
          ...(from === 0 ? [] : [`… ${from} earlier`]),
          ...entries.map(lineOf),
        ].join('\n');
      });
    });
}

/** A number is a seq; a year alone is none, because a time has more than that. */
function placeOf(at: string): number | string {
  return /^\d+$/.test(at) ? Number(at) : parseTime(at, { option: '--at', direction: 'past' });
}

function showThen(options: EntityOptions, then: EntityAt): void {
  const { entityId, entry, document, version, documentHash, writtenBy } = then;
  show(options, then, () =>
    [
      `${entityId} at entry #${entry.seq} of ${entry.at}, ${entry.hash}`,
      document === undefined ? 'no document' : `document, version ${version}: ${JSON.stringify(document, null, 2)}`,
      `document hash ${documentHash}`,
      ...(writtenBy === undefined ? [] : [`written by entry #${writtenBy.seq} of ${writtenBy.at}, ${writtenBy.hash}`]),
      `to check it: nervous entities proof ${entityId} ${entry.seq}, and nervous verify entity ${entityId}`,
    ].join('\n'),
  );
}

function lineOf({ seq, hash, body: { at, type, actor, data } }: EntryView): string {
  const what = typeof data['topic'] === 'string' ? `${type} ${data['topic']}` : type;
  return `#${seq}  ${at}  ${what}  by ${actor.id}  ${hash.slice(0, 12)}`;
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (/^\d{1,3}$/.test(text) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new InvalidArgumentError(`1-${MAX_LIMIT}.`);
}

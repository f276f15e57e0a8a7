/** `nervous entities show`: the document of an entity, and how it came to be. */
import { InvalidArgumentError, type Command } from 'commander';
import type { EntryView } from '../../../../core/system/index.ts';
import { connect, connectedCommand, type ConnectOptions } from '../../connection/connect.ts';
import { show } from '../../output/output.ts';

interface EntityOptions extends ConnectOptions {
  readonly limit: number;
}

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 200;

export function showEntityCommand(): Command {
  return connectedCommand('<id>')
    .option('--limit <n>', 'how many entries to show', parseLimit, DEFAULT_LIMIT)
    .action(async (id: string, options: EntityOptions) => {
      const client = connect(options);
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

function lineOf({ seq, hash, body: { at, type, actor, data } }: EntryView): string {
  const what = typeof data['topic'] === 'string' ? `${type} ${data['topic']}` : type;
  return `#${seq}  ${at}  ${what}  by ${actor.id}  ${hash.slice(0, 12)}`;
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (/^\d{1,3}$/.test(text) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new InvalidArgumentError(`1-${MAX_LIMIT}.`);
}

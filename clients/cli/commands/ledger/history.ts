/** `nervous entities history`: the entries of an entity, or of the whole ledger, as lines to be looked through. */
import type { Command } from 'commander';
import type { SourceEntry } from '../../../../adapters/embedded/index.ts';
import { EXIT } from '../../output/exit-codes.ts';
import { openSource, sourceCommand, type SourceOptions } from '../../connection/ledger-source.ts';
import { note, show } from '../../output/output.ts';
import { NO_PAGER, pagedLines, type PagedOptions } from '../../output/pager.ts';
import { parseTime } from '../../input/times.ts';

interface HistoryOptions extends SourceOptions, PagedOptions {
  readonly type?: string;
  readonly by?: string;
  readonly text?: string;
  readonly from?: string;
  readonly to?: string;
}

/** What tells one entry from another of its type, where it has it. */
const TELLING = ['topic', 'eventId', 'change', 'title', 'decision', 'level', 'personId', 'reason'] as const;

export function historyCommand(): Command {
  return sourceCommand('[entity]')
    .option('--type <type>', 'only entries of this type: event, change.voted …; or a prefix: change.*')
    .option('--by <id>', 'only entries by this account, agent or module')
    .option('--text <text>', 'only entries that contain this text')
    .option('--from <time>', 'only entries recorded at this time or later: 7d, 24h (ago), 2026-12-01 or a full time')
    .option('--to <time>', 'only entries recorded before this time')
    .option(...NO_PAGER)
    .action(history);
}

async function history(entity: string | undefined, options: HistoryOptions): Promise<void> {
  const isWanted = filterOf(options);
  const source = await openSource(options);
  const lines = pagedLines(options);
  let [seen, shown] = [0, 0];
  try {
    for await (const entry of entity === undefined ? source.entries() : source.chain(entity)) {
      seen += 1;
      if (!isWanted(entry)) continue;
      shown += 1;
      if (options.json === true) show(options, entry, () => '');
      else lines.add(lineOf(entry, entity === undefined));
    }
  } finally {
    source.close();
    lines.end();
  }
  if (entity !== undefined && seen === 0) {
    note(`nervous: nothing was ever recorded for "${entity}" in ${source.name}`);
    process.exitCode = EXIT.problem;
  } else if (options.json !== true) note(`${shown} of ${seen} entries, ${source.name}`);
}

function filterOf({ type, by, text, ...period }: HistoryOptions): (entry: SourceEntry) => boolean {
  const from = period.from === undefined ? -Infinity : instant(period.from, '--from');
  const to = period.to === undefined ? Infinity : instant(period.to, '--to');
  return ({ body }) => {
    const at = Date.parse(body.at);
    const isOfType =
      type === undefined || (type.endsWith('*') ? body.type.startsWith(type.slice(0, -1)) : body.type === type);
    return (
      isOfType &&
      at >= from &&
      at < to &&
      (by === undefined || body.actor.id === by) &&
      (text === undefined || JSON.stringify(body.data).includes(text))
    );
  };
}

function instant(text: string, option: string): number {
  return Date.parse(parseTime(text, { option, direction: 'past' }));
}

function lineOf({ body, hash }: SourceEntry, isOfAll: boolean): string {
  const { seq, at, type, actor, data, entity } = body;
  const told = TELLING.flatMap((key) => (typeof data[key] === 'string' ? [data[key]] : []));
  const place = isOfAll ? `${entity}#${seq}` : `#${seq}`;
  return [place, at, type, `by ${actor.id}`, told.join(' · '), hash.slice(0, 12)]
    .filter((one) => one !== '')
    .join('  ');
}

/** `nervous notices`: what you should know of; `nervous notices read`: what you have seen. */
import type { Command } from 'commander';
import type { Notice, WithdrawnNotice } from '../../../../core/system/index.ts';
import { connect, connectedCommand, type ConnectOptions } from '../../connection/connect.ts';
import { show, UsageError } from '../../output/output.ts';
import { NO_PAGER, showList, type PagedOptions } from '../../output/pager.ts';
import { EXIT } from '../../output/exit-codes.ts';

const PAGE = 200;

interface ListOptions extends ConnectOptions, PagedOptions {
  readonly all?: boolean;
  readonly follow?: boolean;
}

export function noticesCommand(): Command {
  return connectedCommand()
    .option('--all', 'those that you have read, too')
    .option('--follow', 'go on with each as it comes, until Ctrl-C')
    .option(...NO_PAGER)
    .action(async (options: ListOptions) => (options.follow === true ? follow(options) : list(options)));
}

export function readNoticesCommand(): Command {
  return connectedCommand('[id...]').action(async (ids: string[], options: ConnectOptions) => {
    const { notices } = connect(options);
    const mark = ids.length > 0 ? { ids: ids.map(placeOf) } : { upTo: (await notices.list({ limit: PAGE })).cursor };
    const unread = await notices.markRead(mark);
    show(options, { unread }, () => `${unread} unread`);
  });
}

/** As it is shown: `1204`, or `#1204`. @throws UsageError */
function placeOf(text: string): number {
  const [, digits] = /^#?(0|[1-9][0-9]{0,14})$/.exec(text) ?? [];
  if (digits === undefined) throw new UsageError(`"${text}" is no number of a notice: see "nervous notices"`);
  return Number(digits);
}

async function list(options: ListOptions): Promise<void> {
  const { notices: all, cursor, unread } = await connect(options).notices.list({ limit: PAGE });
  const notices = all.filter(({ read }) => options.all === true || !read);
  showList(options, { notices, cursor, unread }, () =>
    notices.length === 0 ? 'nothing new' : [`${unread} unread`, ...notices.map(textOf)].join('\n\n'),
  );
}

async function follow(options: ListOptions): Promise<void> {
  process.once('SIGINT', () => process.exit(EXIT.stopped));
  const { notices } = connect(options);
  const { cursor } = await notices.list({ limit: PAGE });
  for await (const notice of notices.stream({ after: cursor })) show(options, notice, () => textOf(notice));
}

function textOf(notice: Notice | WithdrawnNotice): string {
  const head = `#${notice.position}  ${notice.at}${notice.read ? '' : '  new'}`;
  if ('withdrawn' in notice) return `${head}\n  withdrawn: you may not read any more what it is about`;
  return [`${head}  ${notice.title}`, ...notice.facts.map(({ name, value }) => `  ${name}: ${value}`)].join('\n');
}

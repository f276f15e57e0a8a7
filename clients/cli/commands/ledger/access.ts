/** `nervous access`: who read what, and who was refused what. Each page that it reads is journaled, too. */
import { Option, type Command } from 'commander';
import type { AccessView } from '../../../../core/system/index.ts';
import { defined } from '../../../../core/values/index.ts';
import { connect, connectedCommand, type ConnectOptions } from '../../connection/connect.ts';
import { parseTime } from '../../input/times.ts';
import { show } from '../../output/output.ts';

interface AccessOptions extends ConnectOptions {
  readonly person?: string;
  readonly entity?: string;
  readonly since?: string;
  readonly until?: string;
  readonly refused?: true;
  readonly after?: string;
}

export function accessCommand(): Command {
  return connectedCommand()
    .option('--person <id>', 'only by this person or account, or by agents that the person answers for')
    .option('--entity <id>', 'only of this entity')
    .addOption(
      new Option(
        '--since <time>',
        'begin at what was recorded then: 15m, 7d (ago), 2026-12-01 or a full time',
      ).conflicts('after'),
    )
    .option('--until <time>', 'end behind what was recorded before then')
    .option('--refused', 'only what was refused')
    .option('--after <cursor>', 'continue after this cursor (--json shows cursors)')
    .action(listAccesses);
}

async function listAccesses(options: AccessOptions): Promise<void> {
  const client = connect(options);
  const { person, entity, refused } = options;
  const filter = defined({ person, entity, refused, since: timeOf('since', options), until: timeOf('until', options) });
  for (let { after } = options; ;) {
    const page = await client.access({ ...filter, ...defined({ after }) });
    for (const access of page.accesses) show(options, { ...access, cursor: page.cursor }, () => lineOf(access));
    if (page.isLast) return;
    after = page.cursor;
  }
}

function timeOf(name: 'since' | 'until', { [name]: given }: AccessOptions): string | undefined {
  return given === undefined ? undefined : parseTime(given, { option: `--${name}`, direction: 'past' });
}

function lineOf({ at, actor, operation, outcome, code, ledger, ...access }: AccessView): string {
  const { entities = [], more, id, from, to, count } = access;
  const [first, ...others] = entities;
  const what = [
    ...(id === undefined ? [] : [id]),
    ...(first === undefined ? [] : [others.length === 0 ? first : `${first} and ${others.length} more`]),
    ...(more === true ? ['and others'] : []),
    ...(from === undefined ? [] : [from === to ? `#${from}` : `#${from}-${to}`]),
    ...(count === undefined || count === 1 ? [] : [`(${count})`]),
  ].join(' ');
  const end = outcome === 'refused' ? `  refused${code === undefined ? '' : `: ${code}`}` : '';
  return `${at}  ${actor.kind} ${actor.id}  ${operation}  ${what}${end}  ${ledger.entity} #${ledger.seq}`;
}

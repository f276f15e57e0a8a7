/** `nervous changes list`: change-sets that the caller may see, by state, person, entity, level and time. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import {
  CHANGE_STATES,
  RISK_LEVELS,
  type ChangeState,
  type ChangeView,
  type RiskLevel,
} from '../../../../core/changes/index.ts';
import { defined } from '../../../../core/values/index.ts';
import type { ChangeSetQuery } from '../../../sdk/index.ts';
import { connect, connectedCommand, type ConnectOptions } from '../../connection/connect.ts';
import { NO_PAGER, showList, type PagedOptions } from '../../output/pager.ts';
import { tableText } from '../../output/table.ts';
import { parseTime } from '../../input/times.ts';

interface ListOptions extends ConnectOptions, PagedOptions {
  readonly state?: ChangeState;
  readonly person?: string;
  readonly entity?: string;
  readonly level?: RiskLevel;
  readonly from?: string;
  readonly to?: string;
  readonly limit?: number;
}

const PAGE = 100;
const COLUMNS = ['id', 'proposed', 'state', 'risk', 'entity', 'by', 'title'] as const;
const MAX_LIMIT = 100_000;

export function listChangesCommand(): Command {
  return connectedCommand()
    .addOption(new Option('--state <state>', 'only those in this state').choices(CHANGE_STATES))
    .option('--person <id>', 'only those that this person, agent or module proposed, answers for or decided on')
    .option('--entity <id>', 'only those about this entity')
    .addOption(new Option('--level <level>', 'only those of this risk level').choices(RISK_LEVELS))
    .option('--from <time>', 'only those proposed at this time or later: 7d, 24h (ago), 2026-12-01 or a full time')
    .option('--to <time>', 'only those proposed before this time')
    .option('--limit <n>', 'show at most this many (default: all)', parseLimit)
    .option(...NO_PAGER)
    .action(async (options: ListOptions) => {
      const changes = await collect(options);
      showList(options, { changes }, () =>
        changes.length === 0 ? 'no change-sets' : tableText(COLUMNS, changes.map(rowOf)),
      );
    });
}

async function collect(options: ListOptions): Promise<ChangeView[]> {
  const { limit = Infinity } = options;
  const query = queryOf(options);
  const client = connect(options);
  const changes: ChangeView[] = [];
  let after: string | undefined;
  do {
    const cursor = after === undefined ? {} : { after };
    const page = await client.changeSets({ ...query, limit: Math.min(PAGE, limit - changes.length), ...cursor });
    changes.push(...page.changes);
    after = page.next;
  } while (after !== undefined && changes.length < limit);
  return changes;
}

/** @throws UsageError */
function queryOf({ state, person, entity, level, from, to }: ListOptions): ChangeSetQuery {
  return {
    ...defined({ status: state, person, entity, level }),
    ...(from === undefined ? {} : { from: parseTime(from, { option: '--from', direction: 'past' }) }),
    ...(to === undefined ? {} : { to: parseTime(to, { option: '--to', direction: 'past' }) }),
  };
}

function rowOf({ id, createdAt, state, risk, entityId, proposer, title, votes }: ChangeView): string[] {
  const decided = votes.map(({ personId, decision }) => `${personId} ${decision}`).join(', ');
  const by = decided === '' ? '' : `  (${decided})`;
  return [id, createdAt, state, risk?.level ?? '--', entityId, proposer.id, `${title}${by}`];
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (/^\d{1,6}$/.test(text) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new InvalidArgumentError(`1-${MAX_LIMIT}.`);
}

/** `nervous report approvals`: who decided what, when and with what outcome, recomputed from entries. docs/auditing.md */
import { Option, type Command } from 'commander';
import {
  reportApprovals,
  reportColumns,
  type ApprovalReport,
  type DecisionRow,
} from '../../../../core/changes/index.ts';
import { defined } from '../../../../core/values/index.ts';
import { approvalsPage } from '../../output/approvals-page.ts';
import { csvText } from '../../output/csv-output.ts';
import { EXIT } from '../../output/exit-codes.ts';
import { openSource, sourceCommand, type SourceOptions } from '../../connection/ledger-source.ts';
import { NO_PAGER, showList, type PagedOptions } from '../../output/pager.ts';
import { tableText } from '../../output/table.ts';
import { note } from '../../output/output.ts';
import { parseTime } from '../../input/times.ts';

interface ReportOptions extends SourceOptions, PagedOptions {
  readonly from?: string;
  readonly to?: string;
  readonly by?: string;
  readonly level?: string;
  readonly entity?: string;
  readonly lake?: string;
  readonly csv?: boolean;
  readonly html?: boolean;
}

/** On a terminal. */
const HEADING = ['at', 'by', 'decision', 'change-set', 'entity', 'risk', 'outcome', 'title'] as const;
/** In the order of the columns. */
const COLUMNS =
  'at decision person cast_by account change entity title proposer sponsor level revision outcome reason ticket seq log_index hash'.split(
    ' ',
  );

export function approvalsCommand(): Command {
  return sourceCommand()
    .option('--from <time>', 'only decisions made at this time or later: 30d, 24h (ago), 2026-12-01 or a full time')
    .option('--to <time>', 'only decisions made before this time')
    .option('--by <person>', 'only decisions that this person made, or cast for somebody')
    .option('--level <level>', 'only decisions on change-sets of this risk level: L2')
    .option('--entity <id>', 'only decisions on change-sets of this entity')
    .option('--lake <dir>', 'read a lake made by "nervous lake export" instead')
    .addOption(new Option('--csv', 'write a table for spreadsheets').conflicts(['html', 'json']))
    .addOption(new Option('--html', 'write a page to print').conflicts('json'))
    .option(...NO_PAGER)
    .action(approvals);
}

async function approvals(options: ReportOptions): Promise<void> {
  const { from, to, by, level, entity } = options;
  const filter = {
    ...(from === undefined ? {} : { from: parseTime(from, { option: '--from', direction: 'past' }) }),
    ...(to === undefined ? {} : { to: parseTime(to, { option: '--to', direction: 'past' }) }),
    ...defined({ by, level, entity }),
  };
  const source = await openSource(options);
  try {
    const report = await reportApprovals(source.entries(), filter);
    if (options.csv === true) process.stdout.write(csvText(COLUMNS, report.rows.map(reportColumns)));
    else if (options.html === true)
      process.stdout.write(approvalsPage(COLUMNS, { source: source.name, filter, report }));
    else showList(options, { source: source.name, ...filter, ...report }, () => textOf(report));
    if (options.json !== true)
      note(
        `made from ${report.entries} entries of ${source.name}; run "nervous verify" to check that they are what was signed`,
      );
    for (const { entity: broken, seq } of report.broken)
      note(`the chain of ${broken} breaks at entry #${seq}: nothing from there on is in a row; verify the ledger`);
    if (report.broken.length > 0) process.exitCode = EXIT.problem;
    if (report.unreadable > 0) {
      note(`${report.unreadable} steps cannot be read and are in no row: verify the ledger`);
      process.exitCode = EXIT.problem;
    }
  } finally {
    source.close();
  }
}

function textOf({ rows, changes }: ApprovalReport): string {
  if (rows.length === 0) return `no decision, ${changes} change-sets in all`;
  return tableText(HEADING, rows.map(rowOf));
}

function rowOf(row: DecisionRow): string[] {
  const { at, person, castBy, decision, change, entity, title, level = '--', outcome, reason, ticket } = row;
  const by = castBy === undefined ? person : `${person} (cast by ${castBy})`;
  const why = [ticket, reason].filter((one) => one !== undefined).join(', ');
  return [at, by, decision, change, entity, level, outcome, `${title}${why === '' ? '' : `  (${why})`}`];
}

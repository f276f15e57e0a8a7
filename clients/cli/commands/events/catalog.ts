/** `nervous catalog`: what is declared, what changed since a kept snapshot, and whether that breaks anybody. docs/events.md */
import { Command, Option } from 'commander';
import {
  catalogEntries,
  diffCatalogs,
  ledgerTopics,
  parseCatalogDocument,
  severityOf,
  type CatalogChange,
  type CatalogDocument,
} from '../../../../core/events/index.ts';
import { connect } from '../../connection/connect.ts';
import { EXIT } from '../../output/exit-codes.ts';
import { DEFAULT_CONFIG, loadConfig } from '../../connection/load-config.ts';
import { note, show, UsageError } from '../../output/output.ts';
import { NO_PAGER, showList, type PagedOptions } from '../../output/pager.ts';
import { tableText } from '../../output/table.ts';
import { readJsonFile } from '../../input/read-json.ts';

interface CatalogOptions {
  readonly config: string;
  readonly url?: string;
  readonly token?: string;
  readonly as?: string;
  readonly data?: string;
  readonly json?: boolean;
}

interface CheckOptions extends CatalogOptions {
  readonly against: string;
  readonly accept?: readonly string[];
}

const SEVERITIES = ['breaking', 'minor', 'patch'] as const;

export function listCatalogCommand(): Command {
  return subcommand()
    .option(...NO_PAGER)
    .action(async (options: CatalogOptions & PagedOptions) => {
      const { topics } = await currentCatalog(options);
      showList(options, { topics }, () =>
        tableText(
          ['topic', 'description'],
          topics.map(({ topic, version, description }) => [`${topic}@${version}`, description]),
        ),
      );
    });
}

export function snapshotCommand(): Command {
  return subcommand().action(async (options: CatalogOptions) => {
    const catalog = await currentCatalog(options);
    process.stdout.write(`${JSON.stringify(catalog, null, options.json === true ? 0 : 2)}\n`);
  });
}

export function diffCatalogCommand(): Command {
  return subcommand()
    .argument('<old>', 'file of "nervous catalog snapshot", or - for stdin')
    .argument('[new]', 'a second catalog to compare with (default: the current one)')
    .action(async (older: string, newer: string | undefined, options: CatalogOptions) => {
      const before = readCatalog(older);
      const changes = diffCatalogs(before, newer === undefined ? await currentCatalog(options) : readCatalog(newer));
      show(options, { severity: severityOf(changes) ?? 'none', changes }, () => describe(changes));
    });
}

export function checkCatalogCommand(): Command {
  return subcommand()
    .requiredOption('--against <file>', 'file of "nervous catalog snapshot"')
    .option('--accept <topic@version...>', 'accept the breaks of these versions')
    .action(async (options: CheckOptions) => {
      const accepted = new Set((options.accept ?? []).map(versionName));
      const changes = diffCatalogs(readCatalog(options.against), await currentCatalog(options)).map((change) =>
        change.severity === 'breaking' && accepted.has(nameOf(change)) ? { ...change, accepted: true } : change,
      );
      const broken = changes.filter((change) => change.severity === 'breaking' && !('accepted' in change));
      show(options, { ok: broken.length === 0, severity: severityOf(changes) ?? 'none', changes }, () =>
        describe(changes),
      );
      if (broken.length > 0) process.exitCode = EXIT.problem;
      else refuseNeedless(accepted, changes);
      if (broken.length === 0 && changes.length > 0)
        note(`keep the new state: nervous catalog snapshot > ${options.against}`);
    });
}

/** A break that was accepted once must not let the next one through. */
function refuseNeedless(accepted: ReadonlySet<string>, changes: readonly CatalogChange[]): void {
  const needed = new Set(changes.filter(({ severity }) => severity === 'breaking').map(nameOf));
  const [needless] = [...accepted].filter((name) => !needed.has(name));
  if (needless !== undefined) throw new UsageError(`--accept ${needless}: nothing breaks there, leave it out`);
}

function subcommand(): Command {
  return new Command()
    .option('--config <file>', 'configuration that holds the current catalog', DEFAULT_CONFIG)
    .option('--url <url>', 'take the current catalog from this service instead')
    .addOption(new Option('--token <token>', 'your token for the service').env('NERVOUS_TOKEN'))
    .option('--as <principal>', 'who you are: takes that token of a local engine (with --data)')
    .option('--data <dir>', 'data folder of a local engine')
    .option('--json', 'write JSON for programs');
}

/** In the order of topics and versions. */
async function currentCatalog({ config, url, ...who }: CatalogOptions): Promise<CatalogDocument> {
  const topics =
    url === undefined
      ? catalogEntries(ledgerTopics((await loadConfig(config)).topics))
      : (await connect({ ...who, url }).catalog()).topics;
  // What no JSON can hold does not survive a file either.
  const { topics: read } = parseCatalogDocument(JSON.parse(JSON.stringify({ topics })));
  const sorted = [...read].sort((a, b) => (a.topic === b.topic ? a.version - b.version : a.topic < b.topic ? -1 : 1));
  return { topics: sorted };
}

function readCatalog(path: string): CatalogDocument {
  const json = readJsonFile(path);
  try {
    return parseCatalogDocument(json);
  } catch (cause) {
    throw new UsageError(`${path}: ${(cause as Error).message}`, { cause });
  }
}

function versionName(text: string): string {
  if (/^[^@\s]+@[1-9][0-9]{0,5}$/.test(text)) return text;
  throw new UsageError(`--accept "${text}": write topic@version, such as transactions.new@1`);
}

function nameOf({ topic, version }: CatalogChange): string {
  return `${topic}@${version}`;
}

function describe(changes: readonly (CatalogChange & { readonly accepted?: boolean })[]): string {
  if (changes.length === 0) return 'nothing changed';
  const lines = changes.map((change) => {
    const { severity, pointer, detail, fix, accepted } = change;
    const place = pointer === '' ? nameOf(change) : `${nameOf(change)} ${pointer}`;
    const advice = accepted === true ? 'accepted' : fix;
    return [`${severity.padEnd(8)}  ${place}`, detail, ...(advice === undefined ? [] : [advice])].join('\n          ');
  });
  const counts = SEVERITIES.map((one) => `${changes.filter(({ severity }) => severity === one).length} ${one}`);
  return [...lines, counts.join(', ')].join('\n');
}

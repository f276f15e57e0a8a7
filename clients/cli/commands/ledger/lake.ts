/** `nervous lake`: a ledger as Parquet files in the classes of OCSF, which can be verified and asked with SQL. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { codeOf, must } from '../../../../core/errors/index.ts';
import { CLASS_NAMES, duckDbTables, QUESTIONS, type LakeReport } from '../../../../core/lake/index.ts';
import { keysOf } from '../../connection/verifier-keys.ts';
import { EXIT, VERDICT_EXIT } from '../../output/exit-codes.ts';
import { note, show, UsageError } from '../../output/output.ts';
import { whileWaiting } from '../../output/waiting.ts';

interface ExportOptions {
  readonly data?: string;
  readonly export?: string;
  readonly out: string;
  readonly region: string;
  readonly account: string;
  readonly json?: boolean;
}

interface VerifyOptions {
  readonly vkey: string;
  readonly json?: boolean;
}

interface AskOptions {
  readonly lake?: string;
  readonly run?: boolean;
  readonly json?: boolean;
}

export function exportLakeCommand(): Command {
  return new Command()
    .option('--data <dir>', 'data folder')
    .option('--export <dir>', 'read an export made by "nervous export" instead')
    .requiredOption('--out <dir>', 'folder of the lake; what is in it already is left as it is')
    .option('--region <name>', 'partition of the files, where the lake is begun', 'local')
    .option('--account <id>', 'partition of the files, where the lake is begun', 'main')
    .option('--json', 'write JSON for programs')
    .action(exportLake);
}

export function verifyLakeCommand(): Command {
  return new Command()
    .argument('<dir>')
    .requiredOption('--vkey <key-or-file>', 'the root key you trust, from a source other than the lake')
    .option('--json', 'write JSON for programs')
    .action(verify);
}

export function askLakeCommand(): Command {
  return new Command()
    .argument('[question]')
    .option('--lake <dir>', 'folder of a lake')
    .option('--run', 'ask it with the program duckdb, which has to be installed')
    .option('--json', 'write JSON for programs')
    .action(ask);
}

async function exportLake({ data, export: exported, out, region, account, json }: ExportOptions): Promise<void> {
  if ((data === undefined) === (exported === undefined))
    throw new UsageError('name what to read: --data <dir>, or --export <dir>');
  const source = data === undefined ? { exportDir: must(exported, 'the folder of the export') } : { dataDir: data };
  const { exportToLake } = await import('../../../../adapters/embedded/index.ts');
  let far = '';
  const exporting = exportToLake({
    ...{ source, out, region, accountId: account },
    onProgress: ({ entries, of }) => (far = `${entries} of ${of} entries`),
  });
  const done = await whileWaiting({ what: 'exporting into the lake', far: () => far, json }, exporting);
  const { from, to, files, bytes } = done;
  show({ json: json === true }, { out, ...done }, () =>
    from === to
      ? `${out}: nothing new was published; it has ${to} entries`
      : `${out}: log indices ${from} to ${to - 1}, ${files} files, ${bytes} bytes`,
  );
}

async function verify(folder: string, { vkey, json }: VerifyOptions): Promise<void> {
  const { verifyLakeFolder } = await import('../../../../adapters/embedded/index.ts');
  let far = '';
  const verifying = verifyLakeFolder(folder, {
    vkey: must(keysOf(vkey)[0], 'a verifier key'),
    onProgress: ({ entries }) => (far = `${entries} entries looked at`),
  });
  const report = await whileWaiting({ what: 'verifying the lake', far: () => far, json }, verifying);
  show({ json: json === true }, report, () => textOf(report));
  process.exitCode = VERDICT_EXIT[report.verdict];
}

function textOf({ verdict, firstBad, entries, signedTo, checked, notChecked }: LakeReport): string {
  const bad = firstBad === undefined ? [] : [`first bad: ${placeOf(firstBad)}: ${firstBad.detail}`];
  return [
    `${verdict}: ${entries} entries, ${signedTo} of them in the log that was signed`,
    ...bad,
    ...checked.map((what) => `  checked: ${what}`),
    ...notChecked.map((what) => `  not checked: ${what}`),
  ].join('\n');
}

function placeOf({ path, position }: NonNullable<LakeReport['firstBad']>): string {
  return [...(path === undefined ? [] : [path]), ...(position === undefined ? [] : [`log index ${position}`])].join(
    ', ',
  );
}

function ask(name: string | undefined, { lake, run, json }: AskOptions): void {
  if (name === undefined) {
    for (const question of QUESTIONS)
      show({ json: json === true }, question, () => `${question.name}  ${question.about}`);
    return;
  }
  const question = QUESTIONS.find((one) => one.name === name);
  if (question === undefined) throw new UsageError(`there is no question "${name}": "nervous lake ask" lists them`);
  const sql = `${lake === undefined ? '' : `${duckDbTables(lake, classesIn(lake))}\n`}${question.sql};`;
  if (run !== true) {
    show({ json: json === true }, { ...question, sql }, () => sql);
    return;
  }
  if (lake === undefined) throw new UsageError('--run asks a lake in a folder: name it with --lake <dir>');
  const { error, status } = spawnSync('duckdb', [...(json === true ? ['-json'] : []), '-c', sql], { stdio: 'inherit' });
  if (error !== undefined && codeOf(error) !== 'ENOENT') throw error;
  if (error !== undefined) note('nervous: the program duckdb is not installed; without --run this prints the SQL');
  process.exitCode = error === undefined && status === 0 ? EXIT.ok : EXIT.problem;
}

function classesIn(lake: string): string[] {
  const classes = CLASS_NAMES.filter((name) => existsSync(join(lake, name)));
  if (classes.length > 0) return classes;
  throw new UsageError(`"${lake}" has no tables: name the folder of a lake`);
}

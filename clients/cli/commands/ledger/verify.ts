/** `nervous verify`: a verdict on the ledger or a part of it, by a running service or from a data folder, and on proofs. */
import { readFileSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';
import type { VerifyDataDirOptions } from '../../../../adapters/embedded/index.ts';
import {
  createProgress,
  progressOf,
  type Progress,
  type SharedProgress,
} from '../../../../adapters/embedded/audit/progress.ts';
import {
  parseVerifierKey,
  verifyProof,
  type TrustedRoot,
  type VerificationReport,
} from '../../../../core/ledger/index.ts';
import { defined } from '../../../../core/values/index.ts';
import { connect, connectedCommand, type ConnectOptions } from '../../connection/connect.ts';
import { VERDICT_EXIT } from '../../output/exit-codes.ts';
import { printable, show, UsageError } from '../../output/output.ts';
import { parseMinutes } from '../../input/times.ts';
import { whileWaiting } from '../../output/waiting.ts';

interface VerifyOptions extends ConnectOptions {
  readonly hashOnly?: boolean;
  readonly anchors?: string;
  readonly vkey?: string;
  readonly requireAnchored?: boolean;
  readonly maxAge?: string;
  readonly remember?: string;
}

type Scope = NonNullable<VerifyDataDirOptions['scope']> | { readonly mode: 'since'; readonly checkpoint: Uint8Array };

const HELP = `
With --data and without --as the command reads the folder itself, so it needs no running engine and no token.
Ctrl-C ends the command with exit code 130, and the work that a service does for it. There is no verdict then.`;

export function verifyFullCommand(): Command {
  return scopeCommand().action((options: VerifyOptions) => verifyScope({ mode: 'full' }, 'full', options));
}

export function verifyEntityCommand(): Command {
  return scopeCommand('<id>').action((entity: string, options: VerifyOptions) =>
    verifyScope({ mode: 'entity', entity }, `entity ${entity}`, options),
  );
}

export function verifyRangeCommand(): Command {
  return scopeCommand('<from> <to>').action((from: string, to: string, options: VerifyOptions) =>
    verifyScope({ mode: 'range', ...indices(from, to) }, `range ${from} ${to}`, options),
  );
}

export function verifySinceCommand(): Command {
  return scopeCommand('<file>').action((file: string, options: VerifyOptions) =>
    verifyScope({ mode: 'since', checkpoint: bytesIn(file) }, `since ${file}`, options),
  );
}

export function verifyStateCommand(): Command {
  return scopeCommand().action((options: VerifyOptions) => verifyScope({ mode: 'state' }, 'state', options));
}

export function verifyRememberCommand(): Command {
  return checkedCommand('<file>').action((file: string, options: VerifyOptions) =>
    verifyScope({ mode: 'full' }, `full ${file}`, { ...options, remember: file }),
  );
}

/** Needs no service and no folder. */
export function verifyProofCommand(): Command {
  return new Command()
    .argument('<file>')
    .requiredOption('--vkey <file>', 'the public root key, root.vkey of the ledger, from a source that you trust')
    .option('--json', 'write JSON for programs')
    .action((file: string, options: VerifyOptions) => {
      answer(verifyProof(bytesIn(file), rootKey(options)), options);
    });
}

function scopeCommand(args = ''): Command {
  return checkedCommand(args).option('--remember <file>', 'keep the verified checkpoint for the next "verify since"');
}

function checkedCommand(args: string): Command {
  return connectedCommand(args)
    .option('--hash-only', 'check hashes and links, but no signatures')
    .option('--vkey <file>', 'public root key from a source that you trust, instead of root.vkey in the folder')
    .option('--anchors <dir>', 'folder of the anchors, if they are not in the data folder')
    .option('--require-anchored', 'answer NOT_YET_ANCHORED unless anchors cover what you asked about')
    .option('--max-age <span>', 'answer STALE when the log shows no sign of life for this long: 90m, 2h, 7d')
    .addHelpText('after', HELP);
}

/** @param words what is verified, as it was typed */
async function verifyScope(scope: Scope, words: string, options: VerifyOptions): Promise<void> {
  const progress = createProgress();
  const report = await whileWaiting(
    { what: printable(`verifying ${words}`), far: () => farOf(progressOf(progress)), json: options.json },
    verify(scope, options, progress),
  );
  if (options.remember !== undefined) remember(options.remember, report);
  answer(report, options);
}

function answer(report: VerificationReport, options: VerifyOptions): void {
  show(options, report, () => textOf(report));
  process.exitCode = VERDICT_EXIT[report.verdict];
}

function indices(from: string, to: string): { readonly from: number; readonly to: number } {
  const isIndex = /^(0|[1-9][0-9]{0,14})$/;
  if (isIndex.test(from) && isIndex.test(to) && Number(from) < Number(to))
    return { from: Number(from), to: Number(to) };
  throw new UsageError('range takes two log indices, the first and one past the last');
}

function verify(scope: Scope, options: VerifyOptions, progress: SharedProgress): Promise<VerificationReport> {
  const { data, as } = options;
  if (data === undefined || as !== undefined) return askService(scope, options);
  if (options.url !== undefined)
    throw new UsageError('--data reads a folder, --url asks a service: choose one, or add --as');
  return readFolder(scope, options, { data, progress });
}

async function readFolder(
  scope: Scope,
  options: VerifyOptions,
  { data, progress }: { readonly data: string; readonly progress: SharedProgress },
): Promise<VerificationReport> {
  const { verifyDataDir } = await import('../../../../adapters/embedded/index.ts');
  const { anchors, vkey, requireAnchored, hashOnly } = options;
  return verifyDataDir(data, {
    ...{ scope, progress, signatures: hashOnly !== true },
    ...('checkpoint' in scope ? { remembered: scope.checkpoint } : {}),
    ...defined({ anchorsDir: anchors }),
    ...(vkey === undefined ? {} : { root: rootKey(options) }),
    ...defined({ requireAnchored }),
    ...maxAgeOf(options),
  });
}

function askService(scope: Scope, options: VerifyOptions): Promise<VerificationReport> {
  const { requireAnchored, hashOnly, anchors, vkey } = options;
  if (anchors !== undefined || vkey !== undefined)
    throw new UsageError('--anchors and --vkey are for verifying yourself: with --data, or "verify proof"');
  if (scope.mode === 'entity') {
    if (hashOnly === true || requireAnchored === true || options.maxAge !== undefined)
      throw new UsageError('entity takes no such option here: a service checks one chain in full; or use --data');
    return connect(options).verifyEntity(scope.entity);
  }
  const { mode } = scope;
  return connect(options).verifyAll({
    ...{ mode, signatures: hashOnly !== true },
    ...('from' in scope ? { from: scope.from, to: scope.to } : {}),
    ...('checkpoint' in scope ? { checkpoint: Buffer.from(scope.checkpoint).toString('utf8') } : {}),
    ...defined({ requireAnchored }),
    ...maxAgeOf(options),
  });
}

/** Blank where the folder is not read here, or nothing of it yet. */
export function farOf({ entries, of }: Progress): string {
  return of === 0 ? '' : `${entries} of ${of} entries looked at`;
}

/** @throws UsageError */
function rootKey({ vkey }: VerifyOptions): TrustedRoot {
  if (vkey === undefined)
    throw new UsageError('a proof needs --vkey <file>: the public root key, root.vkey of the ledger');
  const key = parseVerifierKey(Buffer.from(bytesIn(vkey)).toString('utf8'));
  if (key === undefined)
    throw new UsageError(`"${vkey}" holds no Ed25519 verifier key, <name>+<8 hex digits>+<base64>`);
  return key;
}

function maxAgeOf({ maxAge }: VerifyOptions): { readonly maxAgeMinutes?: number } {
  if (maxAge === undefined) return {};
  return { maxAgeMinutes: parseMinutes(maxAge, '--max-age') };
}

/** Only what was found right is worth remembering. */
function remember(path: string, { verdict, checkpoint }: VerificationReport): void {
  if (verdict !== 'OK') return;
  if (checkpoint === undefined)
    throw new UsageError('there is no checkpoint to remember: none was published yet, or this scope verifies none');
  writeFileSync(path, checkpoint);
}

function bytesIn(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new UsageError(`"${path}" cannot be read: ${(cause as Error).message}`, { cause });
  }
}

export function textOf(report: VerificationReport): string {
  const { verdict, firstBad, entries, chains, against = [], checked, notChecked } = report;
  return [
    `${verdict}: ${entries} entries in ${chains} ${chains === 1 ? 'chain' : 'chains'}`,
    ...(firstBad === undefined ? [] : [badLine(firstBad)]),
    ...against.map(pointLine),
    ...checked.map((what) => `  checked: ${what}`),
    ...notChecked.map((what) => `  not checked: ${what}`),
  ].join('\n');
}

function badLine({ entity, seq, position, path, detail }: NonNullable<VerificationReport['firstBad']>): string {
  const place = position === undefined ? '' : `, log index ${position}`;
  return `first bad: ${entity} seq ${seq}${place}${path === undefined ? '' : `, file ${path}`}: ${detail}`;
}

function pointLine({ kind, size, root, by, at, count }: NonNullable<VerificationReport['against']>[number]): string {
  const more = [...(at === undefined ? [] : [`at ${at}`]), ...(count === undefined ? [] : [`the newest of ${count}`])];
  return `  against: ${kind} of size ${size}, root ${root}, by ${by}${more.map((one) => `, ${one}`).join('')}`;
}

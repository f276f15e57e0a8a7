/** `nervous verify`: a verdict on the ledger or a part of it, by a running service or from a data folder, and on proofs. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { VerifyDataDirOptions } from '../../../../adapters/embedded/index.ts';
import {
  createProgress,
  progressOf,
  type Progress,
  type SharedProgress,
} from '../../../../adapters/embedded/audit/progress.ts';
import {
  MODES,
  parseVerifierKey,
  verifyProof,
  type TrustedRoot,
  type VerificationReport,
} from '../../../../core/ledger/index.ts';
import { defined } from '../../../../core/values/index.ts';
import { connect, connectedCommand, type ConnectOptions } from '../../connection/connect.ts';
import { VERDICT_EXIT } from '../../output/exit-codes.ts';
import { printable, show, UsageError } from '../../output/output.ts';
import { whileWaiting } from '../../output/waiting.ts';

interface VerifyOptions extends ConnectOptions {
  readonly hashOnly?: boolean;
  readonly anchors?: string;
  readonly vkey?: string;
  readonly requireAnchored?: boolean;
  readonly maxAge?: string;
  readonly remember?: string;
}

type Scope =
  | NonNullable<VerifyDataDirOptions['scope']>
  | { readonly mode: 'since'; readonly checkpoint: Uint8Array }
  | { readonly mode: 'proof'; readonly proof: Uint8Array };

const SCOPES = [
  ['full', `${MODES.full} (default)`],
  ['entity <id>', MODES.entity],
  ['range <from> <to>', `${MODES.range}; the last one is exclusive`],
  ['since <file>', MODES.since],
  ['proof <file>', `${MODES.proof}; this needs --vkey and nothing else`],
  ['state', MODES.state],
  ['remember <file>', 'verify in full, and keep the checkpoint for the next "since"'],
] as const;

const HELP = `
Scopes:
${SCOPES.map(([usage, does]) => `  ${usage.padEnd(20)}  ${does}`).join('\n')}

With --data and without --as the command reads the folder itself, so it needs no running engine and no token.
Ctrl-C ends the command with exit code 130, and the work that a service does for it. There is no verdict then.`;

export function verifyCommand(): Command {
  return connectedCommand('verify [scope] [args...]', 'verify the ledger, a part of it, or a proof')
    .option('--hash-only', 'check hashes and links, but no signatures')
    .option('--vkey <file>', 'public root key from a source that you trust, instead of root.vkey in the folder')
    .option('--anchors <dir>', 'folder of the anchors, if they are not in the data folder')
    .option('--require-anchored', 'answer NOT_YET_ANCHORED unless anchors cover what you asked about')
    .option('--max-age <minutes>', 'answer STALE when the log shows no sign of life for this long')
    .option('--remember <file>', 'keep the verified checkpoint for the next "verify since"')
    .addHelpText('after', HELP)
    .action(async (name: string | undefined, args: string[], given: VerifyOptions) => {
      const [scope, options] = scopeOf(name, args, given);
      const progress = createProgress();
      const what = printable(`verifying ${[scope.mode, ...args].join(' ')}`);
      const report = await whileWaiting(
        { what, far: () => farOf(progressOf(progress)), json: options.json },
        verify(scope, options, progress),
      );
      if (options.remember !== undefined) remember(options.remember, report);
      show(options, report, () => textOf(report));
      process.exitCode = VERDICT_EXIT[report.verdict];
    });
}

/** @throws UsageError */
function scopeOf(name = 'full', args: readonly string[], options: VerifyOptions): [Scope, VerifyOptions] {
  const [first = '', second = ''] = args;
  const shape = `${name}/${args.length}`;
  switch (shape) {
    case 'full/0':
      return [{ mode: 'full' }, options];
    case 'remember/1':
      return [{ mode: 'full' }, { ...options, remember: first }];
    case 'entity/1':
      return [{ mode: 'entity', entity: first }, options];
    case 'range/2':
      return [{ mode: 'range', ...indices(first, second) }, options];
    case 'since/1':
      return [{ mode: 'since', checkpoint: bytesIn(first) }, options];
    case 'proof/1':
      return [{ mode: 'proof', proof: bytesIn(first) }, options];
    case 'state/0':
      return [{ mode: 'state' }, options];
  }
  throw new UsageError(
    'say "verify full", "entity <id>", "range <from> <to>", "since <file>", "proof <file>", "state" or "remember <file>"',
  );
}

function indices(from: string, to: string): { readonly from: number; readonly to: number } {
  const isIndex = /^(0|[1-9][0-9]{0,14})$/;
  if (isIndex.test(from) && isIndex.test(to) && Number(from) < Number(to))
    return { from: Number(from), to: Number(to) };
  throw new UsageError('range takes two log indices, the first and one past the last');
}

function verify(scope: Scope, options: VerifyOptions, progress: SharedProgress): Promise<VerificationReport> {
  const { data, as } = options;
  if (scope.mode === 'proof') return Promise.resolve(verifyProof(scope.proof, rootKey(options)));
  if (data === undefined || as !== undefined) return askService(scope, options);
  if (options.url !== undefined)
    throw new UsageError('--data reads a folder, --url asks a service: choose one, or add --as');
  return readFolder(scope, options, { data, progress });
}

async function readFolder(
  scope: Exclude<Scope, { mode: 'proof' }>,
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

function askService(scope: Exclude<Scope, { mode: 'proof' }>, options: VerifyOptions): Promise<VerificationReport> {
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
  if (!/^[1-9][0-9]{0,6}$/.test(maxAge)) throw new UsageError('--max-age takes minutes, 1 or more');
  return { maxAgeMinutes: Number(maxAge) };
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

/** `nervous verify`: a verdict on one chain or on all, from a running service or from the data folder of a stopped engine. */
import type { Command } from 'commander';
import type { VerificationReport } from '../../../core/ledger/index.ts';
import { connect, connectedCommand, type ConnectOptions } from '../connect.ts';
import { VERDICT_EXIT } from '../exit-codes.ts';
import { show, UsageError } from '../output.ts';

interface VerifyOptions extends ConnectOptions {
  readonly hashOnly?: boolean;
}

export function verifyCommand(): Command {
  return connectedCommand('verify [scope] [id]', 'verify the whole ledger (full), or one chain (entity <id>)')
    .option('--hash-only', 'hashes and links, not signatures')
    .addHelpText(
      'after',
      '\nWith --data and without --as it reads the folder itself: nothing has to run, and no token is needed.',
    )
    .action(async (scope: string | undefined, id: string | undefined, options: VerifyOptions, command: Command) => {
      const report = await verify(entityOf(scope, id), options, command.getOptionValueSource('url') === 'cli');
      show(options, report, () => textOf(report));
      process.exitCode = VERDICT_EXIT[report.verdict];
    });
}

/** undefined: everything */
function entityOf(scope = 'full', id: string | undefined): string | undefined {
  if (scope === 'full' && id === undefined) return undefined;
  if (scope === 'entity' && id !== undefined) return id;
  throw new UsageError('say "verify full" or "verify entity <id>"');
}

async function verify(
  entity: string | undefined,
  options: VerifyOptions,
  isUrlGiven: boolean,
): Promise<VerificationReport> {
  const { data, as } = options;
  const signatures = options.hashOnly !== true;
  if (data !== undefined && as === undefined) {
    if (isUrlGiven) throw new UsageError('--data reads a folder, --url asks a service: choose one, or add --as');
    const { verifyDataDir } = await import('../../../adapters/embedded/index.ts');
    return verifyDataDir(data, { signatures, ...(entity === undefined ? {} : { entity }) });
  }
  if (entity === undefined) return connect(options).verifyAll({ signatures });
  if (!signatures) throw new UsageError('--hash-only with entity needs --data: a service checks one chain in full');
  return connect(options).verifyEntity(entity);
}

function textOf({ verdict, firstBad, entries, chains, checked, notChecked }: VerificationReport): string {
  return [
    `${verdict}: ${entries} entries in ${chains} ${chains === 1 ? 'chain' : 'chains'}`,
    ...(firstBad === undefined ? [] : [`first bad: ${firstBad.entity} seq ${firstBad.seq}: ${firstBad.detail}`]),
    ...checked.map((what) => `  checked: ${what}`),
    ...notChecked.map((what) => `  not checked: ${what}`),
  ].join('\n');
}

/** `nervous restore`: a data folder out of an export, proven against what was signed before it gets its name. */
import { Command } from 'commander';
import { defined } from '../../../../core/values/index.ts';
import { show, UsageError } from '../../output/output.ts';
import { whileWaiting } from '../../output/waiting.ts';
import { addKey, keysOf } from '../../connection/verifier-keys.ts';

interface RestoreOptions {
  readonly from: string;
  readonly data: string;
  readonly rootKey?: string;
  readonly fieldKey?: string;
  readonly vkey?: readonly string[];
  readonly anchors?: string;
  readonly acceptLoss?: boolean;
  readonly json?: boolean;
}

export function restoreCommand(): Command {
  return new Command()
    .requiredOption('--from <export>', 'folder made by "nervous export"')
    .requiredOption('--data <dir>', 'folder to make')
    .option('--root-key <file>', 'root.key of the ledger; without it you can read the folder, but record nothing')
    .option('--field-key <file>', 'field.key of the ledger, if the export has confidential fields')
    .option('--vkey <key-or-file>', 'the public root key that you trust, if you give no --root-key', addKey)
    .option('--anchors <dir>', 'anchors kept outside the export: they show whether entries are lost')
    .option('--accept-loss', 'continue although entries are lost, as a new incarnation of the log')
    .option('--json', 'write JSON for programs')
    .action(restore);
}

async function restore(options: RestoreOptions): Promise<void> {
  const { from, data, rootKey, fieldKey, vkey, anchors, acceptLoss } = options;
  if (rootKey === undefined && vkey === undefined)
    throw new UsageError('restore needs --root-key or --vkey: the export cannot vouch for itself');
  const { restoreExport } = await import('../../../../adapters/embedded/index.ts');
  let far = '';
  const restoring = restoreExport({
    ...{ from, dataDir: data, acceptLoss: acceptLoss === true },
    ...defined({ rootKeyFile: rootKey, fieldKeyFile: fieldKey }),
    ...(vkey === undefined ? {} : { verifierKeys: vkey.flatMap(keysOf) }),
    ...defined({ anchorsDir: anchors }),
    onProgress: (now) => (far = now.stage === 'restoring' ? `${now.entries} of ${now.of} entries` : now.stage),
  });
  const restored = await whileWaiting({ what: 'restoring', far: () => far, json: options.json }, restoring);
  const { report, entries, canRecord, incarnation, loss } = restored;
  const known = loss === undefined ? {} : { lost: loss.lost, kept: loss.kept };
  show(options, { data, verdict: report.verdict, entries, canRecord, incarnation, ...known }, () =>
    [
      `${data}: ${entries} entries, ${report.verdict} against ${(report.against ?? []).map(({ kind }) => kind).join(', ')}`,
      ...(loss === undefined ? [] : [lossLine(loss.lost, incarnation)]),
      '  subscriptions, dead letters, quarantine and tokens are not in a ledger: make them again',
      canRecord
        ? `  start it: nervous dev --data ${data}`
        : `  without its root key it can be verified and exported, not started: bring root.key to go on`,
    ].join('\n'),
  );
}

function lossLine(lost: number, incarnation: number): string {
  const what = lost === 0 ? 'nothing known is lost' : `${lost} entries are lost`;
  return `  ${what}; the log goes on as incarnation ${incarnation}, with a name of its own: nervous keys list shows its key`;
}

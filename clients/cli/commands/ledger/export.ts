/** `nervous export`: a ledger as a folder that can be verified offline and restored; `export verify` gives the verdict on one. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { defined } from '../../../../core/values/index.ts';
import { VERDICT_EXIT } from '../../output/exit-codes.ts';
import { show, UsageError } from '../../output/output.ts';
import { addKey, keysOf } from '../../connection/verifier-keys.ts';
import { textOf } from './verify.ts';

interface ExportOptions {
  readonly data?: string;
  readonly out?: string;
  readonly anchors?: string;
  readonly withSensitive?: boolean;
  readonly json?: boolean;
}

interface VerifyOptions {
  readonly vkey: readonly string[];
  readonly anchors?: string;
  readonly since?: string;
  readonly hashOnly?: boolean;
  readonly json?: boolean;
}

export function exportCommand(): Command {
  const command = new Command('export')
    .description('write the ledger of a data folder, whether its engine runs or not, into a folder of its own')
    .option('--data <dir>', 'data folder')
    .option('--out <dir>', 'folder to make')
    .option('--anchors <dir>', 'folder of the anchors, if they are not in the data folder')
    .option('--with-sensitive', 'include confidential fields, encrypted as they are stored')
    .option('--json', 'write JSON for programs')
    .action(exportLedger);
  command
    .command('verify <dir>')
    .description('verify an export offline: every entry, the log, the anchors')
    .requiredOption('--vkey <key-or-file>', 'the root key you trust (and witnesses), not the one in the export', addKey)
    .option('--anchors <dir>', 'anchors kept outside the export, instead of those in it')
    .option('--since <file>', 'a checkpoint that you kept: the export must begin with it')
    .option('--hash-only', 'check hashes and links, but no signatures')
    .option('--json', 'write JSON for programs')
    .action(verify);
  return command;
}

async function exportLedger(options: ExportOptions): Promise<void> {
  const { data, out, anchors, withSensitive } = options;
  if (data === undefined || out === undefined) throw new UsageError('export takes --data <dir> and --out <dir>');
  const { exportDataDir } = await import('../../../../adapters/embedded/index.ts');
  const manifest = await exportDataDir({
    ...{ dataDir: data, out, withSensitive: withSensitive === true },
    ...defined({ anchorsDir: anchors }),
  });
  show(options, { out, ...manifest }, () => {
    const { origin, size, root, files, bytes } = manifest;
    const beside = withSensitive === true ? 'with confidential fields, encrypted' : 'without confidential fields';
    return [
      `${out}: ${origin}, ${size} entries, root ${root}`,
      `  ${files} files, ${bytes} bytes, ${beside}`,
      '  no private key is in it: keep root.key (and field.key) elsewhere',
      `  verify it: nervous export verify ${out} --vkey <the root key you trust>`,
    ].join('\n');
  });
}

async function verify(folder: string, options: VerifyOptions): Promise<void> {
  const { vkey, since, hashOnly, anchors } = options;
  const { verifyExport } = await import('../../../../adapters/embedded/index.ts');
  const report = await verifyExport(folder, {
    verifierKeys: vkey.flatMap(keysOf),
    signatures: hashOnly !== true,
    ...defined({ anchorsDir: anchors }),
    ...(since === undefined ? {} : { remembered: bytesIn(since) }),
  });
  show(options, report, () => textOf(report));
  process.exitCode = VERDICT_EXIT[report.verdict];
}

function bytesIn(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new UsageError(`"${path}" cannot be read: ${(cause as Error).message}`, { cause });
  }
}
